/**
 * Counters that never fall, except where they begin again, for a reader who takes every fall for a new beginning. An item
 * that is put back lowers the count of those that were taken by one; then the count stays until it was made up for. What
 * falls by more than half has begun again, where its queue has also had fewer items than before.
 */
export class Rising {
  /** By queue, and within it by counter. */
  #before = new Map<string, Map<string, number>>()
  #now = new Map<string, Map<string, number>>()

  /** A queue is there. While it cannot be read its counters stay. */
  keep(queue: string): void {
    this.#now.set(queue, new Map(this.#before.get(queue)))
  }

  /** Whether a counter of a queue, of all that are kept, is less than it was. */
  isLess(queue: string, counter: string, count: number): boolean {
    return count < this.#of(queue, counter, count)
  }

  /**
   * A count of a queue that is kept, as high as it ever was.
   *
   * @param mayBeNew whether the queue may have begun again
   */
  highest(queue: string, counter: string, count: number, mayBeNew: boolean): number {
    const before = this.#of(queue, counter, count)
    const highest = mayBeNew && count < before / 2 ? count : Math.max(before, count)
    this.#now.get(queue)?.set(counter, highest)
    return highest
  }

  /** All queues have been read. Those that are not kept are forgotten. */
  next(): void {
    this.#before = this.#now
    this.#now = new Map()
  }

  #of(queue: string, counter: string, count: number): number {
    return this.#before.get(queue)?.get(counter) ?? count
  }
}
