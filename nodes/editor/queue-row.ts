import type { DefinitionDefaults, QueueDefinitionInput } from '../../src/definition.ts'
import type { MqueueError } from '../../src/errors.ts'
import { fillModes, modeText } from './mode-select.ts'
import { explain, text } from './text.ts'

const FIELDS = ['name', 'size', 'addmode', 'dbmode'] as const
type Field = (typeof FIELDS)[number]

let rows = 0

/** A queue in the list of the dialog. */
export class QueueRow {
  readonly #given: QueueDefinitionInput
  readonly #row: JQuery
  readonly #problem: JQuery
  /** A queue that was just added is not wrong before it is left. */
  #left: boolean

  /**
   * @param container the element of the list's item
   * @param given the definition to show; what else it holds is kept
   */
  constructor(container: JQuery, given: QueueDefinitionInput) {
    this.#given = given
    this.#left = given.name !== undefined
    this.#row = $('<div>', { class: 'mqueue-row' }).appendTo(container)
    const item = container.parent()
    item.find('.red-ui-editableList-item-remove').attr('aria-label', text('list.remove'))
    item.find('.red-ui-editableList-item-handle').attr('title', text('list.move'))
    this.#add('<input>', 'name', given.name)
    this.#add('<input>', 'size', given.size).attr('inputmode', 'numeric')
    fillModes(this.#add('<select>', 'addmode'), 'addmode', shown(given.addmode), '')
    fillModes(this.#add('<select>', 'dbmode'), 'dbmode', shown(given.dbmode) || '0')
    const id = `mqueue-problem-${++rows}`
    this.#problem = $('<div>', { class: 'mqueue-problem', id, role: 'status' }).appendTo(this.#row)
    this.#row.on('focusout', () => {
      this.#left = true
    })
  }

  #add(tag: string, field: Field, value?: unknown): JQuery {
    const label = $('<label>', { class: 'mqueue-field', title: text(`label.${field}`) })
    $('<span>')
      .text(text(`column.${field}`))
      .appendTo(label)
    const input = $(tag, { class: `mqueue-${field}` }).appendTo(label.appendTo(this.#row))
    if (tag === '<input>') input.attr({ type: 'text', autocomplete: 'off' }).val(shown(value))
    return input
  }

  /** The element of a field: a select of modes may have become a text field. */
  #field(field: Field): JQuery {
    return this.#row.find(`.mqueue-${field}`)
  }

  /** The definition as it stands in the fields. */
  value(): QueueDefinitionInput {
    const given = this.#given
    const name = this.#field('name')
    return {
      ...given,
      name: unchanged(name, given.name) ? given.name : String(name.val()).trim(),
      size: meant(this.#field('size'), given.size),
      addmode: meant(this.#field('addmode'), given.addmode),
      dbmode: meant(this.#field('dbmode'), given.dbmode),
    }
  }

  /** Shows what blank fields take. */
  showDefaults({ mqueueSize, mqueueAddmode }: DefinitionDefaults): void {
    const size = shown(mqueueSize).trim()
    this.#field('size').attr('placeholder', size === '' || size === '0' ? text('unlimited') : size)
    const mode = modeText('addmode', shown(mqueueAddmode).trim() || '0')
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
    this.#row.toggleClass('mqueue-bad', error !== undefined)
    this.#problem.text(error === undefined ? '' : explain(error))
  }

  focus(): void {
    this.#field('name').trigger('focus')
  }
}

function shown(value: unknown): string {
  return value === undefined || value === null ? '' : String(value)
}

function unchanged(field: JQuery, given: unknown): boolean {
  return given !== undefined && String(field.val()) === shown(given)
}

/** The value of a field, as it was given unless it was changed. */
function meant(field: JQuery, given: unknown): unknown {
  if (unchanged(field, given)) return given
  const value = String(field.val() ?? '').trim()
  return /^\d+$/.test(value) && Number.isSafeInteger(Number(value)) ? Number(value) : value
}

/** The field to mend. */
function fieldOf({ field }: MqueueError): Field {
  if (field === 'mqueueSize') return 'size'
  if (field === 'mqueueAddmode') return 'addmode'
  return FIELDS.find((known) => known === field) ?? 'name'
}
