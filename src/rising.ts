/** Returns how high a counter of a queue is shown, which never falls. */
export type Risen = (counter: string, count: number) => number

interface Counts {
  /** How many items had come, as it was read last. Nothing but a new beginning lowers it. */
  added: number
  readonly highest: Map<string, number>
}

/**
 * Counters that never fall, except where a queue begins again, for a reader who takes every fall for a new beginning. An
 * item that is put back lowers the count of those that were taken; then that count stays until it was made up for. A queue
 * has begun again when fewer items have come to it than before; then each of its counters that fell by more than half
 * falls. Others stay: a server that takes over may have missed the last changes.
 */
export class Rising {
  readonly #queues = new Map<string, Counts>()

  /**
   * Returns what shows the counters of a queue, each as high as it ever was.
   *
   * @param queue names it among all queues
   * @param added how many items have come to it
   */
  of(queue: string, added: number): Risen {
    const { added: before, highest } = this.#queues.get(queue) ?? { added, highest: new Map() }
    const hasBegunAgain = added < before
    this.#queues.set(queue, { added, highest })
    return (counter, count) => {
      const most = highest.get(counter) ?? count
      const shown = hasBegunAgain && count < most / 2 ? count : Math.max(most, count)
      highest.set(counter, shown)
      return shown
    }
  }

  /** Forgets all queues but some. One that cannot be used for a while is not to be forgotten. */
  keep(queues: Iterable<string>): void {
    const kept = new Set(queues)
    for (const queue of this.#queues.keys()) if (!kept.has(queue)) this.#queues.delete(queue)
  }
}
