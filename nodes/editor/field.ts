import { shown } from './shown.ts'
import { text } from './text.ts'

/**
 * Adds a field of a queue, with its label, to a part of its row.
 *
 * @param tag `<input>` or `<select>`
 * @param name the name of the field in the definition
 */
export function addField(parent: JQuery, tag: string, name: string, value?: unknown): JQuery {
  const label = $('<label>', { class: 'mqueue-field', title: text(`label.${name}`) })
  $('<span>')
    .text(text(`column.${name}`))
    .appendTo(label)
  const input = $(tag, { class: `mqueue-${name}` }).appendTo(label.appendTo(parent))
  if (tag === '<input>') input.attr({ type: 'text', autocomplete: 'off' }).val(shown(value))
  return input
}

/** Whether a field still shows what was given. */
export function isUnchanged(field: JQuery, given: unknown): boolean {
  return given !== undefined && String(field.val()) === shown(given)
}

/** The value of a field, as it was given unless it was changed. */
export function meant(field: JQuery, given: unknown): unknown {
  if (isUnchanged(field, given)) return given
  const value = String(field.val() ?? '').trim()
  return /^\d+$/.test(value) && Number.isSafeInteger(Number(value)) ? Number(value) : value
}
