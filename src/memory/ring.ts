import type { Item } from '../engine.ts'
import type { Items } from './items.ts'

const SMALLEST = 16
/** An array that is made with more slots than this becomes a hash table; it must grow into them. */
const MOST_AT_ONCE = 1 << 25

/**
 * Items under addmode 0: a ring whose capacity is a power of two, keys and values in turn in one
 * array. It doubles when full and halves at a quarter, so that a burst does not hold its memory
 * for good, and every operation is O(1) on average at any depth.
 */
export class Ring<V> implements Items<V> {
  /** Slots 2i and 2i + 1 hold the key and the value of item i; slots of no item are undefined. */
  #slots: (string | V | undefined)[] = new Array(2 * SMALLEST)
  #mask = SMALLEST - 1
  /** The index of the oldest item, below the capacity. */
  #head = 0
  #size = 0

  get size(): number {
    return this.#size
  }

  add(key: string, value: V): undefined {
    if (this.#size > this.#mask) this.#resize(2 * this.#size)
    const slot = 2 * ((this.#head + this.#size) & this.#mask)
    this.#slots[slot] = key
    this.#slots[slot + 1] = value
    this.#size++
  }

  peek(): Item<V> | undefined {
    return this.#size === 0 ? undefined : this.#itemAt(2 * this.#head)
  }

  fetch(): Item<V> | undefined {
    if (this.#size === 0) return undefined
    const slot = 2 * this.#head
    const item = this.#itemAt(slot)
    this.#slots[slot] = undefined
    this.#slots[slot + 1] = undefined
    this.#head = (this.#head + 1) & this.#mask
    this.#size--
    const capacity = this.#mask + 1
    if (capacity > SMALLEST && this.#size <= capacity >>> 2) this.#resize(capacity >>> 1)
    return item
  }

  *[Symbol.iterator](): Generator<Item<V>> {
    for (let i = 0; i < this.#size; i++) yield this.#itemAt(2 * ((this.#head + i) & this.#mask))
  }

  #itemAt(slot: number): Item<V> {
    return { key: this.#slots[slot] as string, value: this.#slots[slot + 1] as V }
  }

  #resize(capacity: number): void {
    const slots: (string | V | undefined)[] =
      2 * capacity > MOST_AT_ONCE ? [] : new Array(2 * capacity)
    for (let i = 0; i < this.#size; i++) {
      const from = 2 * ((this.#head + i) & this.#mask)
      slots[2 * i] = this.#slots[from]
      slots[2 * i + 1] = this.#slots[from + 1]
    }
    this.#slots = slots
    this.#mask = capacity - 1
    this.#head = 0
  }
}
