import { text } from './text.ts'

/** The part of a queue's row that says what a new name means, and offers to use it in the nodes that name the queue. */
export class RenameNotice {
  readonly #root: JQuery
  readonly #held: JQuery
  readonly #choice: JQuery
  readonly #box: JQuery
  readonly #label: JQuery

  /** @param row the element of the row, to which the part is added */
  constructor(row: JQuery) {
    this.#root = $('<div>', { class: 'mqueue-renamed' }).prop('hidden', true).appendTo(row)
    this.#held = $('<div>', { class: 'mqueue-held', role: 'status' }).appendTo(this.#root)
    this.#choice = $('<label>').appendTo(this.#root)
    this.#box = $('<input>', { type: 'checkbox' }).prop('checked', true).appendTo(this.#choice)
    this.#label = $('<span>').appendTo(this.#choice)
  }

  /** Whether the nodes that name the queue get its new name. */
  get isFollowed(): boolean {
    return this.#box.prop('checked') === true
  }

  /**
   * @param held what becomes of the items of the queue; blank where there is nothing to say
   * @param uses how many nodes name it
   */
  show(held: string, uses: number): void {
    this.#root.prop('hidden', held === '' && uses === 0)
    if (this.#held.text() !== held) this.#held.text(held)
    this.#choice.prop('hidden', uses === 0)
    this.#label.text(text('renamed.uses', { number: uses }))
  }

  hide(): void {
    this.#root.prop('hidden', true)
  }
}
