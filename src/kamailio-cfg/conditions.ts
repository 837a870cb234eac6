/** Whether Kamailio reads what stands here. */
export type Reading = 'yes' | 'no' | 'maybe'

interface Condition {
  /** The directive that began it, as it is shown. */
  directive: string
  line: number
  reading: Reading
}

/** The `#!ifdef` and the like that are open. */
export class Conditions {
  readonly #open: Condition[] = []
  /** What the open ones that cannot be decided depend on, the innermost last. */
  readonly #causes: string[] = []
  #refused = 0

  /** Whether all open conditions hold. */
  get reading(): Reading {
    if (this.#refused > 0) return 'no'
    return this.#causes.length > 0 ? 'maybe' : 'yes'
  }

  /** What it depends on whether this is read, where that cannot be known. */
  get cause(): string | undefined {
    return this.#causes.at(-1)
  }

  /** The first one that has no end. */
  get unclosed(): { directive: string; line: number } | undefined {
    return this.#open[0]
  }

  begin(directive: string, line: number, reading: Reading, cause: string): void {
    this.#open.push({ directive, line, reading })
    if (reading === 'no') this.#refused++
    if (reading === 'maybe') this.#causes.push(cause)
  }

  /** As in Kamailio, one without a beginning is passed over. */
  otherwise(): void {
    const condition = this.#open.at(-1)
    if (condition === undefined || condition.reading === 'maybe') return
    condition.reading = condition.reading === 'no' ? 'yes' : 'no'
    this.#refused += condition.reading === 'no' ? 1 : -1
  }

  /** Returns false for one without a beginning. */
  end(): boolean {
    const condition = this.#open.pop()
    if (condition?.reading === 'no') this.#refused--
    if (condition?.reading === 'maybe') this.#causes.pop()
    return condition !== undefined
  }
}
