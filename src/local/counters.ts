import type { AddResult } from '../engine.ts'

/** What a queue has done since it was made. */
export class Counters {
  /** The items that were taken for good. */
  fetched = 0
  acknowledged = 0
  /** The items that did not stay, by reason. */
  readonly dropped: Record<string, number> = {}

  /** Counts what an add did. */
  added({ dropped }: AddResult): void {
    if (dropped !== undefined) this.drop(dropped.reason)
  }

  /** Counts items that did not stay. */
  drop(reason: string, count = 1): void {
    if (count > 0) this.dropped[reason] = (this.dropped[reason] ?? 0) + count
  }

  /** How many items have left the queue. */
  get gone(): number {
    const dropped = Object.values(this.dropped).reduce((sum, count) => sum + count, 0)
    return this.fetched + this.acknowledged + dropped
  }
}
