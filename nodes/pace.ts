/** When items were handed out, by the id of the node: a deploy does not restart the window. */
const paces = new Map<string, Pace>()

/** How many times of the past are kept before they are cleared away. */
const MOST_PAST = 1_000

/** Holds a node to so many items in any window of some length. What was not used is not saved up. */
export class Pace {
  /** When items were handed out, in ms, oldest first. */
  #times: number[] = []
  /** The first of them that is in the window. */
  #first = 0

  /** The pace of a node, whichever instance of it asks. */
  static of(node: string): Pace {
    const known = paces.get(node) ?? new Pace()
    paces.set(node, known)
    return known
  }

  /** Forgets the pace of a node that was deleted. */
  static forget(node: string): void {
    paces.delete(node)
  }

  /**
   * How many items may be handed out now.
   *
   * @param rate how many in a window
   * @param per the length of the window, in ms
   */
  room(rate: number, per: number): number {
    const from = performance.now() - per
    while (this.#first < this.#times.length && (this.#times[this.#first] as number) <= from) {
      this.#first++
    }
    if (this.#first > MOST_PAST && this.#first > this.#times.length / 2) {
      this.#times = this.#times.slice(this.#first)
      this.#first = 0
    }
    return Math.max(0, rate - (this.#times.length - this.#first))
  }

  /** How long until there is room for another one, in ms, where there is none now. */
  wait(rate: number, per: number): number {
    const next = this.#times.at(-rate)
    return next === undefined ? 0 : Math.max(0, next + per - performance.now())
  }

  /** Counts items that are handed out. */
  count(items: number): void {
    const now = performance.now()
    for (let i = 0; i < items; i++) this.#times.push(now)
  }
}
