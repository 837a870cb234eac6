import type { Addmode, QueueDefinition } from '../definition.ts'
import type { AddResult, DroppedItem, DropReason, FetchedItem, Item } from '../engine.ts'
import { now } from './clock.ts'
import type { Items, QueuedItem } from './items.ts'
import { KeyedList } from './keyed-list.ts'
import { Segments } from './segments.ts'

/** Is called with every item that comes into a queue and every one that goes, whatever the reason. */
export interface Observer<V = unknown> {
  came(id: number, key: string, value: V): void
  went(id: number, key: string, value: V): void
}

const NOBODY: Observer = { came() {}, went() {} }

function itemsFor<V>(addmode: Addmode): Items<V> {
  if (addmode === 0) return new Segments()
  return new KeyedList(addmode === 1 ? 'oldest' : 'newest')
}

/**
 * A first-in-first-out queue of (key, value) items in memory, with the semantics of Kamailio's
 * mqueue: an addmode that says what becomes of equal keys, and a bound beyond which the oldest
 * item goes. Adding, fetching and the size are O(1) at any depth.
 *
 * Values are kept as they are given. Whoever goes on to change one that was added must add a copy.
 *
 * @example
 * const queue = new Queue<number>(parseDefinition({ name: 'calls', size: 100 }))
 * queue.add('alice', 1) // { size: 1, dropped: undefined }
 * queue.fetch() // { key: 'alice', value: 1, size: 0 }
 */
export class Queue<V = unknown> {
  #definition: QueueDefinition
  #items: Items<V>
  #nextId = 1
  // Two numbers, since an object for every item that is fetched would cost more than fetching it.
  #takenId = 0
  #takenAdded = 0
  /** How many are reading the items over several turns: what they read must not change under them. */
  #readers = 0
  /** Who is called with what comes and goes. */
  observer: Observer<V> = NOBODY as Observer<V>

  /** @param definition a good definition, such as `parseDefinition` returns */
  constructor(definition: QueueDefinition) {
    this.#definition = definition
    this.#items = itemsFor(definition.addmode)
  }

  /** The definition in force. */
  get definition(): QueueDefinition {
    return this.#definition
  }

  /** The number of items waiting. */
  get size(): number {
    return this.#items.size
  }

  /**
   * Adds an item at the end (Kamailio's `mq_add`).
   *
   * @param key the item's key; two keys are the same when every character is
   * @param value the item's value
   * @returns the size after the add, and the item that did not stay because of it: the new one
   *   (`duplicate`), an older one with its key (`replaced`) or the oldest one (`overflow`)
   */
  add(key: string, value: V): AddResult<V> {
    const id = this.#nextId
    const other = this.#items.add(id, key, value, now())
    if (other !== undefined) return this.#addInstead(id, key, value, other)
    this.#nextId = id + 1
    this.observer.came(id, key, value)
    return this.#withinBound()
  }

  /**
   * Takes the oldest item (Kamailio's `mq_fetch`).
   *
   * @returns the item and the size that is left; undefined when the queue is empty
   */
  fetch(): FetchedItem<V> | undefined {
    const item = this.#items.take()
    if (item === undefined) return undefined
    this.#takenId = item.id
    this.#takenAdded = item.added
    this.observer.went(item.id, item.key, item.value)
    return { key: item.key, value: item.value, size: this.#items.size }
  }

  /** The item that was fetched just now, with what is needed to put it back. */
  taken({ key, value }: Item<V>): QueuedItem<V> {
    return { id: this.#takenId, key, value, added: this.#takenAdded }
  }

  /** The oldest item, left where it is; undefined when the queue is empty. */
  peek(): QueuedItem<V> | undefined {
    return this.#items.peek()
  }

  /**
   * Puts an item that was taken back to its place. Where its key was queued again meanwhile, addmode 1 keeps the one
   * that comes back, and addmode 2 the one that was queued; where the queue is full, the oldest goes.
   *
   * @returns the item that did not stay because of it
   */
  putBack(item: QueuedItem<V>): DroppedItem<V> | undefined {
    const other = this.#items.putBack(item)
    if (other?.id === item.id) return dropped(other, 'replaced')
    this.observer.came(item.id, item.key, item.value)
    if (other !== undefined) return this.#drop(other, 'duplicate')
    return this.#withinBound().dropped
  }

  /**
   * Adds an item that was stored, under the id that it has there: larger than that of any item before it. The
   * observer is called only with what does not stay.
   *
   * @returns the item that did not stay because of it
   */
  load(id: number, key: string, value: V, added = now()): DroppedItem<V> | undefined {
    if (id >= this.#nextId) this.#nextId = id + 1
    const other = this.#items.add(id, key, value, added)
    if (other === undefined) return this.#withinBound().dropped
    return this.#drop(other, other.id === id ? 'duplicate' : 'replaced')
  }

  /** Has the items that are added from now on get the ids behind this one, which none that is waiting exceeds. */
  restartIds(after: number): void {
    this.#nextId = after + 1
  }

  /**
   * Changes the definition of the living queue. A smaller size drops the oldest items; a new addmode
   * adds again in order what is there. The name does not matter here.
   *
   * @param definition the definition from now on
   * @returns the items that did not stay, in the order in which they went
   */
  redefine(definition: QueueDefinition): DroppedItem<V>[] {
    const { size, addmode } = this.#definition
    this.#definition = definition
    const all: DroppedItem<V>[] = []
    const isRead = this.#readers > 0 && definition.size !== size
    if (definition.addmode !== addmode || isRead) {
      const before = this.#items
      this.#items = itemsFor(definition.addmode)
      for (const { id, key, value, added } of before) {
        const item = this.load(id, key, value, added)
        if (item !== undefined) all.push(item)
      }
    } else if (definition.size !== size) {
      for (;;) {
        const item = this.#withinBound().dropped
        if (item === undefined) break
        all.push(item)
      }
    }
    return all
  }

  /** Releases all items. */
  clear(): void {
    this.#items = itemsFor(this.#definition.addmode)
  }

  /**
   * The items waiting, oldest first, without taking them. No item may be added or taken meanwhile; the definition may
   * change.
   */
  *[Symbol.iterator](): Generator<QueuedItem<V>> {
    this.#readers++
    try {
      yield* this.#items
    } finally {
      this.#readers--
    }
  }

  /** The outcome of an add that met another item with its key: one of the two does not stay. */
  #addInstead(id: number, key: string, value: V, other: QueuedItem<V>): AddResult<V> {
    if (other.id === id) return { size: this.size, dropped: dropped(other, 'duplicate') }
    this.#nextId = id + 1
    this.observer.came(id, key, value)
    return { size: this.size, dropped: this.#drop(other, 'replaced') }
  }

  /** Drops the oldest item where there is one too many. */
  #withinBound(): AddResult<V> {
    const size = this.#items.size
    const bound = this.#definition.size
    if (bound === 0 || size <= bound) return { size, dropped: undefined }
    return this.#overflow()
  }

  #overflow(): AddResult<V> {
    const oldest = this.#items.take() as QueuedItem<V>
    return { size: this.#items.size, dropped: this.#drop(oldest, 'overflow') }
  }

  #drop(item: QueuedItem<V>, reason: DropReason): DroppedItem<V> {
    this.observer.went(item.id, item.key, item.value)
    return dropped(item, reason)
  }
}

function dropped<V>({ key, value }: Item<V>, reason: DropReason): DroppedItem<V> {
  return { key, value, reason }
}
