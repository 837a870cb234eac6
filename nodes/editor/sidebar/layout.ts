import { HEIGHTS, type Line } from './lines.ts'

/** Where each line of the list is, so that only those are drawn that can be seen. */
export class Layout {
  readonly lines: readonly Line[]
  readonly #tops: number[] = []
  /** The height of all lines, in px. */
  readonly height: number

  constructor(lines: readonly Line[]) {
    this.lines = lines
    let top = 0
    for (const { is } of lines) {
      this.#tops.push(top)
      top += HEIGHTS[is]
    }
    this.height = top
  }

  /** Where a line begins. */
  top(index: number): number {
    return this.#tops[index] ?? this.height
  }

  /** Where a line ends. */
  bottom(index: number): number {
    return this.top(index + 1)
  }

  /** The line at a height; the last one for what is below it, and -1 where there is none. */
  at(y: number): number {
    let [low, high] = [0, this.lines.length - 1]
    while (low < high) {
      const middle = Math.ceil((low + high) / 2)
      if (this.top(middle) <= y) low = middle
      else high = middle - 1
    }
    return high
  }

  /** The index of the line with a key; -1 where there is none. */
  indexOf(key: string | undefined): number {
    return key === undefined ? -1 : this.lines.findIndex((line) => line.key === key)
  }

  /** How far to scroll so that a line can be seen whole, from where the list is scrolled to now. */
  scrolledTo(index: number, scroll: number, height: number): number {
    if (this.top(index) < scroll) return this.top(index)
    if (this.bottom(index) > scroll + height) return this.bottom(index) - height
    return scroll
  }
}
