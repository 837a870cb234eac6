import type { Addmode, QueueDefinition } from '../definition.ts'
import type { AddResult, DroppedItem, FetchedItem, Item } from '../engine.ts'
import type { Items } from './items.ts'
import { KeyedList } from './keyed-list.ts'
import { Ring } from './ring.ts'

function itemsFor<V>(addmode: Addmode): Items<V> {
  if (addmode === 0) return new Ring()
  return new KeyedList(addmode === 1 ? 'oldest' : 'newest')
}

/**
 * A first-in-first-out queue of (key, value) items in memory, with the semantics of Kamailio's
 * mqueue: an addmode that says what becomes of equal keys, and a bound beyond which the oldest
 * item goes. Adding, fetching and the size are O(1) at any depth.
 *
 * Values are kept as they are given. Whoever goes on to change one that was added must add a copy.
 */
export class Queue<V = unknown> {
  #definition: QueueDefinition
  #items: Items<V>

  /** @param definition a good definition, such as `parseDefinition` gives */
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
    const dropped = this.#items.add(key, value)
    const size = this.#items.size
    const bound = this.#definition.size
    if (bound === 0 || size <= bound) return { size, dropped }
    // Only an add that dropped nothing made the queue longer, and only by one.
    const oldest = this.#items.fetch() as Item<V>
    return { size: bound, dropped: { key: oldest.key, value: oldest.value, reason: 'overflow' } }
  }

  /**
   * Takes the oldest item (Kamailio's `mq_fetch`).
   *
   * @param inspect is called with the item before it is taken; when it throws, the item stays
   * @returns the item and the size that is left; undefined when the queue is empty
   */
  fetch(inspect?: (item: Item<V>) => void): FetchedItem<V> | undefined {
    if (inspect !== undefined) {
      const oldest = this.#items.peek()
      if (oldest !== undefined) inspect(oldest)
    }
    const item = this.#items.fetch()
    if (item === undefined) return undefined
    return { key: item.key, value: item.value, size: this.#items.size }
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
    const dropped: DroppedItem<V>[] = []
    if (definition.size === size && definition.addmode === addmode) return dropped
    const before = this.#items
    this.#items = itemsFor(definition.addmode)
    for (const { key, value } of before) {
      const result = this.add(key, value)
      if (result.dropped !== undefined) dropped.push(result.dropped)
    }
    return dropped
  }

  /** Lets go of all items. */
  clear(): void {
    this.#items = itemsFor(this.#definition.addmode)
  }

  /** The items waiting, oldest first, without taking them. The queue must not change meanwhile. */
  [Symbol.iterator](): Iterator<Item<V>> {
    return this.#items[Symbol.iterator]()
  }
}
