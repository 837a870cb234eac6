import type { Items, QueuedItem } from './items.ts'

/** The items that a block holds. */
const ITEMS = 128
const SLOTS = 2 * ITEMS

/** Some items in a row, with two slots each. A slot without an item has no key and no value. */
class Block<V> {
  /** Key and value in turn. */
  readonly pairs: (string | V | undefined)[] = new Array(SLOTS)
  /** Id and time of adding in turn. A list of nothing but numbers holds them without an object for each. */
  readonly numbers: number[] = new Array(SLOTS)
  next: Block<V> | undefined

  set(slot: number, id: number, key: string, value: V, added: number): void {
    this.pairs[slot] = key
    this.pairs[slot + 1] = value
    this.numbers[slot] = id
    this.numbers[slot + 1] = added
  }

  itemAt(slot: number): QueuedItem<V> {
    return {
      id: this.numbers[slot] as number,
      key: this.pairs[slot] as string,
      value: this.pairs[slot + 1] as V,
      added: this.numbers[slot + 1] as number,
    }
  }

  empty(slot: number): void {
    this.pairs[slot] = undefined
    this.pairs[slot + 1] = undefined
  }
}

/**
 * Items under addmode 0: blocks of fixed size, linked from the oldest to the newest, as in Node's own FixedQueue. An
 * operation never copies the queue, however long it is, and its memory goes back as it drains. A queue that was never
 * used has no block.
 */
export class Segments<V> implements Items<V> {
  #head: Block<V> | undefined
  /** The slot of the oldest item in the head block. */
  #first = 0
  #tail: Block<V> | undefined
  /** The slot behind the newest item in the tail block. */
  #end = SLOTS
  #size = 0
  /** A block that was used up, for the next one that is needed: a queue of steady length makes none. */
  #spare: Block<V> | undefined

  get size(): number {
    return this.#size
  }

  add(id: number, key: string, value: V, added: number): undefined {
    if (this.#end === SLOTS) this.#grow()
    ;(this.#tail as Block<V>).set(this.#end, id, key, value, added)
    this.#end += 2
    this.#size++
  }

  peek(): QueuedItem<V> | undefined {
    return this.#size === 0 ? undefined : this.#head?.itemAt(this.#first)
  }

  take(): QueuedItem<V> | undefined {
    if (this.#size === 0) return undefined
    const block = this.#head as Block<V>
    const slot = this.#first
    const item = block.itemAt(slot)
    block.empty(slot)
    this.#first = slot + 2
    this.#size--
    if (this.#size === 0) this.#beginAgain()
    else if (this.#first === SLOTS) this.#pass(block)
    return item
  }

  takeOut(item: QueuedItem<V>): void {
    // Those before it move up, so that the place at the head is the one that gets free.
    let block = this.#head as Block<V>
    let slot = this.#first
    let moved = block.itemAt(slot)
    while (moved.id !== item.id) {
      slot += 2
      if (slot === SLOTS) {
        block = block.next as Block<V>
        slot = 0
      }
      const next = block.itemAt(slot)
      block.set(slot, moved.id, moved.key, moved.value, moved.added)
      moved = next
    }
    this.take()
  }

  has(): boolean {
    return false
  }

  takeBack({ id, key, value, added }: QueuedItem<V>): undefined {
    this.#growAtHead()
    ;(this.#head as Block<V>).set(this.#first, id, key, value, added)
  }

  putBack({ id, key, value, added }: QueuedItem<V>): undefined {
    this.#growAtHead()
    // The few items that came back before it, and are older, move up to let it in behind them.
    let block = this.#head as Block<V>
    let slot = this.#first
    for (let others = this.#size - 1; others > 0; others--) {
      const isLast = slot === SLOTS - 2
      const nextBlock = isLast ? (block.next as Block<V>) : block
      const nextSlot = isLast ? 0 : slot + 2
      const next = nextBlock.itemAt(nextSlot)
      if (next.id > id) break
      block.set(slot, next.id, next.key, next.value, next.added)
      block = nextBlock
      slot = nextSlot
    }
    block.set(slot, id, key, value, added)
  }

  *[Symbol.iterator](): Generator<QueuedItem<V>> {
    let block = this.#head as Block<V>
    let slot = this.#first
    for (let left = this.#size; left > 0; left--) {
      if (slot === SLOTS) {
        block = block.next as Block<V>
        slot = 0
      }
      yield block.itemAt(slot)
      slot += 2
    }
  }

  /** Makes room for one item before the oldest, and counts it. */
  #growAtHead(): void {
    if (this.#head === undefined) this.#grow()
    if (this.#first === 0) {
      const block = this.#newBlock()
      block.next = this.#head
      this.#head = block
      this.#first = SLOTS
    }
    this.#first -= 2
    this.#size++
  }

  /** Makes room behind the newest item. */
  #grow(): void {
    const block = this.#newBlock()
    if (this.#tail === undefined) this.#head = block
    else this.#tail.next = block
    this.#tail = block
    this.#end = 0
  }

  /** Goes on from a block that is used up to the one behind it. */
  #pass(block: Block<V>): void {
    this.#head = block.next
    this.#first = 0
    block.next = undefined
    this.#spare = block
  }

  /** Uses the block of an empty queue from its start. */
  #beginAgain(): void {
    this.#head = this.#tail
    this.#first = 0
    this.#end = 0
  }

  #newBlock(): Block<V> {
    const block = this.#spare ?? new Block<V>()
    this.#spare = undefined
    return block
  }
}
