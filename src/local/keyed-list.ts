import type { Items, QueuedItem } from './items.ts'

interface Entry<V> extends QueuedItem<V> {
  older: Entry<V> | undefined
  newer: Entry<V> | undefined
}

/**
 * Items under addmode 1 and 2: a linked list from the oldest to the newest, and a map that finds
 * the item of a key in it. Every operation is O(1), where Kamailio scans; putting back is O(1) for neighbours in turn.
 */
export class KeyedList<V> implements Items<V> {
  readonly #keep: 'oldest' | 'newest'
  readonly #byKey = new Map<string, Entry<V>>()
  #oldest: Entry<V> | undefined
  #newest: Entry<V> | undefined
  /** The item that was put back last, if it is still here: its neighbours mostly come back next. */
  #lastBack: Entry<V> | undefined

  /** @param keep which of two items with one key stays */
  constructor(keep: 'oldest' | 'newest') {
    this.#keep = keep
  }

  get size(): number {
    return this.#byKey.size
  }

  add(id: number, key: string, value: V, added: number): QueuedItem<V> | undefined {
    const present = this.#byKey.get(key)
    if (present !== undefined && this.#keep === 'oldest') return { id, key, value, added }
    const entry: Entry<V> = { id, key, value, added, older: undefined, newer: undefined }
    // A map that is full throws, and then nothing must have changed.
    this.#byKey.set(key, entry)
    if (present !== undefined) this.#unlink(present)
    this.#link(entry, this.#newest)
    return present
  }

  putBack({ id, key, value, added }: QueuedItem<V>): QueuedItem<V> | undefined {
    const present = this.#byKey.get(key)
    if (present !== undefined && this.#keep === 'newest') return { id, key, value, added }
    const entry: Entry<V> = { id, key, value, added, older: undefined, newer: undefined }
    this.#byKey.set(key, entry)
    if (present !== undefined) this.#unlink(present)
    this.#link(entry, this.#olderThan(id))
    this.#lastBack = entry
    return present
  }

  takeBack(item: QueuedItem<V>): QueuedItem<V> | undefined {
    return this.putBack(item)
  }

  has(key: string): boolean {
    return this.#byKey.has(key)
  }

  peek(): QueuedItem<V> | undefined {
    return this.#oldest
  }

  take(): QueuedItem<V> | undefined {
    const entry = this.#oldest
    if (entry !== undefined) this.takeOut(entry)
    return entry
  }

  takeOut({ key }: QueuedItem<V>): void {
    this.#unlink(this.#byKey.get(key) as Entry<V>)
    this.#byKey.delete(key)
  }

  *[Symbol.iterator](): Generator<QueuedItem<V>> {
    for (let entry = this.#oldest; entry !== undefined; entry = entry.newer) yield entry
  }

  /** The newest of the items that are older than an id. */
  #olderThan(id: number): Entry<V> | undefined {
    let older = this.#lastBack
    while (older !== undefined && older.id > id) older = older.older
    let next = older === undefined ? this.#oldest : older.newer
    while (next !== undefined && next.id < id) {
      older = next
      next = next.newer
    }
    return older
  }

  /** Links an entry in behind an older one, or at the head. */
  #link(entry: Entry<V>, older: Entry<V> | undefined): void {
    const newer = older === undefined ? this.#oldest : older.newer
    entry.older = older
    entry.newer = newer
    if (older === undefined) this.#oldest = entry
    else older.newer = entry
    if (newer === undefined) this.#newest = entry
    else newer.older = entry
  }

  #unlink(entry: Entry<V>): void {
    if (entry === this.#lastBack) this.#lastBack = entry.older
    if (entry.older === undefined) this.#oldest = entry.newer
    else entry.older.newer = entry.newer
    if (entry.newer === undefined) this.#newest = entry.older
    else entry.newer.older = entry.older
    entry.older = undefined
    entry.newer = undefined
  }
}
