import { MODES, type ModeField } from './modes.ts'
import { text } from './text.ts'

/** What a mode does, with Kamailio's number; anything but a mode is shown as it is. */
export function modeText(field: ModeField, value: string): string {
  return MODES[field].some((known) => known === value) ? text(`${field}.${value}`) : value
}

/**
 * Fills a select with the modes of a field, and chooses one.
 *
 * @param chosen the mode; one that is not known, such as `${NAME}`, becomes a choice of its own
 * @param blank what blank stands for, where it may be blank
 */
export function fillModes(select: JQuery, field: ModeField, chosen: string, blank?: string): void {
  const values = new Set<string>(MODES[field])
  if (chosen !== '') values.add(chosen)
  select.empty()
  if (blank !== undefined) $('<option>', { value: '' }).text(blank).appendTo(select)
  for (const value of values) {
    $('<option>', { value }).text(modeText(field, value)).appendTo(select)
  }
  select.val(chosen)
}
