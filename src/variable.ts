import { MqueueError, quote } from './errors.ts'
import { isReference } from './written.ts'

/** A variable of the environment that is not set. */
export interface UnsetVariable {
  readonly name: string
  /** A sentence that says so, without its full stop. */
  readonly text: string
  /** The same, and what to do about it. */
  readonly hint: string
}

/**
 * What is wrong with a value that Node-RED has left as it was written, such as `${NAME}`, since there is no such
 * environment variable.
 *
 * @returns undefined for any other value
 */
export function unsetVariable(value: unknown): UnsetVariable | undefined {
  if (!isReference(value)) return undefined
  const name = value.slice(2, -1)
  const text = `The environment variable ${quote(name)} is not set`
  return { name, text, hint: `${text}. Set it, or enter a value in the mqueue config node.` }
}

/**
 * Makes sure that a setting of the config node does not come from an environment variable that is not set.
 *
 * @param field the property of the config node
 * @throws MqueueError `MQ_INVALID_DEFINITION`, naming the variable
 */
export function assertSet(value: unknown, field: string): void {
  const unset = unsetVariable(value)
  if (unset === undefined) return
  const place = { field, rule: 'notSet', part: unset.name } as const
  throw new MqueueError('MQ_INVALID_DEFINITION', unset.hint, place)
}
