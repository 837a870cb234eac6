import { setAttribute } from './elements.ts'
import type { History } from './history.ts'
import { pathOf, scaleOf } from './line-path.ts'

const SVG = 'http://www.w3.org/2000/svg'
const WIDTH = 100
const HEIGHT = 20

/** A picture of what was added to a queue and taken from it in the last minutes. */
export class Sparkline {
  readonly element = document.createElementNS(SVG, 'svg')
  readonly #added = document.createElementNS(SVG, 'path')
  readonly #taken = document.createElementNS(SVG, 'path')

  /** @param name says what is shown; without one it says nothing to a reader of the screen */
  constructor(name?: string) {
    setAttribute(this.element, 'class', 'mqueue-spark')
    setAttribute(this.element, 'viewBox', `0 -1 ${WIDTH} ${HEIGHT + 2}`)
    setAttribute(this.element, 'preserveAspectRatio', 'none')
    if (name === undefined) setAttribute(this.element, 'aria-hidden', 'true')
    else {
      setAttribute(this.element, 'role', 'img')
      setAttribute(this.element, 'aria-label', name)
    }
    setAttribute(this.#added, 'class', 'mqueue-added')
    setAttribute(this.#taken, 'class', 'mqueue-taken')
    this.element.append(this.#added, this.#taken)
  }

  update(history: History): void {
    const { added, taken } = history.lines()
    const most = scaleOf(added, taken)
    setAttribute(this.#added, 'd', pathOf(added, WIDTH, HEIGHT, most))
    setAttribute(this.#taken, 'd', pathOf(taken, WIDTH, HEIGHT, most))
  }
}
