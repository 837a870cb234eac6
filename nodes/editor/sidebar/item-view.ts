import type { ItemAnswer, WholeItem } from './answers.ts'
import { make, makeButton, setAttribute, setText } from './elements.ts'
import { indented } from './indented.ts'
import { makeLongText } from './long-text.ts'
import { readable } from './readable.ts'
import type { Text, Words } from './words.ts'

/** What can be done with an item. */
export interface ItemActions {
  readonly text: Text
  readonly words: Words
  readonly canRemove: boolean
  /** Whether it may go back to the queue that gave it up, where one did. */
  readonly canSendBack: boolean
  whole(id: string): Promise<WholeItem>
  remove(item: ItemAnswer): void
  sendBack(item: ItemAnswer): void
  failed(error: unknown): void
}

/** An item of a queue: its key, the beginning of its value, and all of it when that is asked for. */
export class ItemView {
  readonly element = make('li', 'mqueue-item')
  readonly #item: ItemAnswer
  readonly #actions: ItemActions
  readonly #open: HTMLButtonElement
  readonly #about = make('div', 'mqueue-details')
  #whole: HTMLElement | undefined

  constructor(item: ItemAnswer, actions: ItemActions) {
    this.#item = item
    this.#actions = actions
    this.#open = this.#makeOpener()
    const head = make('div', 'mqueue-head')
    head.append(this.#open, ...this.#makeButtons())
    this.element.append(head, this.#about)
    this.update(item)
  }

  /** Shows how old the item is by now. */
  update(item: ItemAnswer): void {
    setText(this.#about, this.#actions.words.item(item))
  }

  get hasFocus(): boolean {
    return this.element.contains(document.activeElement)
  }

  #makeOpener(): HTMLButtonElement {
    const { key, value, kind, isCut } = this.#item
    const button = make('button', 'mqueue-opener')
    button.type = 'button'
    const end = isCut ? '…' : ''
    if (key !== '') button.append(make('bdi', 'mqueue-key', readable(key)))
    button.append(make('bdi', `mqueue-value mqueue-kind-${kind}`, `${readable(value)}${end}`))
    setAttribute(button, 'aria-expanded', 'false')
    button.addEventListener('click', () => this.#toggle())
    return button
  }

  #makeButtons(): HTMLButtonElement[] {
    const { text, canRemove, canSendBack } = this.#actions
    const item = this.#item
    const buttons: HTMLButtonElement[] = []
    const add = (icon: string, label: string, press: () => void) => {
      const button = makeButton(icon, label, press, true)
      const name = readable(item.key === '' ? item.value : item.key).slice(0, 60)
      setAttribute(button, 'aria-label', `${label}: ${name}`)
      buttons.push(button)
    }
    if (canSendBack && item.queue !== undefined) {
      add('reply', text('sidebar.item.sendBack'), () => this.#actions.sendBack(item))
    }
    if (canRemove) add('trash', text('sidebar.item.remove'), () => this.#actions.remove(item))
    return buttons
  }

  #toggle(): void {
    if (this.#whole === undefined) this.#show()
    else {
      this.#whole.remove()
      this.#whole = undefined
    }
    setAttribute(this.#open, 'aria-expanded', String(this.#whole !== undefined))
  }

  async #show(): Promise<void> {
    const { text } = this.#actions
    const place = make('div', 'mqueue-whole-item', text('sidebar.item.reading'))
    this.#whole = place
    this.element.append(place)
    try {
      const whole = await this.#actions.whole(this.#item.id)
      if (this.#whole === place) place.replaceChildren(...this.#wholeOf(whole))
    } catch (error) {
      if (this.#whole === place) this.#toggle()
      this.#actions.failed(error)
    }
  }

  #wholeOf({ key, value, kind, isCut }: WholeItem): HTMLElement[] {
    const { text, words } = this.#actions
    const part = (label: string, shown: string) => {
      const value = makeLongText(shown)
      setAttribute(value, 'aria-label', label)
      return [make('div', 'mqueue-label', label), value]
    }
    const copy = makeButton('copy', text('sidebar.item.copy'), () => {
      RED.clipboard.copyText(value, $(copy), text('sidebar.item.copied'))
    })
    const isJson = ['object', 'list', 'map', 'set'].includes(kind)
    // A short key is read in full above.
    const parts = [
      ...(key === this.#item.key ? [] : part(text('sidebar.item.key'), key)),
      ...part(
        text('sidebar.item.value', { kind: words.kind(kind) }),
        isJson ? indented(value) : value,
      ),
    ]
    if (isCut) parts.push(make('div', 'mqueue-details', text('sidebar.item.cut')))
    return [...parts, copy]
  }
}
