/** How often is asked, in ms. */
const INTERVAL = 1000
/** How long at most after a failure. */
const LONGEST = 30_000

/** The time, and what happens later. */
export interface Clock {
  now(): number
  later(ms: number, call: () => void): unknown
  cancel(timer: unknown): void
}

const PAGE_CLOCK: Clock = {
  now: () => performance.now(),
  later: (ms, call) => setTimeout(call, ms),
  cancel: (timer) => clearTimeout(timer as number),
}

/** What is done with what is asked for. */
export interface Feeding<T> {
  ask(): Promise<T>
  answered(answer: T): void
  failed(error: unknown): void
}

/**
 * `off`: nobody looks. `waiting`: for the time of the next ask. `asking`: an answer is to come. `asking again`: that
 * answer may be old when it comes. `leaving`: nobody looks any more, and an answer is to come.
 */
type State = 'off' | 'waiting' | 'asking' | 'asking again' | 'leaving'

/** Asks once a second while somebody looks, never before the last answer is there, and less often while it fails. */
export class Feed<T> {
  readonly #feeding: Feeding<T>
  readonly #clock: Clock
  #state: State = 'off'
  #timer: unknown
  #asked = Number.NEGATIVE_INFINITY
  #failures = 0

  constructor(feeding: Feeding<T>, clock: Clock = PAGE_CLOCK) {
    this.#feeding = feeding
    this.#clock = clock
  }

  /** Somebody looks. */
  start(): void {
    if (this.#state === 'leaving') this.#state = 'asking'
    if (this.#state !== 'off') return
    this.#failures = 0
    this.#wait()
  }

  /** Nobody looks any more. */
  stop(): void {
    if (this.#state === 'waiting') {
      this.#clock.cancel(this.#timer)
      this.#state = 'off'
    } else if (this.#state !== 'off') this.#state = 'leaving'
  }

  /** Something has changed: asks at once. */
  hurry(): void {
    if (this.#state === 'asking') this.#state = 'asking again'
    if (this.#state !== 'waiting') return
    this.#clock.cancel(this.#timer)
    this.#ask()
  }

  #wait(): void {
    this.#state = 'waiting'
    const interval = Math.min(INTERVAL * 2 ** this.#failures, LONGEST)
    const left = this.#asked + interval - this.#clock.now()
    this.#timer = this.#clock.later(Math.max(0, left), () => this.#ask())
  }

  async #ask(): Promise<void> {
    this.#state = 'asking'
    this.#asked = this.#clock.now()
    try {
      const answer = await this.#feeding.ask()
      this.#failures = 0
      this.#feeding.answered(answer)
    } catch (error) {
      this.#failures += 1
      this.#feeding.failed(error)
    } finally {
      this.#answered()
    }
  }

  /** Goes on behind an answer. */
  #answered(): void {
    if (this.#state === 'leaving') this.#state = 'off'
    else if (this.#state === 'asking again') this.#ask()
    else this.#wait()
  }
}
