const LENGTH = 2_048

interface Block {
  keys: unknown[]
  values: unknown[]
  next: Block | undefined
}

const newBlock = (): Block => ({
  keys: new Array(LENGTH).fill(undefined),
  values: new Array(LENGTH).fill(undefined),
  next: undefined,
})

/** A linked list of blocks of fixed length: first in, first out, and never anything copied. */
export class BareBlocks {
  #tail = newBlock()
  #head = this.#tail
  #written = 0
  #read = 0

  add(key: string, value: unknown): void {
    if (this.#written === LENGTH) {
      this.#tail.next = newBlock()
      this.#tail = this.#tail.next
      this.#written = 0
    }
    this.#tail.keys[this.#written] = key
    this.#tail.values[this.#written++] = value
  }

  /** Takes the oldest item. There must be one. */
  fetch(): { key: unknown; value: unknown } {
    if (this.#read === LENGTH) {
      this.#head = this.#head.next as Block
      this.#read = 0
    }
    const key = this.#head.keys[this.#read]
    const value = this.#head.values[this.#read]
    this.#head.keys[this.#read] = undefined
    this.#head.values[this.#read++] = undefined
    return { key, value }
  }
}
