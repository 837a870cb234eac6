import { quote } from '../errors.ts'
import type { Report } from '../report.ts'

/** The least time between two warnings of one kind, in ms. */
const INTERVAL = 60_000

/** The items of a queue that are lost on their way, and what is said of them: the first at once, then once a minute. */
export class Losses {
  readonly #report: () => Report
  readonly #reportedAt = new Map<string, number>()
  #count = 0

  constructor(report: () => Report) {
    this.#report = report
  }

  get count(): number {
    return this.#count
  }

  /** The answer to a fetch is lost. */
  unanswered(queue: string, shown: string, reason: string): void {
    const text = `the answer of Kamailio at ${shown} to a fetch is lost, because ${reason}. If the fetch had taken an item, that item is lost`
    this.#note(queue, 'unanswered', text)
  }

  /** Kamailio has taken an item, and cannot return it. */
  gone(queue: string, shown: string): void {
    const text = `Kamailio at ${shown} has lost an item with an empty key or value, because its RPC cannot return one. Change its script so that it adds no empty key or value`
    this.#note(queue, 'gone', text)
  }

  #note(queue: string, kind: string, text: string): void {
    this.#count++
    const now = performance.now()
    if (now - (this.#reportedAt.get(kind) ?? Number.NEGATIVE_INFINITY) < INTERVAL) return
    this.#reportedAt.set(kind, now)
    this.#report().warn(`Queue ${quote(queue)}: ${text}. Items lost so far: ${this.#count}.`)
  }
}
