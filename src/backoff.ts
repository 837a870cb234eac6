/** The waits between two attempts, in ms: each is twice the one before. */
const FIRST_WAIT = 100
const LONGEST_WAIT = 5_000

/** The waits between the attempts at something that fails again and again. They do not keep the process from ending. */
export class Backoff {
  #next: number | undefined
  #waitedUntil = 0
  #endWait: (() => void) | undefined

  /**
   * Waits before the next attempt: each time twice as long, at least 100 ms and at most 5 s. What has gone well for
   * longer than that begins again.
   *
   * @param first the wait after the first failure, in ms
   */
  async wait(first = FIRST_WAIT): Promise<void> {
    if (performance.now() - this.#waitedUntil > LONGEST_WAIT) this.#next = undefined
    const wait = this.#next ?? first
    this.#next = Math.min(Math.max(FIRST_WAIT, 2 * wait), LONGEST_WAIT)
    if (wait > 0) await this.#pass(wait)
    this.#waitedUntil = performance.now()
  }

  /** Ends the wait under way, and begins again with the first. */
  reset(): void {
    this.#next = undefined
    this.#endWait?.()
  }

  async #pass(time: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, time).unref()
      this.#endWait = () => {
        clearTimeout(timer)
        resolve()
      }
    })
    this.#endWait = undefined
  }
}
