import { MqueueError, quote, type Rule } from './errors.ts'
import type { UnsetVariable } from './variable.ts'

/** The error of a field whose environment variable is not set. */
export function notSet(queue: string, field: string, { name, hint }: UnsetVariable): MqueueError {
  const { message } = invalid(queue, field, 'notSet', hint)
  const place = { queue, field, rule: 'notSet', part: name } as const
  return new MqueueError('MQ_INVALID_DEFINITION', message, place)
}

/** The rule that is broken, and the variable where one that is not set is the cause. */
export function ruleOf(
  rule: Rule,
  unset: UnsetVariable | undefined,
): { rule: Rule; part?: string } {
  return unset === undefined ? { rule } : { rule: 'notSet', part: unset.name }
}

/**
 * The error of a field of a definition.
 *
 * @param queue the name of the queue; blank for one without a name
 * @param reason what is wrong with it
 */
export function invalid(queue: string, field: string, rule: Rule, reason: string): MqueueError {
  const shown = queue === '' ? 'A queue without a name' : `Queue ${quote(queue)}`
  return new MqueueError('MQ_INVALID_DEFINITION', `${shown}: ${reason}`, { queue, field, rule })
}
