import { make, setAttribute } from './elements.ts'
import { Layout } from './layout.ts'
import type { Line } from './lines.ts'
import { type DrawnLine, drawLine, type Lookup } from './list-lines.ts'

/** How far beyond what can be seen lines are drawn, in px, so that scrolling finds them there. */
const MARGIN = 150

/** What is done when a line is chosen, by its key. */
export interface Choices {
  open(line: Line & { is: 'queue' }): void
  fold(line: Line & { is: 'node' }, isOpen: boolean): void
}

/** The list of all queues, by mouse and by keyboard. Only the lines that can be seen are drawn. */
export class List {
  readonly element = make('div', 'mqueue-list')
  readonly #space = make('div', 'mqueue-space')
  readonly #lookup: Lookup
  readonly #choices: Choices
  readonly #drawn = new Map<string, DrawnLine>()
  #layout = new Layout([])
  /** What the page says of the element, kept since asking it costs a layout. */
  #height = 0
  #scroll = 0
  /** The line that keys act on. */
  #active: string | undefined
  /** The line of the queue of the node that is selected on the canvas. */
  #marked: string | undefined
  #isDrawing = false

  constructor(lookup: Lookup, choices: Choices) {
    this.#lookup = lookup
    this.#choices = choices
    this.element.tabIndex = 0
    setAttribute(this.element, 'role', 'tree')
    setAttribute(this.element, 'aria-label', lookup.text('sidebar.list'))
    setAttribute(this.#space, 'role', 'presentation')
    this.element.append(this.#space)
    this.element.addEventListener('scroll', () => this.#scrolled(), { passive: true })
    this.element.addEventListener('click', (event) => this.#clicked(event))
    this.element.addEventListener('keydown', (event) => this.#pressed(event))
    new ResizeObserver(([entry]) => {
      this.#height = entry?.contentRect.height ?? 0
      this.#draw()
    }).observe(this.element)
  }

  /**
   * Shows lines. The list stays where it is scrolled to, unless another one is marked than before.
   *
   * @param marked the key of the line that is marked
   */
  show(lines: readonly Line[], marked: string | undefined): void {
    const before = this.#layout.indexOf(this.#active)
    this.#layout = new Layout(lines)
    const height = `${this.#layout.height}px`
    if (this.#space.style.height !== height) this.#space.style.height = height
    if (this.#layout.indexOf(this.#active) < 0) {
      this.#active = lines[Math.min(Math.max(before, 0), lines.length - 1)]?.key
    }
    const isNew = marked !== this.#marked && this.#layout.indexOf(marked) >= 0
    this.#marked = marked
    if (isNew) this.#activate(marked)
    else this.#draw()
  }

  /** Scrolls to the first line, since others are shown than before. */
  begin(): void {
    this.#scroll = 0
    this.element.scrollTop = 0
    this.#draw()
  }

  focus(): void {
    this.element.focus({ preventScroll: true })
  }

  /** Returns to where it was scrolled to, after it was not shown. */
  restore(): void {
    this.element.scrollTop = this.#scroll
  }

  #scrolled(): void {
    // What is not shown is scrolled to its top.
    if (this.element.offsetParent === null) return
    this.#scroll = this.element.scrollTop
    if (this.#isDrawing) return
    this.#isDrawing = true
    requestAnimationFrame(() => {
      this.#isDrawing = false
      this.#draw()
    })
  }

  #draw(): void {
    const { lines } = this.#layout
    const first = Math.max(0, this.#layout.at(this.#scroll - MARGIN))
    const last = this.#layout.at(this.#scroll + this.#height + MARGIN)
    const wanted = this.#height === 0 ? [] : lines.slice(first, last + 1)
    const keys = new Set(wanted.map(({ key }) => key))
    for (const [key, { element }] of this.#drawn) {
      if (keys.has(key)) continue
      element.remove()
      this.#drawn.delete(key)
    }
    let next = this.#space.firstElementChild
    for (const [index, line] of wanted.entries()) {
      const { element } = this.#drawOne(line, this.#layout.top(first + index))
      // A reader of the screen goes by the order of the elements.
      if (element === next) next = next.nextElementSibling
      else this.#space.insertBefore(element, next)
    }
    const active = this.#active === undefined ? undefined : this.#drawn.get(this.#active)
    setAttribute(this.element, 'aria-activedescendant', active?.element.id)
  }

  #drawOne(line: Line, top: number): DrawnLine {
    let drawn = this.#drawn.get(line.key)
    if (drawn === undefined) {
      drawn = drawLine(line, this.#lookup)
      this.#drawn.set(line.key, drawn)
    }
    const { element } = drawn
    drawn.update(line)
    const place = `translateY(${top}px)`
    if (element.style.transform !== place) element.style.transform = place
    element.classList.toggle('mqueue-active', line.key === this.#active)
    setAttribute(element, 'aria-selected', String(line.key === this.#active))
    setAttribute(element, 'aria-current', line.key === this.#marked ? 'true' : undefined)
    return drawn
  }

  #clicked({ target }: Event): void {
    const element = target instanceof Element ? target.closest<HTMLElement>('.mqueue-line') : null
    const index = this.#layout.indexOf(element?.dataset.key)
    if (index < 0) return
    this.#activate(element?.dataset.key)
    this.#choose(index)
  }

  #choose(index: number): void {
    const line = this.#layout.lines[index]
    if (line?.is === 'queue') this.#choices.open(line)
    else if (line?.is === 'node') this.#choices.fold(line, !line.isOpen)
  }

  #pressed(event: KeyboardEvent): void {
    // The buttons in the list have their own keys.
    if (event.target !== this.element || event.ctrlKey || event.metaKey || event.altKey) return
    const index = this.#layout.indexOf(this.#active)
    const move = this.#moved(event.key, index)
    if (move !== undefined) this.#activate(this.#layout.lines[move]?.key)
    else if (event.key === 'Enter' || event.key === ' ') this.#choose(index)
    else if (event.key === 'ArrowLeft' || event.key === 'ArrowRight') this.#turn(event.key, index)
    else return
    event.preventDefault()
  }

  /** The line that a key goes to; undefined for other keys. */
  #moved(key: string, from: number): number | undefined {
    const last = this.#layout.lines.length - 1
    const page = Math.max(1, this.#height - 80)
    const to = {
      ArrowDown: from + 1,
      ArrowUp: from - 1,
      Home: 0,
      End: last,
      PageDown: this.#layout.at(this.#layout.top(from) + page),
      PageUp: this.#layout.at(this.#layout.top(from) - page),
    }[key]
    return to === undefined ? undefined : Math.min(Math.max(to, 0), last)
  }

  /** Unfolds or folds a config node, or goes from a queue to its config node. */
  #turn(key: string, index: number): void {
    const line = this.#layout.lines[index]
    if (line?.is === 'node') {
      const isOpen = key === 'ArrowRight'
      if (line.isOpen === isOpen && isOpen) this.#activate(this.#layout.lines[index + 1]?.key)
      else this.#choices.fold(line, isOpen)
    } else if (line !== undefined && key === 'ArrowLeft') this.#activate(line.node.id)
  }

  #activate(key: string | undefined): void {
    this.#active = key
    const index = this.#layout.indexOf(key)
    if (index >= 0) {
      this.#scroll = this.#layout.scrolledTo(index, this.#scroll, this.#height)
      if (this.element.scrollTop !== this.#scroll) this.element.scrollTop = this.#scroll
    }
    this.#draw()
  }
}
