/** The waits between two attempts, in ms: each is twice the one before. */
const FIRST_WAIT = 100
const LONGEST_WAIT = 5_000

/** The waits between the attempts at something that fails again and again. They do not keep the process from ending. */
export class Backoff {
  #next = FIRST_WAIT
  #endWait: (() => void) | undefined

  /** Waits before the next attempt: 100 ms, and each time twice as long, at most 5 s. */
  async wait(): Promise<void> {
    const wait = this.#next
    this.#next = Math.min(2 * wait, LONGEST_WAIT)
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, wait).unref()
      this.#endWait = () => {
        clearTimeout(timer)
        resolve()
      }
    })
    this.#endWait = undefined
  }

  /** Ends the wait under way, and begins again with the shortest. */
  reset(): void {
    this.#next = FIRST_WAIT
    this.#endWait?.()
  }
}
