/** The lines of the list as elements. */
import type { NodeAnswer, QueueAnswer } from './answers.ts'
import { make, makeButton, makeIcon, setAttribute, setShown, setText } from './elements.ts'
import type { History } from './history.ts'
import type { Line } from './lines.ts'
import { QueueView } from './queue-view.ts'
import type { Text, Words } from './words.ts'

/** What the lines need to know, and what they can do. */
export interface Lookup {
  readonly text: Text
  readonly words: Words
  history(node: NodeAnswer, queue: QueueAnswer): History
  /** What a config node is called. */
  nameOf(node: NodeAnswer): string
  /** Opens the dialog of a config node; undefined where the editor has none of that id. */
  editor(node: NodeAnswer): (() => void) | undefined
}

/** A line that is drawn. */
export interface DrawnLine {
  readonly element: HTMLElement
  update(line: Line): void
}

let lastId = 0

export function drawLine(line: Line, lookup: Lookup): DrawnLine {
  if (line.is === 'node') return new NodeLine(lookup)
  return line.is === 'queue' ? new QueueLine(lookup) : new ErrorLine()
}

/** An item of the tree, with what a reader of the screen wants to know of its place. */
function makeItem(kind: Line['is'], level: number): HTMLElement {
  const element = make('div', `mqueue-line mqueue-line-${kind}`)
  lastId += 1
  element.id = `mqueue-sidebar-line-${lastId}`
  setAttribute(element, 'role', 'treeitem')
  setAttribute(element, 'aria-level', String(level))
  return element
}

function setPlace(element: HTMLElement, { position, count, key }: Line): void {
  setAttribute(element, 'aria-posinset', String(position))
  setAttribute(element, 'aria-setsize', String(count))
  if (element.dataset.key !== key) element.dataset.key = key
}

class NodeLine implements DrawnLine {
  readonly element = makeItem('node', 1)
  readonly #lookup: Lookup
  readonly #arrow = makeIcon('chevron-down')
  readonly #name = make('bdi', 'mqueue-name')
  readonly #count = make('span', 'mqueue-size')
  readonly #place = make('div', 'mqueue-details')
  readonly #edit: HTMLButtonElement
  #node: NodeAnswer | undefined

  constructor(lookup: Lookup) {
    this.#lookup = lookup
    const edit = () => this.#node && lookup.editor(this.#node)?.()
    this.#edit = makeButton('pencil', lookup.text('sidebar.edit'), edit, true)
    const head = make('div', 'mqueue-head')
    head.append(this.#arrow, this.#name, this.#count, this.#edit)
    this.element.append(head, this.#place)
  }

  update(line: Line): void {
    if (line.is !== 'node') return
    const { node, isOpen } = line
    const { words, text } = this.#lookup
    this.#node = node
    setPlace(this.element, line)
    setAttribute(this.element, 'aria-expanded', String(isOpen))
    this.#arrow.classList.toggle('mqueue-folded', !isOpen)
    const name = this.#lookup.nameOf(node)
    const place = words.place(node)
    const count = words.number(node.queues.length)
    setText(this.#name, name)
    setText(this.#count, count)
    setText(this.#place, place)
    setAttribute(
      this.element,
      'aria-label',
      `${name}: ${text('sidebar.queues', { number: count })}, ${place}`,
    )
    setShown(this.#edit, this.#lookup.editor(node) !== undefined)
    setAttribute(this.#edit, 'aria-label', text('sidebar.editOf', { name }))
  }
}

class ErrorLine implements DrawnLine {
  readonly element = makeItem('error', 2)

  update(line: Line): void {
    if (line.is !== 'error') return
    setPlace(this.element, line)
    setText(this.element, line.error)
    setAttribute(this.element, 'title', line.error)
  }
}

class QueueLine implements DrawnLine {
  readonly element = makeItem('queue', 2)
  readonly #lookup: Lookup
  readonly #view: QueueView

  constructor(lookup: Lookup) {
    this.#lookup = lookup
    this.#view = new QueueView(lookup.text, lookup.words)
    this.element.append(this.#view.element)
  }

  update(line: Line): void {
    if (line.is !== 'queue') return
    const { node, queue } = line
    setPlace(this.element, line)
    setAttribute(this.element, 'aria-label', this.#lookup.words.spoken(queue))
    this.#view.update(queue, this.#lookup.history(node, queue))
  }
}
