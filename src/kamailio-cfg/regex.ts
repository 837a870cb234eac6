import { type Options, parseRegex, type Step } from './regex-parser.ts'

/** How much work may still be done, so that no text takes longer than its length allows. */
export interface Budget {
  left: number
}

export class BudgetSpent extends Error {}

const NEWLINE = 10

/**
 * A pattern of POSIX's extended regular expressions, matched step by step for all ways at once: it
 * never goes back. Of the matches at the first place that has one, it is the longest.
 */
export class Regex {
  readonly #steps: readonly Step[]
  readonly #lines: boolean
  readonly #budget: Budget
  readonly #marks: number[]
  #mark = 0

  private constructor(steps: readonly Step[], options: Options, budget: Budget) {
    this.#steps = steps
    this.#lines = options.lines === true
    this.#budget = budget
    this.#marks = steps.map(() => 0)
  }

  /** Returns undefined for what is not a pattern, or has what is not known here. */
  static compile(pattern: string, options: Options, budget: Budget): Regex | undefined {
    budget.left -= pattern.length
    const steps = parseRegex(pattern, options)
    return steps === undefined ? undefined : new Regex(steps, options, budget)
  }

  /**
   * The first and longest match from a place on.
   *
   * @param begins whether a line begins at that place
   * @throws BudgetSpent
   */
  search(text: string, from: number, begins: boolean): { from: number; to: number } | undefined {
    for (let at = from; at <= text.length; at++) {
      const to = this.#longest(text, at, from, begins)
      if (to !== undefined) return { from: at, to }
    }
    return undefined
  }

  #longest(text: string, start: number, first: number, begins: boolean): number | undefined {
    let found: number | undefined
    let current: number[] = []
    const add = (list: number[], step: number, at: number) => {
      const pending = [step]
      while (pending.length > 0) {
        const index = pending.pop() as number
        if (this.#marks[index] === this.#mark) continue
        this.#marks[index] = this.#mark
        if (--this.#budget.left < 0) throw new BudgetSpent()
        const one = this.#steps[index] as Step
        if (one.kind === 'split') pending.push(index + one.targets[1], index + one.targets[0])
        else if (one.kind === 'jump') pending.push(index + one.target)
        else if (one.kind === 'begin') {
          const isFirst = at === first && begins
          const isNext = this.#lines && at > first && text.charCodeAt(at - 1) === NEWLINE
          if (isFirst || isNext) pending.push(index + 1)
        } else if (one.kind === 'end') {
          if (at === text.length || (this.#lines && text.charCodeAt(at) === NEWLINE)) {
            pending.push(index + 1)
          }
        } else if (one.kind === 'match') found = at
        else list.push(index)
      }
    }
    this.#mark++
    add(current, 0, start)
    for (let at = start; current.length > 0 && at < text.length; at++) {
      const next: number[] = []
      this.#mark++
      for (const index of current) {
        if (--this.#budget.left < 0) throw new BudgetSpent()
        const one = this.#steps[index] as Step
        if (one.kind === 'character' && one.test(text.charCodeAt(at))) add(next, index + 1, at + 1)
      }
      current = next
    }
    return found
  }
}
