import type { MaybePromise } from '../maybe-promise.ts'

/** What a queue has done since it was made. What could not be stored has not been done, and is not counted. */
export class Counters {
  /** The items that were taken for good. */
  fetched = 0
  acknowledged = 0
  /** The items that did not stay, by reason. */
  readonly dropped: Record<string, number> = {}

  /** Counts items that did not stay. */
  drop(reason: string, count = 1): void {
    if (count === 0) return
    const sum = (this.dropped[reason] ?? 0) + count
    if (sum > 0) this.dropped[reason] = sum
    else delete this.dropped[reason]
  }

  /**
   * Counts what was done, and takes that back when it could not be stored.
   *
   * @param stored is a promise where that takes its time
   * @param count counts it, with 1, or takes that back, with -1
   */
  count(stored: MaybePromise<unknown>, count: (sign: 1 | -1) => void): void {
    count(1)
    if (stored instanceof Promise) stored.catch(() => count(-1))
  }

  /** How many items have left the queue. */
  get gone(): number {
    const dropped = Object.values(this.dropped).reduce((sum, count) => sum + count, 0)
    return this.fetched + this.acknowledged + dropped
  }
}
