/** The words that people see in the editor, in English. */
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { PROJECT } from './node-red.ts'

const CATALOGUES = [
  'nodes/locales/en-US/*.json',
  'node_modules/@node-red/editor-client/locales/en-US/editor.json',
  'node_modules/@node-red/nodes/locales/en-US/messages.json',
]

function texts(value: unknown): string[] {
  return typeof value === 'string' ? [value] : Object.values(value as object).flatMap(texts)
}

/** All texts of the package's dialogs, and of Node-RED's own editor and nodes. */
export const LABELS: readonly string[] = globSync(CATALOGUES, { cwd: PROJECT })
  .flatMap((file) => texts(JSON.parse(readFileSync(join(PROJECT, file), 'utf8'))))
  .map((text) => text.trim())

/** Whether a word is a label, or what one begins with before its unit or its explanation: `Wait` of `Wait (s)`, `drop` of `drop: the oldest item goes`. */
export function isLabel(word: string): boolean {
  const asked = word.toLowerCase()
  return LABELS.some((label) => {
    const rest = label.slice(word.length)
    return label.toLowerCase().startsWith(asked) && /^(?:$|[:,]| \()/.test(rest)
  })
}
