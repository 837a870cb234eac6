import type { DroppedItem, Item } from '../engine.ts'
import type { Items } from './items.ts'

interface Entry<V> extends Item<V> {
  older: Entry<V> | undefined
  newer: Entry<V> | undefined
}

/**
 * Items under addmode 1 and 2: a linked list from the oldest to the newest, and a map that finds
 * the item of a key in it. Every operation is O(1), where Kamailio scans.
 */
export class KeyedList<V> implements Items<V> {
  readonly #keep: 'oldest' | 'newest'
  readonly #byKey = new Map<string, Entry<V>>()
  #oldest: Entry<V> | undefined
  #newest: Entry<V> | undefined

  /** @param keep which of two items with one key stays */
  constructor(keep: 'oldest' | 'newest') {
    this.#keep = keep
  }

  get size(): number {
    return this.#byKey.size
  }

  add(key: string, value: V): DroppedItem<V> | undefined {
    const present = this.#byKey.get(key)
    if (present === undefined) {
      this.#append(key, value)
      return undefined
    }
    if (this.#keep === 'oldest') return { key, value, reason: 'duplicate' }
    this.#unlink(present)
    this.#append(key, value)
    return { key, value: present.value, reason: 'replaced' }
  }

  peek(): Item<V> | undefined {
    return this.#oldest
  }

  fetch(): Item<V> | undefined {
    const entry = this.#oldest
    if (entry === undefined) return undefined
    this.#unlink(entry)
    this.#byKey.delete(entry.key)
    return entry
  }

  *[Symbol.iterator](): Generator<Item<V>> {
    for (let entry = this.#oldest; entry !== undefined; entry = entry.newer) yield entry
  }

  #append(key: string, value: V): void {
    const entry: Entry<V> = { key, value, older: this.#newest, newer: undefined }
    // A map that is full throws, and then nothing must have changed.
    this.#byKey.set(key, entry)
    if (this.#newest === undefined) this.#oldest = entry
    else this.#newest.newer = entry
    this.#newest = entry
  }

  #unlink(entry: Entry<V>): void {
    if (entry.older === undefined) this.#oldest = entry.newer
    else entry.older.newer = entry.newer
    if (entry.newer === undefined) this.#newest = entry.older
    else entry.newer.older = entry.older
    entry.older = undefined
    entry.newer = undefined
  }
}
