/** The waits between two attempts, in ms: each is twice the one before. */
const FIRST_WAIT = 100
const LONGEST_WAIT = 5_000

/** Tries something again and again, with longer and longer waits, until there is nothing left to do. */
export class Attempts {
  readonly #attempt: () => Promise<boolean>
  #running: Promise<void> | undefined
  #endWait: (() => void) | undefined
  #isStopped = false
  #isUrgent = false

  /** @param attempt tells whether everything is done; it must not reject */
  constructor(attempt: () => Promise<boolean>) {
    this.#attempt = attempt
  }

  /** Begins, or tries again at once instead of waiting. */
  start(): void {
    this.#isStopped = false
    this.#isUrgent = true
    this.#endWait?.()
    this.#running ??= this.#run()
  }

  /** Makes no further attempt, and waits for the one that is under way. */
  async stop(): Promise<void> {
    this.#isStopped = true
    this.#endWait?.()
    await this.#running
  }

  async #run(): Promise<void> {
    let wait = FIRST_WAIT
    while (!this.#isStopped) {
      this.#isUrgent = false
      const isDone = await this.#attempt()
      if (this.#isUrgent) {
        wait = FIRST_WAIT
        continue
      }
      if (isDone) break
      await this.#pause(wait)
      wait = Math.min(2 * wait, LONGEST_WAIT)
    }
    this.#running = undefined
  }

  #pause(wait: number): Promise<void> {
    if (this.#isStopped) return Promise.resolve()
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, wait).unref()
      this.#endWait = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }
}
