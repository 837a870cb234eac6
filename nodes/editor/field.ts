import { shown } from './shown.ts'
import { text } from './text.ts'

/**
 * Adds a field of a queue, with its label, to a part of its row. What is wrong with it goes below it, into the same cell.
 *
 * @param tag `<input>` or `<select>`
 * @param name the name of the field in the definition
 */
export function addField(parent: JQuery, tag: string, name: string, value?: unknown): JQuery {
  const cell = $('<div>', { class: `mqueue-cell mqueue-cell-${name}` }).appendTo(parent)
  const label = $('<label>', { class: 'mqueue-field', title: text(`label.${name}`) })
  $('<span>')
    .text(text(`column.${name}`))
    .appendTo(label)
  const input = $(tag, { class: `mqueue-${name}` }).appendTo(label.appendTo(cell))
  if (tag === '<input>') input.attr({ type: 'text', autocomplete: 'off' }).val(shown(value))
  return input
}

/** The cell of a row that a field is in. */
export function cellOf(field: JQuery): JQuery {
  return field.closest('.mqueue-cell')
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
