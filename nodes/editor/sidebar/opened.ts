import type { Action, ItemAnswer, NodeAnswer, Outcome, QueueAnswer } from './answers.ts'
import { configOf, editConfig } from './editor-nodes.ts'
import { make, makeButton, setAttribute, setShown, setText } from './elements.ts'
import { ItemList } from './item-list.ts'
import type { Lookup } from './list-lines.ts'
import { ask } from './question.ts'
import { QueueView } from './queue-view.ts'
import type { Address, Server } from './server.ts'
import { UsesPanel } from './uses-panel.ts'

/** What a queue that is open needs. */
export interface Surroundings extends Lookup {
  readonly server: Server
  /** Whether the user may change queues. */
  readonly mayWrite: boolean
  /** Goes back to the list. */
  close(): void
  /** Asks for the numbers again, since they have changed. */
  changed(): void
}

/** A queue that is open: how it stands, what can be done with it, who uses it, and its first items. */
export class Opened {
  readonly element = make('section', 'mqueue-opened')
  readonly address: Address
  readonly #around: Surroundings
  readonly #view: QueueView
  readonly #items: ItemList
  readonly #said = make('div', 'mqueue-said')
  readonly #pause: HTMLButtonElement
  readonly #resume: HTMLButtonElement
  readonly #clear: HTMLButtonElement
  readonly #sendBack: HTMLButtonElement
  readonly #isWritable: (what: string) => boolean
  #queue: QueueAnswer
  /** What is under way: it is not begun twice by a second click. */
  readonly #pending = new Set<string>()

  constructor(node: NodeAnswer, queue: QueueAnswer, around: Surroundings) {
    const { text, words, server, mayWrite } = around
    this.#around = around
    this.#queue = queue
    this.address = { node: node.id, queue: queue.name }
    const can = new Set(node.can ?? [])
    this.#isWritable = (what) => mayWrite && can.has(what)
    this.#view = new QueueView(text, words)
    this.#items = new ItemList(
      {
        text,
        words,
        canRemove: this.#isWritable('remove'),
        canSendBack: this.#isWritable('send-back'),
        whole: (id) => server.item(this.address, id),
        remove: (item) => this.#act('remove', item),
        sendBack: (item) => this.#act('send-back', item),
        failed: (error) => this.#fail(error),
      },
      (from, count) => server.items(this.address, from, count),
    )
    const button = (icon: string, key: string, press: () => void) =>
      makeButton(icon, text(key), press)
    this.#pause = button('pause', 'sidebar.do.pause', () => this.#act('pause'))
    this.#resume = button('play', 'sidebar.do.resume', () => this.#act('resume'))
    this.#sendBack = button('reply-all', 'sidebar.do.sendBack', () => this.#act('send-back'))
    this.#clear = button('trash', 'sidebar.do.clear', () => this.#askToClear())
    this.#build(node, can.has('peek'))
    this.update(node, queue)
  }

  /** Shows the queue as it stands now. */
  update(node: NodeAnswer, queue: QueueAnswer): void {
    this.#queue = queue
    this.#view.update(queue, this.#around.history(node, queue))
    this.#showButtons(queue)
  }

  #showButtons(queue: QueueAnswer): void {
    const canPause = this.#isWritable('pause') && queue.paused !== undefined
    setShown(this.#pause, canPause && queue.paused === false)
    setShown(this.#resume, canPause && queue.paused === true)
    setShown(this.#sendBack, this.#isWritable('send-back') && queue.isDeadLetters === true)
    setShown(this.#clear, this.#isWritable('clear'))
    this.#clear.disabled = queue.size === 0
    this.#sendBack.disabled = queue.size === 0
  }

  /** Moves the focus here. */
  focus(): void {
    this.element.focus({ preventScroll: true })
  }

  #build(node: NodeAnswer, canPeek: boolean): void {
    const { text, close, nameOf } = this.#around
    const { element, address } = this
    element.tabIndex = -1
    setAttribute(element, 'aria-label', address.queue)
    const bar = make('div', 'mqueue-head')
    const config = make('bdi', 'mqueue-details', nameOf(node))
    bar.append(makeButton('chevron-left', text('sidebar.back'), close), config)
    const editor = configOf(node.id)
    if (editor !== undefined) {
      const label = text('sidebar.edit')
      bar.append(makeButton('pencil', label, () => editConfig(editor), true))
    }
    setAttribute(this.#said, 'role', 'status')
    const buttons = make('div', 'mqueue-buttons')
    buttons.append(this.#pause, this.#resume, this.#sendBack, this.#clear)
    const parts = [bar, this.#view.element, buttons, this.#said]
    element.append(...parts, new UsesPanel(text, address).element)
    if (!canPeek) {
      element.append(make('p', 'mqueue-note', text('sidebar.cannotPeek')))
      return
    }
    const head = make('div', 'mqueue-head mqueue-items-head')
    const again = makeButton('refresh', text('sidebar.again'), () => this.#items.read(), true)
    head.append(make('h3', '', text('sidebar.items')), again)
    element.append(head, this.#items.element)
    this.#items.read()
  }

  async #askToClear(): Promise<void> {
    const { text, words } = this.#around
    const { name, size } = this.#queue
    const question = text('sidebar.clear.question', {
      queue: name,
      number: words.number(size ?? 0),
    })
    const place = this.element.parentElement ?? this.element
    if (await ask(place, question, text('sidebar.clear.yes'), text('sidebar.clear.no'))) {
      await this.#act('clear')
    }
  }

  /** Does something, says what it did, and asks for what may have changed. */
  async #act(action: Action, item?: ItemAnswer): Promise<void> {
    const what = JSON.stringify([action, item?.id])
    if (this.#pending.has(what)) return
    this.#pending.add(what)
    try {
      const outcome = await this.#around.server.act(this.address, action, item?.id)
      this.#say(this.#told(action, outcome))
      if (action === 'pause' || action === 'resume') this.#turn(action === 'pause')
    } catch (error) {
      this.#fail(error)
    } finally {
      this.#pending.delete(what)
    }
    this.#around.changed()
    if (action !== 'pause' && action !== 'resume') await this.#items.read()
  }

  /** Shows at once that the queue was paused or resumed, and leaves the focus on the button for the other one. */
  #turn(isPaused: boolean): void {
    const pressed = isPaused ? this.#pause : this.#resume
    const hadFocus = document.activeElement === pressed
    this.#showButtons({ ...this.#queue, paused: isPaused })
    if (hadFocus) (isPaused ? this.#resume : this.#pause).focus()
  }

  #told(action: Action, outcome: Outcome): string {
    const { text, words } = this.#around
    const number = words.number(outcome.count)
    if (action === 'send-back') return words.sentBack(outcome)
    if (action === 'pause') return text('sidebar.done.paused')
    if (action === 'resume') return text('sidebar.done.resumed')
    return text('sidebar.done.removed', { number })
  }

  #say(said: string): void {
    this.#said.classList.remove('mqueue-failed')
    setText(this.#said, said)
  }

  #fail(error: unknown): void {
    this.#said.classList.add('mqueue-failed')
    setText(this.#said, error instanceof Error ? error.message : String(error))
  }
}
