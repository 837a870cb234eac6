/** The least time between two calls of the listeners, in ms: at most 4 in any second. */
const INTERVAL = 255

/** Those who watch one queue. However often it changes, they are called at most four times a second. */
export class Watchers {
  readonly #listeners = new Set<() => void>()
  /** Those who watch all queues. */
  readonly #all: Watchers | undefined
  /** Whether a change need not be passed on: a call is under way already, or nobody listens. */
  #isQuiet: boolean
  #timer: NodeJS.Timeout | undefined
  #calledAt = Number.NEGATIVE_INFINITY

  constructor(all?: Watchers) {
    this.#all = all
    this.#isQuiet = all === undefined || all.isEmpty
  }

  get isEmpty(): boolean {
    return this.#listeners.size === 0
  }

  /** Adds a listener; returns a function that removes it. */
  add(listener: () => void): () => void {
    // One listener may watch twice.
    const own = () => listener()
    this.#listeners.add(own)
    this.refresh()
    return () => {
      this.#listeners.delete(own)
      this.refresh()
    }
  }

  /** Calls the listeners: soon after the first change in a while, and after the last one. */
  changed(): void {
    if (!this.#isQuiet) this.#schedule()
  }

  /** Looks again whether anybody listens. */
  refresh(): void {
    const hasListeners = !this.isEmpty || (this.#all !== undefined && !this.#all.isEmpty)
    this.#isQuiet = this.#timer !== undefined || !hasListeners
  }

  clear(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#listeners.clear()
    this.refresh()
  }

  #schedule(): void {
    const wait = this.#calledAt + INTERVAL - performance.now()
    this.#timer = setTimeout(() => this.#call(), Math.max(0, wait)).unref()
    this.#isQuiet = true
  }

  #call(): void {
    this.#timer = undefined
    this.#calledAt = performance.now()
    this.refresh()
    this.#all?.changed()
    for (const listener of this.#listeners) listener()
  }
}
