import { quote } from '../errors.ts'
import type { Report } from '../report.ts'

/** The least time between two warnings of one kind, in ms. */
const INTERVAL = 60_000

/** The items of a queue that are lost on their way, and what is said of them: the first at once, then once a minute. */
export class Losses {
  readonly #report: () => Report
  readonly #toldAt = new Map<string, number>()
  #count = 0

  constructor(report: () => Report) {
    this.#report = report
  }

  get count(): number {
    return this.#count
  }

  /** The answer to a fetch is lost. */
  unanswered(queue: string, shown: string, reason: string): void {
    const text = `the answer of Kamailio at ${shown} to a fetch is lost, since ${reason}. If it had taken an item, that is lost`
    this.#note(queue, 'unanswered', text)
  }

  /** Kamailio has taken an item, and cannot tell it. */
  gone(queue: string, shown: string): void {
    const text = `Kamailio at ${shown} has lost an item with an empty key or value, which its RPC cannot tell. Have its script add neither`
    this.#note(queue, 'gone', text)
  }

  #note(queue: string, kind: string, text: string): void {
    this.#count++
    const now = performance.now()
    if (now - (this.#toldAt.get(kind) ?? Number.NEGATIVE_INFINITY) < INTERVAL) return
    this.#toldAt.set(kind, now)
    this.#report().warn(`Queue ${quote(queue)}: ${text}. Items lost so far: ${this.#count}.`)
  }
}
