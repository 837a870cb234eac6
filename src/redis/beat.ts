/** How often is looked at what others may have changed, in ms, give or take a tenth. */
const INTERVAL = 5_000
/** Of so many looks, one is for the leases of those who are gone. */
const STRONG = 4

/** The slow look behind all wakes: nothing depends on it that a wake brings sooner. */
export class Beat {
  readonly #look: () => void
  #timer: NodeJS.Timeout | undefined
  #count = 0

  constructor(look: () => void) {
    this.#look = look
  }

  /** Whether this look is for the leases of those who are gone, too. */
  get isStrong(): boolean {
    return this.#count % STRONG === 0
  }

  start(): void {
    if (this.#timer !== undefined) return
    // Not all processes that were started together look together.
    const wait = INTERVAL * (0.9 + Math.random() * 0.2)
    this.#timer = setTimeout(() => {
      this.#timer = undefined
      this.#count++
      this.#look()
      this.start()
    }, wait).unref()
  }

  stop(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
  }
}
