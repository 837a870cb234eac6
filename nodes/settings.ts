import { MqueueError } from '../src/errors.ts'
import { unsetVariable } from '../src/variable.ts'

/** The longest lease, in s: a day. */
export const LONGEST_LEASE = 86_400

/** What the dialogs of the nodes call their settings. */
const LABELS: Readonly<Record<string, string>> = {
  ack: 'Items are',
  action: 'Action',
  as: 'As',
  count: 'Items',
  delay: 'Retry after (s)',
  inFlight: 'At a time',
  lease: 'Lease (s)',
  per: 'per (s)',
  rate: 'Pace (items)',
  wait: 'Wait (s)',
}

/** What a number of a node's settings may be. */
interface Range {
  /** The property of the node, such as `lease`. */
  readonly what: string
  /** What its dialog calls it, where that is not what most nodes call it. */
  readonly label?: string
  readonly least: number
  readonly most: number
  /** Whether it is a count, so that it must be a whole number. */
  readonly isWhole?: boolean
}

/**
 * Reads a number of a node's settings, which may be a text where it came from an environment variable.
 *
 * @param fallback what a blank one is
 * @throws MqueueError `MQ_INVALID_VALUE` that says what is allowed
 */
export function numberIn(
  value: unknown,
  fallback: number,
  { what, label = labelOf(what), least, most, isWhole = false }: Range,
): number {
  if (value === undefined || value === null || value === '') return fallback
  assertSet(value, what, label)
  const isNumber = typeof value === 'number' || (typeof value === 'string' && value.trim() !== '')
  const number = isNumber ? Number(value) : Number.NaN
  if (number >= least && number <= most && (!isWhole || Number.isInteger(number))) return number
  const kind = isWhole ? 'a whole number' : 'a number'
  const highest = Number.isFinite(most) && most < Number.MAX_SAFE_INTEGER ? ` to ${most}` : ' on'
  const text = `${label} must be ${kind} from ${least}${highest}, not ${shown(value)}. Correct it in the node.`
  throw new MqueueError('MQ_INVALID_VALUE', text, { field: what })
}

/** Whether a checkbox of a node's settings is set, also where it came from an environment variable. */
export function isSet(value: unknown): boolean {
  return value === true || value === 'true'
}

/** Reads one of some words; blank is the first. */
export function wordIn<Word extends string>(
  value: unknown,
  what: string,
  words: readonly [Word, ...Word[]],
): Word {
  if (value === undefined || value === null || value === '') return words[0]
  const word = words.find((one) => one === value)
  if (word !== undefined) return word
  const label = labelOf(what)
  assertSet(value, what, label)
  const text = `${label} must be one of ${words.join(', ')}, not ${shown(value)}.`
  throw new MqueueError('MQ_INVALID_VALUE', text, { field: what })
}

/** @throws MqueueError for a setting whose environment variable is not set */
function assertSet(value: unknown, field: string, label: string): void {
  const unset = unsetVariable(value)
  if (unset === undefined) return
  const text = `${unset.text}. Set it, or enter a value for ${label} in the node.`
  throw new MqueueError('MQ_INVALID_VALUE', text, { field })
}

function labelOf(what: string): string {
  return LABELS[what] ?? what
}

function shown(value: unknown): string {
  return typeof value === 'string' ? `"${value.slice(0, 40)}"` : `a ${typeof value}`
}
