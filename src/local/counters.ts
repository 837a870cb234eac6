import type { MaybePromise } from '../maybe-promise.ts'

/** What a queue has done since it was made. What could not be stored has not been done, and is not counted. */
export class Counters {
  /** The items that were taken for good. */
  fetched = 0
  acknowledged = 0
  /** The items that have gone, while that is not stored yet. */
  settling = 0
  /** The items that did not stay, by reason. */
  readonly dropped: Record<string, number> = {}

  /** Counts items that did not stay. */
  drop(reason: string, count = 1): void {
    if (count > 0) this.dropped[reason] = (this.dropped[reason] ?? 0) + count
  }

  /**
   * Counts items that have gone, once that is stored.
   *
   * @param stored is a promise where that takes its time
   * @param count counts them
   */
  once(stored: MaybePromise<unknown>, items: number, count: () => void): void {
    if (!(stored instanceof Promise)) {
      count()
      return
    }
    this.settling += items
    const settled = () => {
      this.settling -= items
    }
    stored.then(() => {
      settled()
      count()
    }, settled)
  }

  /** How many items have left the queue. */
  get gone(): number {
    const dropped = Object.values(this.dropped).reduce((sum, count) => sum + count, 0)
    return this.fetched + this.acknowledged + dropped
  }
}
