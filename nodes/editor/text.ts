import { type MqueueError, quote } from '../../src/errors.ts'

const CATALOGUE = '@mqueue/node-red-mqueue/mqueue:mqueue'

/** A text of the dialogs and of the sidebar in the language of the editor. */
export function text(key: string, values: Record<string, unknown> = {}): string {
  return RED._(fullKey(key), values)
}

/** The key of a text for those who look it up themselves, such as Node-RED's list of actions. */
export function fullKey(key: string): string {
  return `${CATALOGUE}.${key}`
}

/** What is wrong, in the language of the editor. */
export function explain({ rule, part = '', line, message }: MqueueError): string {
  const reason = rule === undefined ? message : text(`rule.${rule}`, { part: quote(part) })
  return line === undefined ? reason : text('import.line', { line, reason })
}

/**
 * A text for the list of what is wrong with a node. Node-RED shows it as HTML in one place and
 * as plain text in others, and it reads the same in both.
 */
export function harmless(shown: string): string {
  return shown.replaceAll('<', '‹').replaceAll('>', '›')
}
