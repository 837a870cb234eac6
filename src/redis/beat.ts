/** How often is looked at what others may have changed, in ms, give or take a tenth. */
const INTERVAL = 5_000

/** The slow look behind all wakes: nothing depends on it that a wake brings sooner. */
export class Beat {
  readonly #look: () => void
  #timer: NodeJS.Timeout | undefined

  constructor(look: () => void) {
    this.#look = look
  }

  start(): void {
    if (this.#timer !== undefined) return
    // Not all processes that were started together look together.
    const wait = INTERVAL * (0.9 + Math.random() * 0.2)
    this.#timer = setTimeout(() => {
      this.#timer = undefined
      this.#look()
      this.start()
    }, wait).unref()
  }

  stop(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
  }
}
