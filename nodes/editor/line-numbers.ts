/** The numbers of the lines of a text area, which scroll with it. They are for the eye only. */
export class LineNumbers {
  readonly #area: JQuery
  readonly #numbers: JQuery
  #lines = 0

  /** @param area a `<textarea>` that does not wrap its lines */
  constructor(area: JQuery) {
    this.#area = area
    this.#numbers = $('<div>', { class: 'mqueue-line-numbers' })
    const column = $('<div>', { class: 'mqueue-line-column', 'aria-hidden': 'true' })
    column.append(this.#numbers).insertBefore(area)
    area.on('input', () => this.show())
    area.on('scroll', () => this.#follow())
    this.show()
  }

  /** Shows as many numbers as the text has lines. */
  show(): void {
    const lines = String(this.#area.val()).split('\n').length
    if (lines !== this.#lines) {
      this.#lines = lines
      this.#numbers.text(Array.from({ length: lines }, (_, index) => index + 1).join('\n'))
    }
    this.#follow()
  }

  #follow(): void {
    this.#numbers.css('transform', `translateY(${-(this.#area.scrollTop() ?? 0)}px)`)
  }
}
