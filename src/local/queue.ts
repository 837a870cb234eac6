import type { Addmode, QueueDefinition } from '../definition.ts'
import type { AddResult, DroppedItem, DropReason, FetchedItem, Item } from '../engine.ts'
import { now } from './clock.ts'
import { type Items, idIn, nameOf, type QueuedItem } from './items.ts'
import { KeyedList } from './keyed-list.ts'
import type { Past } from './leases.ts'
import { Segments } from './segments.ts'

/** What is handed out while a queue is loaded again. */
interface Out {
  /** Whether an item that is loaded is out, so that it stays out. */
  isOut(id: number, key: string): boolean
  /** The items have other ids now, so that nobody knows what is out. */
  renumbered(): void
}

/** An item that was taken, with all that is needed to put it back. */
export interface TakenItem<V = unknown> extends QueuedItem<V> {
  readonly past?: Past | undefined
}

/** Is called with every item that comes into a queue and every one that goes, whatever the reason. */
export interface Observer<V = unknown> {
  /** @param past what it has been through, where it has been handed out before */
  came(id: number, key: string, value: V, past?: Past): void
  went(id: number, key: string, value: V): void
  /** An item that stays has been handed out so many times. */
  attempted(id: number, attempts: number): void
}

const NOBODY: Observer = { came() {}, went() {}, attempted() {} }

/** The past of an item that was never handed out. */
export const NO_PAST: Past = { attempts: 0, origin: undefined }

function itemsFor<V>(addmode: Addmode): Items<V> {
  if (addmode === 0) return new Segments()
  return new KeyedList(addmode === 1 ? 'oldest' : 'newest')
}

/**
 * A first-in-first-out queue of (key, value) items in memory, with the semantics of
 * Kamailio's mqueue. Its addmode says what becomes of equal keys, and beyond its bound the oldest item goes. Adding,
 * fetching and the size are O(1) at any depth.
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
  /** What some items have been through, by their ids; most have been through nothing. */
  readonly #pasts = new Map<number, Past>()
  #takenPast: Past | undefined
  /** How many are reading the items over several turns: what they read must not change under them. */
  #readers = 0
  /** Whether a full queue refuses what would make it longer. */
  #refuses: boolean
  /** Who is called with what comes and goes. @internal */
  observer: Observer<V> = NOBODY as Observer<V>
  /** What is handed out while the queue is loaded again. @internal */
  handout: Out | undefined
  /** The items that are lent. @internal */
  lent: () => Iterable<QueuedItem<V> & Past> = () => []

  /** @param definition a good definition, such as `parseDefinition` returns */
  constructor(definition: QueueDefinition) {
    this.#definition = definition
    this.#refuses = definition.whenFull === 'refuse'
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
   * @returns the size after the add, and the item that did not stay because of it. That is the new one
   *   (`duplicate`, `full`), an older one with its key (`replaced`) or the oldest one (`overflow`)
   */
  add(key: string, value: V): AddResult<V> {
    if (this.#refuses && this.#isFull(key)) {
      return { size: this.size, dropped: { key, value, reason: 'full' } }
    }
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
    this.#takenPast = this.#pasts.size === 0 ? undefined : this.pastOf(item.id)
    this.#went(item)
    const { key, value } = item
    const { size } = this.#items
    const origin = this.#takenPast?.origin
    if (origin !== undefined) return { key, value, size, reason: origin.reason, from: origin.queue }
    return { key, value, size }
  }

  /** The item that was fetched just now, with what is needed to put it back. @internal */
  taken({ key, value }: Item<V>): TakenItem<V> {
    return { id: this.#takenId, key, value, added: this.#takenAdded, past: this.#takenPast }
  }

  /** What an item has been through. @internal */
  pastOf(id: number): Past {
    return this.#pasts.get(id) ?? NO_PAST
  }

  /**
   * Hands the oldest item out, or the one of a name: it leaves the queue, and may come back.
   *
   * @internal
   */
  lend(name?: string): QueuedItem<V> | undefined {
    if (name === undefined) return this.#items.take()
    const item = this.find(name)
    if (item !== undefined) this.#items.takeOut(item)
    return item
  }

  /**
   * Takes back an item that was lent: at the head under addmode 0, at its old place under 1 and 2. Where its key
   * was queued again meanwhile, addmode 1 keeps the one that comes back, and addmode 2 the one that was queued. Where
   * the queue is at its bound, the one that comes back goes, unless the queue refuses what is new.
   *
   * @returns the item that did not stay because of it
   * @internal
   */
  takeBack(item: QueuedItem<V>, past: Past): DroppedItem<V> | undefined {
    if (!this.#refuses && this.#isFull(item.key)) return this.#drop(item, 'overflow')
    const other = this.#items.takeBack(item)
    if (other?.id === item.id) return this.#drop(other, 'replaced')
    if (past !== NO_PAST) this.#pasts.set(item.id, past)
    return other === undefined ? undefined : this.#drop(other, 'duplicate')
  }

  /** An item that was lent is gone for good. @internal */
  ended({ id, key, value }: QueuedItem<V>): void {
    this.#pasts.delete(id)
    this.observer.went(id, key, value)
  }

  /**
   * Adds an item that another queue has given up, even where this one is full and refuses what is new.
   *
   * @internal
   */
  bury(key: string, value: V, past: Past): AddResult<V> {
    const id = this.#nextId
    const other = this.#items.add(id, key, value, now())
    if (other?.id === id) return { size: this.size, dropped: dropped(other, 'duplicate') }
    this.#nextId = id + 1
    this.#pasts.set(id, past)
    this.observer.came(id, key, value, past)
    if (other !== undefined) return { size: this.size, dropped: this.#drop(other, 'replaced') }
    return this.#withinBound()
  }

  /** The items that are loaded next have other ids than before. @internal */
  renumbered(): void {
    this.handout?.renumbered()
  }

  /** Says what the item that was added last has been through. @internal */
  noteNewest(past: Past): void {
    this.#pasts.set(this.#nextId - 1, past)
  }

  /** Removes all items with a key; returns how many that were. */
  remove(key: string): number {
    return this.#keepOnly((item) => item.key !== key)
  }

  /** Removes the item of a name; returns how many that were. */
  removeItem(name: string): number {
    const item = this.lend(name)
    if (item === undefined) return 0
    this.#went(item)
    return 1
  }

  /** Removes all items; returns how many that were. */
  removeAll(): number {
    return this.#keepOnly(() => false)
  }

  /** The item of a name, left where it is; undefined when it does not wait here. It is looked for from the oldest on. */
  find(name: string): QueuedItem<V> | undefined {
    const wanted = idIn(name)
    for (const item of this) if (item.id === wanted && nameOf(item) === name) return item
    return undefined
  }

  /** The oldest item, left where it is; undefined when the queue is empty. */
  peek(): QueuedItem<V> | undefined {
    return this.#items.peek()
  }

  /**
   * Puts an item that was taken back to its place. Where its key was queued again meanwhile, addmode 1 keeps the
   * one that comes back, and addmode 2 the one that was queued. Where the queue is full, the oldest goes.
   *
   * @returns the item that did not stay because of it
   * @internal
   */
  putBack(item: TakenItem<V>): DroppedItem<V> | undefined {
    const other = this.#items.putBack(item)
    if (other?.id === item.id) return dropped(other, 'replaced')
    if (item.past !== undefined) this.#pasts.set(item.id, item.past)
    this.observer.came(item.id, item.key, item.value, item.past)
    if (other !== undefined) return this.#drop(other, 'duplicate')
    return this.#withinBound().dropped
  }

  /**
   * Adds an item that was stored, under the id that it has there: larger than that of any item before it. The
   * observer is called only with what does not stay. A queue that refuses what is new keeps its oldest; what is left
   * out stays where it is stored.
   *
   * @param isKnown whether the queue held it before, so that it may hold more than its bound
   * @returns the item that did not stay because of it
   * @internal
   */
  load(
    id: number,
    key: string,
    value: V,
    past = NO_PAST,
    isKnown = false,
  ): DroppedItem<V> | undefined {
    if (this.handout?.isOut(id, key)) return undefined
    if (id >= this.#nextId) this.#nextId = id + 1
    if (this.#refuses && !isKnown && this.#isFull(key)) return { key, value, reason: 'full' }
    if (past !== NO_PAST) this.#pasts.set(id, past)
    return this.#insert(id, key, value, now())
  }

  #insert(id: number, key: string, value: V, added: number): DroppedItem<V> | undefined {
    const other = this.#items.add(id, key, value, added)
    if (other === undefined) return this.#withinBound().dropped
    return this.#drop(other, other.id === id ? 'duplicate' : 'replaced')
  }

  /**
   * Makes the items that are added from now on get the ids after this one, which no waiting item exceeds.
   *
   * @internal
   */
  restartIds(after: number): void {
    this.#nextId = after + 1
  }

  /**
   * Changes the definition of the living queue. A smaller size drops the oldest items; a new addmode
   * adds again in order what is there; a queue that refuses what is new drops nothing. The name does not matter here.
   *
   * @param definition the definition from now on
   * @returns the items that did not stay, in the order in which they went
   */
  redefine(definition: QueueDefinition): DroppedItem<V>[] {
    const { size, addmode } = this.#definition
    this.#definition = definition
    this.#refuses = definition.whenFull === 'refuse'
    const all: DroppedItem<V>[] = []
    const isRead = this.#readers > 0 && definition.size !== size
    if (definition.addmode !== addmode || isRead) {
      const before = this.#items
      this.#items = itemsFor(definition.addmode)
      for (const { id, key, value, added } of before) {
        const item = this.#insert(id, key, value, added)
        if (item !== undefined) all.push(item)
      }
    } else {
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
    this.#pasts.clear()
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

  /** The items that are lent, and those waiting, with what they have been through. @internal */
  *everything(): Generator<TakenItem<V>> {
    for (const item of this.lent()) yield { ...item, past: item }
    yield* this.withPasts()
  }

  /** The items waiting, oldest first, with what they have been through. @internal */
  *withPasts(): Generator<TakenItem<V>> {
    for (const item of this) yield { ...item, past: this.#pasts.get(item.id) }
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
    if (bound === 0 || size <= bound || this.#refuses) return { size, dropped: undefined }
    return this.#overflow()
  }

  #overflow(): AddResult<V> {
    const oldest = this.#items.take() as QueuedItem<V>
    return { size: this.#items.size, dropped: this.#drop(oldest, 'overflow') }
  }

  /** Whether another item with a key would make the queue longer than its bound. */
  #isFull(key: string): boolean {
    const bound = this.#definition.size
    return bound !== 0 && this.#items.size >= bound && !this.#items.has(key)
  }

  #keepOnly(isKept: (item: QueuedItem<V>) => boolean): number {
    const before = this.#items
    this.#items = itemsFor(this.#definition.addmode)
    let removed = 0
    for (const item of before) {
      if (isKept(item)) this.#items.add(item.id, item.key, item.value, item.added)
      else {
        this.#went(item)
        removed++
      }
    }
    return removed
  }

  #drop(item: QueuedItem<V>, reason: DropReason): DroppedItem<V> {
    this.#went(item)
    return dropped(item, reason)
  }

  #went({ id, key, value }: QueuedItem<V>): void {
    if (this.#pasts.size > 0) this.#pasts.delete(id)
    this.observer.went(id, key, value)
  }
}

function dropped<V>({ key, value }: Item<V>, reason: DropReason): DroppedItem<V> {
  return { key, value, reason }
}
