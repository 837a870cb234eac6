/**
 * What is wrong with a property of a node, for its red triangle. Each returns true, or the reason in
 * the language of the editor.
 */

import { ACTIONS } from './actions.ts'
import { applies } from './applies.ts'
import {
  checkDbUrl,
  checkDefinitions,
  checkPoll,
  checkPrefix,
  checkRedisUrl,
  checkRpcUrl,
  isReference,
  persists,
} from './check.ts'
import { definedQueues } from './defined-queues.ts'
import { EngineChoice } from './engine-select.ts'
import { inDialog } from './in-dialog.ts'
import { whyNot } from './lacking.ts'
import { explain, harmless, text } from './text.ts'

/** Of a config node: its list of queues. */
export function validateQueues(node: EditorNode, queues: unknown): true | string {
  const { mqueueSize, mqueueAddmode } = node
  const engine = EngineChoice.of(node)
  const { errors } = checkDefinitions(queues ?? [], { mqueueSize, mqueueAddmode })
  const wrong = errors.filter(({ field, row }) => row !== undefined || field === 'queues')
  if (wrong.length === 0) {
    const isKept = Array.isArray(queues) && queues.some((queue) => persists(queue ?? {}))
    if (!isKept || engine.mayHaveDatabase) return true
    return text(engine.isRedis ? 'redis.dbmode' : 'kamailio.dbmode')
  }
  const reasons = wrong.map((error) => {
    const name = rowName(queues, error.row)
    return name === '' ? explain(error) : `"${name}": ${explain(error)}`
  })
  return harmless(reasons.join(' '))
}

function rowName(queues: unknown, row = -1): string {
  const { name = '' } = (Array.isArray(queues) ? queues[row] : undefined) ?? {}
  return String(name).slice(0, 64)
}

/** Of a config node: what blank sizes and addmodes become. */
export function validateDefault(
  field: 'mqueueSize' | 'mqueueAddmode',
  value: unknown,
): true | string {
  const { errors } = checkDefinitions([], { [field]: value })
  return errors[0] === undefined ? true : explain(errors[0])
}

/** Of a config node: the address of its database, where a queue needs one. */
export function validateDbUrl(node: EditorNode, dbUrl: unknown): true | string {
  const { queues } = node
  if (!EngineChoice.of(node).mayHaveDatabase) return true
  if (Array.isArray(queues) && !queues.some((queue) => persists(queue ?? {}))) return true
  const error = checkDbUrl(dbUrl)
  return error === undefined ? true : explain(error)
}

/** Of a config node: where its Redis is, while it has one. */
export function validateRedis(
  node: EditorNode,
  field: 'redisUrl' | 'prefix',
  value: unknown,
): true | string {
  if (!EngineChoice.of(node).mayBeRedis) return true
  const error = field === 'prefix' ? checkPrefix(value) : checkRedisUrl(value)
  return error === undefined ? true : explain(error)
}

/** Of a config node: where its live Kamailio is, and how often it is asked, while it has one. */
export function validateKamailio(
  node: EditorNode,
  field: 'rpcUrl' | 'poll',
  value: unknown,
): true | string {
  if (!EngineChoice.of(node).mayBeKamailio) return true
  const error = field === 'poll' ? checkPoll(value) : checkRpcUrl(value)
  return error === undefined ? true : explain(error)
}

/** Of a flow node: a property that asks for what may be lacking where the queues live. */
export function validateSupported(
  node: EditorNode,
  property: string,
  value: unknown,
): true | string {
  return whyNot(node, property, value) ?? true
}

/** Of a flow node: the queue it works on. */
export function validateQueue(node: EditorNode, queue: unknown, options: object): true | string {
  const type = inDialog(node, 'queueType') || 'queue'
  const name = String(queue ?? '')
  const reason = whyNot(node, 'queue', queue)
  if (reason !== undefined) return reason
  if (type === 'all') return true
  if (name.trim() === '') return text('queue.none')
  if (type !== 'queue') return validateTyped(node, 'queue', queue, options)
  const names = definedQueues(inDialog(node, 'mqueue'))
  // Without a config node, the choice of the config node must be corrected.
  if (names === undefined || isReference(name) || names.some(isReference)) return true
  return names.includes(name) ? true : harmless(text('queue.unknown', { name }))
}

/** Of a flow node: a property whose type can be chosen. */
export function validateTyped(
  node: EditorNode,
  property: string,
  value: unknown,
  options: object,
): true | string {
  if (value === undefined || !applies(node, property)) return true
  return validity(value, inDialog(node, `${property}Type`), options)
}

/** Of a flow node: what it does, or the property of messages that says so. */
export function validateAction(node: EditorNode, action: unknown, options: object): true | string {
  const reason = whyNot(node, 'action', action)
  if (reason !== undefined) return reason
  if (action === undefined || isReference(action)) return true
  if (inDialog(node, 'actionType') === 'msg') return validity(action, 'msg', options)
  return ACTIONS[node.type]?.includes(String(action)) ? true : text('invalid')
}

/** Of a flow node: a property of messages that it sets; blank takes the default. */
export function validateTarget(value: unknown, options: object): true | string {
  return value === undefined || value === '' || validity(value, 'msg', options)
}

function validity(value: unknown, type: string, options: object): true | string {
  const valid = RED.utils.validateTypedProperty(value, type, options)
  if (valid === true) return true
  return valid === false ? text('invalid') : harmless(valid)
}
