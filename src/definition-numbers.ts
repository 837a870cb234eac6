import { invalid, notSet, ruleOf } from './definition-errors.ts'
import { ALLOWED, DEFAULT_LABELS } from './definition-words.ts'
import { MqueueError } from './errors.ts'
import { unsetVariable } from './variable.ts'
import { isBlank } from './written.ts'

const INTEGER = /^\d+$/

/** The defaults of a list of definitions, as they are written. */
type Defaults = { readonly [field in keyof typeof DEFAULT_LABELS]?: unknown }

/** What is wrong with the defaults themselves, whether or not a queue takes them. */
export function defaultErrors(defaults: Defaults): MqueueError[] {
  const errors: MqueueError[] = []
  for (const [field, highest, rule] of [
    ['mqueueSize', Number.MAX_SAFE_INTEGER, 'defaultSize'],
    ['mqueueAddmode', 2, 'defaultAddmode'],
  ] as const) {
    const number = integer(defaults[field])
    if (number !== undefined && number <= highest) continue
    const { text } = ALLOWED[field === 'mqueueSize' ? 'size' : 'addmode']
    const unset = unsetVariable(defaults[field])
    const message = unset?.hint ?? `${DEFAULT_LABELS[field]} must be ${text}`
    errors.push(
      new MqueueError('MQ_INVALID_DEFINITION', message, {
        queue: '',
        field,
        ...ruleOf(rule, unset),
      }),
    )
  }
  return errors
}

/**
 * Reads a number of a definition.
 *
 * @param fallback what a blank one takes
 * @throws MqueueError `MQ_INVALID_DEFINITION`, naming the queue, the field and what is allowed
 */
export function parseNumber(
  queue: string,
  field: keyof typeof ALLOWED,
  value: unknown,
  fallback: unknown,
  highest: number,
): number {
  const number = integer(isBlank(value) ? fallback : value)
  if (number !== undefined && number <= highest) return number
  const { label, text, defaultField, blankRule } = ALLOWED[field]
  if (!isBlank(value)) throw invalid(queue, field, field, `${label} must be ${text}`)
  const unset = unsetVariable(fallback)
  if (unset !== undefined) throw notSet(queue, defaultField, unset)
  const taken = DEFAULT_LABELS[defaultField as keyof typeof DEFAULT_LABELS]
  const reason = `${label} is blank, and ${taken} must be ${text}`
  throw invalid(queue, defaultField, blankRule, reason)
}

/** A whole number from 0 on, also when written as text; undefined for anything else, 0 for nothing. */
function integer(value: unknown): number | undefined {
  if (isBlank(value)) return 0
  const text = typeof value === 'string' ? value.trim() : value
  const number = typeof text === 'string' && INTEGER.test(text) ? Number(text) : text
  return Number.isSafeInteger(number) && (number as number) >= 0 ? (number as number) : undefined
}
