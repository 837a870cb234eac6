import type { Items, QueuedItem } from './items.ts'

/** The slots of a block. */
const SLOTS = 128

/** Some items in a row. A slot without an item has no key and no value. */
class Block<V> {
  readonly keys: (string | undefined)[] = new Array(SLOTS)
  readonly values: (V | undefined)[] = new Array(SLOTS)
  // Numbers stand apart from the rest, since a list of nothing else holds them without an object for each.
  readonly ids: number[] = new Array(SLOTS)
  readonly added: number[] = new Array(SLOTS)
  next: Block<V> | undefined

  set(slot: number, id: number, key: string, value: V, added: number): void {
    this.keys[slot] = key
    this.values[slot] = value
    this.ids[slot] = id
    this.added[slot] = added
  }

  itemAt(slot: number): QueuedItem<V> {
    return {
      id: this.ids[slot] as number,
      key: this.keys[slot] as string,
      value: this.values[slot] as V,
      added: this.added[slot] as number,
    }
  }

  empty(slot: number): void {
    this.keys[slot] = undefined
    this.values[slot] = undefined
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
    this.#end++
    this.#size++
  }

  putBack({ id, key, value, added }: QueuedItem<V>): undefined {
    if (this.#head === undefined) this.#grow()
    if (this.#first === 0) {
      const block = this.#newBlock()
      block.next = this.#head
      this.#head = block
      this.#first = SLOTS
    }
    this.#first--
    this.#size++
    // The few items that came back before it, and are older, move up to let it in behind them.
    let block = this.#head as Block<V>
    let slot = this.#first
    for (let older = this.#size - 1; older > 0; older--) {
      const isLast = slot === SLOTS - 1
      const nextBlock = isLast ? (block.next as Block<V>) : block
      const nextSlot = isLast ? 0 : slot + 1
      const next = nextBlock.itemAt(nextSlot)
      if (next.id > id) break
      block.set(slot, next.id, next.key, next.value, next.added)
      block = nextBlock
      slot = nextSlot
    }
    block.set(slot, id, key, value, added)
  }

  peek(): QueuedItem<V> | undefined {
    return this.#size === 0 ? undefined : this.#head?.itemAt(this.#first)
  }

  take(): QueuedItem<V> | undefined {
    if (this.#size === 0) return undefined
    const block = this.#head as Block<V>
    const item = block.itemAt(this.#first)
    block.empty(this.#first)
    this.#first++
    this.#size--
    if (this.#size === 0) {
      this.#first = 0
      this.#end = 0
      this.#head = this.#tail
    } else if (this.#first === SLOTS) {
      this.#head = block.next as Block<V>
      this.#first = 0
      block.next = undefined
      this.#spare = block
    }
    return item
  }

  *[Symbol.iterator](): Generator<QueuedItem<V>> {
    let block = this.#head as Block<V>
    let slot = this.#first
    for (let left = this.#size; left > 0; left--) {
      if (slot === SLOTS) {
        block = block.next as Block<V>
        slot = 0
      }
      yield block.itemAt(slot++)
    }
  }

  /** Makes room behind the newest item. */
  #grow(): void {
    const block = this.#newBlock()
    if (this.#tail === undefined) this.#head = block
    else this.#tail.next = block
    this.#tail = block
    this.#end = 0
  }

  #newBlock(): Block<V> {
    const block = this.#spare ?? new Block<V>()
    this.#spare = undefined
    return block
  }
}
