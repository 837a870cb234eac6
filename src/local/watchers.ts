/** The least time between two calls of the listeners, in ms: at most 4 in any second. */
const INTERVAL = 255

/** Those who watch one queue. However often it changes, they are called at most four times a second. */
export class Watchers {
  readonly #listeners = new Set<() => void>()
  /** Those who watch all queues. */
  readonly #all: Watchers | undefined
  #timer: NodeJS.Timeout | undefined
  #calledAt = Number.NEGATIVE_INFINITY

  constructor(all?: Watchers) {
    this.#all = all
  }

  /** Adds a listener; returns a function that removes it. */
  add(listener: () => void): () => void {
    // One listener may watch twice.
    const own = () => listener()
    this.#listeners.add(own)
    return () => {
      this.#listeners.delete(own)
    }
  }

  get isEmpty(): boolean {
    return this.#listeners.size === 0
  }

  /** Has the listeners called: soon after the first change in a while, and after the last one. */
  changed(): void {
    if (this.#timer !== undefined) return
    this.#all?.changed()
    if (this.#listeners.size > 0) this.#schedule()
  }

  #schedule(): void {
    const wait = this.#calledAt + INTERVAL - performance.now()
    this.#timer = setTimeout(() => this.#call(), Math.max(0, wait)).unref()
  }

  clear(): void {
    clearTimeout(this.#timer)
    this.#listeners.clear()
  }

  #call(): void {
    this.#timer = undefined
    this.#calledAt = performance.now()
    // They may have been called meanwhile for another queue.
    this.#all?.changed()
    for (const listener of this.#listeners) listener()
  }
}
