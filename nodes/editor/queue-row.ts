import type { DefinitionDefaults, QueueDefinitionInput } from '../../src/definition.ts'
import type { MqueueError } from '../../src/errors.ts'
import { persists } from './check.ts'
import { EngineChoice } from './engine-select.ts'
import { FailureFields } from './failure-fields.ts'
import { addField, cellOf, isUnchanged, meant } from './field.ts'
import { fillModes } from './mode-select.ts'
import { FAILURE_FIELDS } from './modes.ts'
import { RenameNotice } from './rename-notice.ts'
import { shown } from './shown.ts'
import { explain, text } from './text.ts'

const FIELDS = ['name', 'size', 'addmode', 'dbmode', ...FAILURE_FIELDS] as const
type Field = (typeof FIELDS)[number]

let rows = 0

/** A queue in the list of the dialog. */
export class QueueRow {
  /** The definition as it was given; empty for a queue that was just added. */
  readonly given: QueueDefinitionInput
  readonly renamed: RenameNotice
  readonly #failures: FailureFields
  readonly #row: JQuery
  readonly #problem: JQuery
  /** What stood in its fields at first. */
  readonly #first: string
  /** Where the queue lives. */
  #engine = new EngineChoice('')
  /** A queue that was just added is not wrong before it is left. */
  #left: boolean

  /**
   * @param container the element of the list's item
   * @param given the definition to show; what else it holds is kept
   */
  constructor(container: JQuery, given: QueueDefinitionInput) {
    this.given = given
    this.#left = given.name !== undefined
    this.#row = $('<div>', { class: 'mqueue-row' }).appendTo(container)
    const item = container.parent()
    item.find('.red-ui-editableList-item-remove').attr('aria-label', text('list.remove'))
    item.find('.red-ui-editableList-item-handle').attr('title', text('list.move'))
    addField(this.#row, '<input>', 'name', given.name)
    addField(this.#row, '<input>', 'size', given.size).attr('inputmode', 'numeric')
    fillModes(addField(this.#row, '<select>', 'addmode'), 'addmode', shown(given.addmode), '')
    fillModes(addField(this.#row, '<select>', 'dbmode'), 'dbmode', shown(given.dbmode) || '0')
    this.#failures = new FailureFields(this.#row, given)
    const id = `mqueue-problem-${++rows}`
    this.#problem = $('<div>', { class: 'mqueue-problem', id, role: 'status' })
    this.renamed = new RenameNotice(this.#row)
    this.#row.on('focusout', () => {
      this.#left = true
    })
    this.#first = this.#written()
  }

  /** Whether it is a queue that was just added, in which nothing stands that somebody wrote or chose. */
  get isUntouched(): boolean {
    return this.given.name === undefined && this.#written() === this.#first
  }

  /** What stands in its fields. */
  #written(): string {
    const fields = this.#row.find('input, select').toArray()
    return JSON.stringify(fields.map((field) => $(field).val() ?? ''))
  }

  /** The element of a field: a select of modes may have become a text field. */
  #field(field: Field): JQuery {
    return this.#row.find(`.mqueue-${field}`)
  }

  /** The name as it stands in its field. */
  name(): string {
    return String(this.#field('name').val()).trim()
  }

  /** The name that it was given, where it has another one now. */
  formerName(): string | undefined {
    const former = shown(this.given.name).trim()
    return ['', this.name()].includes(former) || this.name() === '' ? undefined : former
  }

  /** The definition as it stands in the fields. */
  value(): QueueDefinitionInput {
    const { given } = this
    const value: QueueDefinitionInput = {
      ...given,
      name: isUnchanged(this.#field('name'), given.name) ? given.name : this.name(),
      size: meant(this.#field('size'), given.size),
      addmode: meant(this.#field('addmode'), given.addmode),
      dbmode: meant(this.#field('dbmode'), given.dbmode),
      ...this.#failures.value(),
    }
    for (const field of this.#engine.idleFields) {
      if (field !== 'dbmode') delete value[field]
      else if (persists(value)) value.dbmode = 0
    }
    return value
  }

  /** Hides the fields that have no effect where the queue lives, and are left out then, and shows the others. */
  liveIn(engine: EngineChoice): void {
    this.#engine = engine
    const idle = new Set<string>(engine.idleFields)
    for (const field of ['addmode', 'dbmode'] as const) {
      cellOf(this.#field(field)).prop('hidden', idle.has(field))
    }
    this.#failures.toggle(FAILURE_FIELDS.some((field) => !idle.has(field)))
  }

  /** Offers the other rows as dead letter queues. */
  offerDeadLetters(rows: readonly QueueRow[]): void {
    this.#failures.offer(rows.filter((row) => row !== this))
  }

  /** Shows what blank fields take. */
  showDefaults({ mqueueSize, mqueueAddmode }: DefinitionDefaults): void {
    const size = shown(mqueueSize).trim()
    const bound = size === '' || size === '0' ? text('unlimited') : size
    const isElsewhere = this.#engine.isKamailio
    this.#field('size').attr('placeholder', isElsewhere ? text('kamailio.size') : bound)
    const mode = shown(mqueueAddmode).trim() || '0'
    this.#field('addmode').find('option[value=""]').text(text('addmode.default', { mode }))
  }

  /** Says what is wrong with the queue, or that nothing is. */
  showProblem(found: MqueueError | undefined): void {
    const error = this.#left ? found : undefined
    const broken = error === undefined ? undefined : fieldOf(error)
    for (const field of FIELDS) {
      const input = this.#field(field)
      const bad = field === broken
      input.toggleClass('input-error', bad).attr('aria-invalid', bad ? 'true' : null)
      input.attr('aria-describedby', bad ? (this.#problem.attr('id') ?? null) : null)
    }
    if (FAILURE_FIELDS.some((field) => field === broken)) this.#failures.unfold()
    this.#row.toggleClass('mqueue-bad', error !== undefined)
    const cell = cellOf(this.#field(broken ?? 'name'))
    // Its place does not change while one types, so that a screen reader reads it once.
    if (!this.#problem.parent().is(cell)) this.#problem.appendTo(cell)
    this.#problem.text(error === undefined ? '' : explain(error))
  }

  focus(): void {
    this.#field('name').trigger('focus')
  }
}

/** The field to correct. */
function fieldOf({ field }: MqueueError): Field {
  if (field === 'mqueueSize') return 'size'
  if (field === 'mqueueAddmode') return 'addmode'
  return FIELDS.find((known) => known === field) ?? 'name'
}
