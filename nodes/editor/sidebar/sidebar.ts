import { text } from '../text.ts'
import type { NodeAnswer, QueueAnswer, QueuesAnswer } from './answers.ts'
import { configOf, editConfig, nameOf } from './editor-nodes.ts'
import { make, makeIcon, setAttribute, setShown, setText } from './elements.ts'
import { Feed } from './feed.ts'
import { Histories, keyOf } from './histories.ts'
import { linesOf } from './lines.ts'
import { List } from './list.ts'
import { Opened, type Surroundings } from './opened.ts'
import { Refusal, Server } from './server.ts'
import { isMadeOf } from './uses.ts'
import { Words } from './words.ts'

/** A queue as the editor knows it: the id of its config node there, and its name. */
export interface Target {
  readonly config: string
  readonly queue: string
}

/** What keeps the numbers from coming. */
interface Trouble {
  readonly said: string
  /** Whether what was shown before may not be seen. */
  readonly isForbidden: boolean
}

type Found = readonly [NodeAnswer, QueueAnswer]

/** What the tab shows: a list of all queues, or one of them that is open. */
export class Sidebar {
  readonly #root: HTMLElement
  readonly #words = new Words(text, RED.i18n.lang())
  readonly #server = new Server(text)
  readonly #histories = new Histories()
  readonly #feed: Feed<QueuesAnswer>
  readonly #search = make('input', 'mqueue-search')
  /** What is wrong, above all else. */
  readonly #notice = make('div', 'mqueue-notice')
  /** The list, with its search. */
  readonly #all = make('div', 'mqueue-all')
  /** Why the list is empty. */
  readonly #empty = make('div', 'mqueue-note')
  readonly #list: List
  readonly #folded = new Set<string>()
  readonly #around: Surroundings
  #answer: QueuesAnswer | undefined
  #trouble: Trouble | undefined
  #opened: Opened | undefined
  /** The queue to mark in the list. */
  #marked: Target | undefined
  /** The queue to open with the next answer. */
  #toOpen: Target | undefined

  constructor(root: HTMLElement) {
    this.#root = root
    this.#around = this.#surroundings()
    this.#list = new List(this.#around, {
      open: ({ node, queue }) => this.#open([node, queue]),
      fold: ({ node }, isOpen) => this.#fold(node, isOpen),
    })
    this.#feed = new Feed({
      ask: () => this.#server.queues(),
      answered: (answer) => this.#answered(answer),
      failed: (error) => this.#failed(error),
    })
    this.#build()
  }

  /** Goes on, or stops, as people see it or do not. */
  shown(isShown: boolean): void {
    if (!isShown) this.#feed.stop()
    else if (RED.user.hasPermission('mqueue.read')) {
      this.#feed.start()
      this.#list.restore()
    } else {
      const said = text('sidebar.forbidden', { permission: 'mqueue.read' })
      this.#trouble = { said, isForbidden: true }
      this.#show()
    }
  }

  /** Marks a queue in the list, and scrolls to it. */
  mark(target: Target | undefined): void {
    const isSame = target?.config === this.#marked?.config && target?.queue === this.#marked?.queue
    if (isSame) return
    this.#marked = target
    const [node] = this.#find(target) ?? []
    if (node !== undefined) this.#folded.delete(node.id)
    this.#show()
  }

  /** Opens a queue, as soon as it is known how it stands now. */
  open(target: Target): void {
    this.#toOpen = target
    this.#feed.hurry()
  }

  /** Moves the focus to the queue that is open, or to the search. */
  focus(): void {
    if (this.#opened === undefined) this.#search.focus({ preventScroll: true })
    else this.#opened.focus()
  }

  #surroundings(): Surroundings {
    const unnamed = text('label.type')
    return {
      text,
      words: this.#words,
      server: this.#server,
      mayWrite: RED.user.hasPermission('mqueue.write'),
      history: (node, queue) => this.#histories.of(node, queue),
      nameOf: (node) => nameOf(node, unnamed),
      editor: ({ id }) => {
        const config = configOf(id)
        return config === undefined ? undefined : () => editConfig(config)
      },
      close: () => this.#close(),
      changed: () => this.#feed.hurry(),
    }
  }

  #build(): void {
    const search = make('div', 'mqueue-search-row')
    this.#search.type = 'search'
    this.#search.placeholder = text('sidebar.search')
    setAttribute(this.#search, 'aria-label', text('sidebar.search'))
    this.#search.addEventListener('input', () => {
      this.#show()
      this.#list.begin()
    })
    this.#search.addEventListener('keydown', (event) => {
      if (event.key !== 'ArrowDown') return
      event.preventDefault()
      this.#list.focus()
    })
    search.append(makeIcon('search'), this.#search)
    for (const told of [this.#notice, this.#empty]) {
      setAttribute(told, 'role', 'status')
      told.hidden = true
    }
    this.#all.append(search, this.#empty, this.#list.element)
    this.#root.replaceChildren(this.#notice, this.#all)
    this.#root.addEventListener('keydown', (event) => {
      if (event.key === 'Escape' && this.#opened !== undefined) this.#close()
    })
  }

  #answered(answer: QueuesAnswer): void {
    this.#answer = answer
    this.#trouble = undefined
    this.#histories.note(answer)
    this.#show()
    if (this.#toOpen !== undefined) this.#openWanted(this.#toOpen)
  }

  #failed(error: unknown): void {
    const isForbidden = error instanceof Refusal && error.isForbidden
    this.#trouble = { said: error instanceof Error ? error.message : String(error), isForbidden }
    this.#show()
    if (!(error instanceof Refusal)) console.error(error)
  }

  #show(): void {
    const isForbidden = this.#trouble?.isForbidden === true
    const opened = this.#opened
    const found = opened && this.#findRunning(opened.address.node, opened.address.queue)
    const isGone = opened !== undefined && found === undefined
    const gone = isGone ? text('sidebar.gone', { queue: opened.address.queue }) : ''
    const said = this.#trouble?.said ?? gone
    setText(this.#notice, said)
    setShown(this.#notice, said !== '')
    this.#root.classList.toggle('mqueue-stale', said !== '')
    setShown(this.#all, !isForbidden && opened === undefined)
    if (opened !== undefined) setShown(opened.element, !isForbidden)
    if (opened === undefined) this.#showList()
    else if (found !== undefined) opened.update(...found)
  }

  #showList(): void {
    if (this.#answer === undefined) return
    const { nodes } = this.#answer
    const lines = linesOf(nodes, this.#search.value, this.#folded, this.#around.nameOf)
    const [node, queue] = this.#find(this.#marked) ?? []
    this.#list.show(lines, node && queue && keyOf(node.id, queue.name))
    setShown(this.#empty, lines.length === 0)
    setText(this.#empty, text(nodes.length === 0 ? 'sidebar.none' : 'sidebar.noMatch'))
  }

  #open([node, queue]: Found): void {
    this.#opened?.element.remove()
    this.#opened = new Opened(node, queue, this.#around)
    this.#root.append(this.#opened.element)
    this.#show()
    this.#opened.focus()
  }

  #close(): void {
    this.#opened?.element.remove()
    this.#opened = undefined
    this.#show()
    this.#list.restore()
    this.#list.focus()
  }

  #fold({ id }: NodeAnswer, isOpen: boolean): void {
    if (isOpen) this.#folded.delete(id)
    else this.#folded.add(id)
    this.#show()
  }

  #openWanted(target: Target): void {
    this.#toOpen = undefined
    const found = this.#find(target)
    if (found !== undefined) this.#open(found)
    else {
      const said = text('sidebar.notRunning', { queue: target.queue })
      RED.notify($('<p>').text(said), 'warning')
    }
  }

  /** How a queue stands that runs, or one of the queues that run where a subflow has several. */
  #find(target: Target | undefined): Found | undefined {
    const nodes = this.#answer?.nodes ?? []
    const made = nodes.filter(({ id }) => target !== undefined && isMadeOf(id, target.config))
    for (const node of made) {
      const queue = node.queues.find(({ name }) => name === target?.queue)
      if (queue !== undefined) return [node, queue]
    }
    return undefined
  }

  #findRunning(id: string, name: string): Found | undefined {
    const node = this.#answer?.nodes.find((one) => one.id === id)
    const queue = node?.queues.find((one) => one.name === name)
    return node && queue && [node, queue]
  }
}
