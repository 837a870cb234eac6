import { MODES, type ModeField } from './modes.ts'
import { text } from './text.ts'

/** What a mode does, with Kamailio's number; anything but a mode is shown as it is. */
export function modeText(field: ModeField, value: string): string {
  return MODES[field].some((known) => known === value) ? text(`${field}.${value}`) : value
}

/** The choice to type the name of an environment variable instead. */
// biome-ignore lint/suspicious/noTemplateCurlyInString: as Node-RED writes a reference
const ENVIRONMENT = '${}'

/** A choice of a select. */
export interface Choice {
  value: string
  label: string
}

/**
 * Fills a select with the modes of a field, and chooses one. Its last choice makes a text field of it.
 *
 * @param chosen the mode; one that is not known, such as `${NAME}`, becomes its own choice
 * @param blank what blank stands for, where it may be blank
 */
export function fillModes(select: JQuery, field: ModeField, chosen: string, blank?: string): void {
  const values = new Set<string>(MODES[field])
  if (chosen !== '') values.add(chosen)
  const choices = [...values].map((value) => ({ value, label: modeText(field, value) }))
  if (blank !== undefined) choices.unshift({ value: '', label: blank })
  fillSelect(select, choices, chosen)
}

/** Fills a select again, and chooses one. Its last choice makes a text field of it. */
export function fillSelect(select: JQuery, choices: readonly Choice[], chosen: string): void {
  select.empty()
  for (const { value, label } of [...choices, { value: ENVIRONMENT, label: text('environment') }]) {
    $('<option>', { value }).text(label).appendTo(select)
  }
  select.val(chosen)
  select.off('change.mqueue').on('change.mqueue', () => {
    if (select.val() === ENVIRONMENT) typeReference(select)
  })
}

/** Puts a text field in the place of a select, with the caret where the name goes. */
function typeReference(select: JQuery): void {
  const input = $('<input>').attr({ type: 'text', autocomplete: 'off' }).val(ENVIRONMENT)
  for (const name of ['id', 'class', 'aria-describedby'])
    input.attr(name, select.attr(name) ?? null)
  select.replaceWith(input)
  const element = input[0] as HTMLInputElement
  element.focus()
  element.setSelectionRange(2, 2)
}
