import { types } from 'node:util'
import type { Engine } from './engine.ts'
import { MqueueError } from './errors.ts'

/** Why a promise is refused, wherever it is found. */
export const PROMISE = 'it is a promise; wait for it before this node'

/**
 * The key of an item to add: a text; a number or a boolean is written as one. A missing key is the empty key
 * under addmode 0.
 *
 * @throws MqueueError `MQ_INVALID_KEY` for any other, and for a missing one under addmode 1 and 2
 */
export function keyOf(raw: unknown, engine: Engine, queue: string): string {
  if (typeof raw === 'string') return raw
  if (typeof raw === 'number' || typeof raw === 'boolean') return String(raw)
  const { addmode } = engine.definition(queue)
  if (raw !== undefined && raw !== null) {
    const what = types.isPromise(raw) ? `${nameOfType(raw)}: ${PROMISE}` : nameOfType(raw)
    const text = `A key is a text, a number or a boolean, not ${what}. Choose another key.`
    throw new MqueueError('MQ_INVALID_KEY', text)
  }
  if (addmode === 0) return ''
  const text = `The message has no key, and the queue keeps one item of each key (addmode ${addmode}).`
  throw new MqueueError(
    'MQ_INVALID_KEY',
    `${text} Give the message the property that the key is taken from.`,
  )
}

function nameOfType(value: unknown): string {
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`
}

/** The error of an item without a value, if that is all that is wrong with it. */
export function missingValue(engine: Engine, queue: string): MqueueError {
  engine.definition(queue)
  const text =
    'The message has no value to queue. Give it the property that the value is taken from.'
  return new MqueueError('MQ_INVALID_VALUE', text, { queue })
}
