import type { QueueDefinitionInput } from '../../src/definition.ts'
import { isReference } from './check.ts'
import { addField, meant } from './field.ts'
import { type Choice, fillModes, fillSelect } from './mode-select.ts'
import { FAILURE_FIELDS, type FailureField } from './modes.ts'
import { shown } from './shown.ts'
import { text } from './text.ts'

/** What a field takes when it is blank. */
const DEFAULTS: Partial<Record<FailureField, string>> = { whenFull: 'drop' }

/** A queue that can be chosen, by the name that it has at the moment. */
interface Named {
  name(): string
}

/** The part of a queue's row that is unfolded to say what happens when work fails, or the queue is full. */
export class FailureFields {
  readonly #given: QueueDefinitionInput
  readonly #details: JQuery
  readonly #set: JQuery
  /** The queue that is chosen for dead letters, so that the choice follows when it is renamed. */
  #chosen: Named | undefined
  #offered: readonly Named[] = []
  #listed = ''

  /**
   * @param row the element of the row, to which the part is added
   * @param given the definition to show
   */
  constructor(row: JQuery, given: QueueDefinitionInput) {
    this.#given = given
    this.#details = $('<details>', { class: 'mqueue-failures' }).appendTo(row)
    const summary = $('<summary>').appendTo(this.#details)
    $('<span>').text(text('failures')).appendTo(summary)
    this.#set = $('<span>').appendTo(summary)
    const fields = $('<div>', { class: 'mqueue-row' }).appendTo(this.#details)
    addField(fields, '<input>', 'attempts', given.attempts).attr('placeholder', text('unlimited'))
    addField(fields, '<input>', 'retryDelay', given.retryDelay).attr('placeholder', '1')
    const deadLetter = addField(fields, '<select>', 'deadLetter')
    addField(fields, '<input>', 'maxInFlight', given.maxInFlight).attr(
      'placeholder',
      text('unlimited'),
    )
    fillModes(addField(fields, '<select>', 'whenFull'), 'whenFull', shown(given.whenFull) || 'drop')
    fillSelect(deadLetter, this.#choices(shown(given.deadLetter)), shown(given.deadLetter))
    deadLetter.on('change', () => this.#follow())
    this.#details.on('input change', () => this.#summarize())
    this.#summarize()
  }

  /** The fields that are set, and those that were given. */
  value(): QueueDefinitionInput {
    const set = FAILURE_FIELDS.filter(
      (field) => this.#given[field] !== undefined || this.#isSet(field),
    )
    return Object.fromEntries(
      set.map((field) => [field, meant(this.#field(field), this.#given[field])]),
    )
  }

  /** Offers queues for dead letters. One that is chosen stays so when it has another name now. */
  offer(queues: readonly Named[]): void {
    this.#offered = queues
    const select = this.#field('deadLetter')
    if (!select.is('select')) return
    if (this.#chosen === undefined || !queues.includes(this.#chosen)) this.#follow()
    const name = this.#chosen?.name() ?? shown(select.val())
    const choices = this.#choices(name)
    // A list that is open would close.
    const listed = JSON.stringify([name, choices])
    if (listed === this.#listed) return
    this.#listed = listed
    fillSelect(select, choices, name)
    this.#summarize()
  }

  /** Shows the part where its fields have an effect. */
  toggle(isNeeded: boolean): void {
    this.#details.prop('hidden', !isNeeded)
  }

  unfold(): void {
    this.#details.prop('open', true)
  }

  #choices(chosen: string): Choice[] {
    const names = new Set(this.#offered.map((queue) => queue.name()).filter((name) => name !== ''))
    const choices = [...names].map((name) => ({ value: name, label: name }))
    if (chosen !== '' && !names.has(chosen)) {
      const label = isReference(chosen) ? chosen : text('queue.notDefined', { name: chosen })
      choices.push({ value: chosen, label })
    }
    return [{ value: '', label: text('deadLetter.none') }, ...choices]
  }

  /** Remembers which of the queues is chosen. */
  #follow(): void {
    const name = shown(this.#field('deadLetter').val())
    this.#chosen = this.#offered.find((queue) => name !== '' && queue.name() === name)
  }

  /** The element of a field: a select may have become a text field. */
  #field(field: FailureField): JQuery {
    return this.#details.find(`.mqueue-${field}`)
  }

  #isSet(field: FailureField): boolean {
    return !['', DEFAULTS[field]].includes(shown(this.#field(field).val()).trim())
  }

  /** Says beside the title what is set, for when the part is folded. */
  #summarize(): void {
    const set = FAILURE_FIELDS.filter((field) => this.#isSet(field)).map(
      (field) => `${text(`column.${field}`)} ${shown(this.#field(field).val())}`,
    )
    this.#set.text(set.length === 0 ? '' : `: ${set.join(', ')}`)
  }
}
