import type { Clock } from '../../src/index.ts'

/** A clock that stands still until it is moved. */
export class MovedClock implements Clock {
  #now = 1_000
  readonly #timers = new Set<{ at: number; call: () => void }>()

  now(): number {
    return this.#now
  }

  after(time: number, call: () => void): () => void {
    const timer = { at: this.#now + Math.max(0, time), call }
    this.#timers.add(timer)
    return () => this.#timers.delete(timer)
  }

  /** Lets some ms pass, and calls what is due, in its order. */
  move(ms: number): void {
    const end = this.#now + ms
    for (;;) {
      const due = [...this.#timers].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0]
      if (due === undefined) break
      this.#timers.delete(due)
      this.#now = due.at
      due.call()
    }
    this.#now = end
  }
}
