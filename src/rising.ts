/**
 * Counters that never fall, except where they begin again, for a reader who takes every fall for a new beginning. An item
 * that is put back lowers the count of those that were taken by one; then the count stays until it was made up for. What
 * falls by more than half has begun again.
 */
export class Rising {
  #before = new Map<string, number>()
  #now = new Map<string, number>()

  /** The count of a series, as high as it ever was. */
  highest(series: string, count: number): number {
    const before = this.#before.get(series) ?? count
    const highest = count < before / 2 ? count : Math.max(before, count)
    this.#now.set(series, highest)
    return highest
  }

  /** All series have been read. Those that were not are forgotten. */
  next(): void {
    this.#before = this.#now
    this.#now = new Map()
  }
}
