import { configField } from './checked-fields.ts'
import { text } from './text.ts'

/** What the runtime answers: what it has found, or why it has found nothing. */
export type Answer<Found> = ({ ok: true } & Found) | { ok: false; message: string }

/** What is asked, and where in the dialog. */
export interface Question<Found> {
  /** The path of the route. */
  url: string
  /** The properties that stand in the dialog and are sent. */
  properties: readonly string[]
  /** The part of the dialog that these stand in. */
  section: string
  button: string
  /** The element that says what came of it. */
  said: string
  /** The texts for the time until there is an answer, for one without success, and for none. */
  texts: { asking: string; failed: string; refused: string }
  /** Is called with what was found, and returns what to say of it. */
  describe(found: Found): string
}

/** A button of the dialog that has the runtime ask the server that stands there, before it is deployed. */
export class ServerQuestion<Found> {
  readonly #question: Question<Found>
  readonly #id: string
  readonly #button: JQuery
  readonly #said: JQuery
  /** The number of questions so far: only the last one may say what it found. */
  #asked = 0

  /** @param id the id of the config node, whose stored password the runtime may take */
  constructor(id: string, question: Question<Found>) {
    this.#id = id
    this.#question = question
    this.#said = $(question.said)
    this.#button = $(question.button).on('click', () => this.#ask())
    // What was found may not be true of what stands there now.
    $(question.section).on('input change', () => this.#forget())
  }

  async #ask(): Promise<void> {
    const { asking, failed, refused } = this.#question.texts
    const asked = ++this.#asked
    const hadFocus = this.#button.is(':focus')
    this.#button.prop('disabled', true)
    this.#tell(text(asking))
    const answer = await this.#answer().catch(({ status = 0 }: JQuery.jqXHR) => Number(status))
    if (asked !== this.#asked) return
    this.#button.prop('disabled', false)
    // A button that is disabled loses it.
    if (hadFocus && document.activeElement === document.body) this.#button.trigger('focus')
    if (typeof answer === 'number') this.#tell(text(refused, { status: answer }), true)
    else if (answer.ok) this.#tell(this.#question.describe(answer))
    else this.#tell(text(failed, { reason: answer.message }), true)
  }

  async #answer(): Promise<Answer<Found>> {
    const { url, properties } = this.#question
    const entries = properties.map((name) => {
      const value = String(configField(name).val() ?? '')
      // Node-RED's word for no config node.
      return [name, value === '_ADD_' ? '' : value]
    })
    return await $.ajax({
      url,
      method: 'POST',
      contentType: 'application/json',
      data: JSON.stringify({ id: this.#id, ...Object.fromEntries(entries) }),
    })
  }

  #forget(): void {
    this.#asked++
    this.#button.prop('disabled', false)
    this.#tell('')
  }

  #tell(said: string, isBad = false): void {
    this.#said.toggleClass('mqueue-problem', isBad).text(said)
  }
}
