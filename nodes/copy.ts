import type { NodeAPI, NodeMessage } from 'node-red'
import { MqueueError } from '../src/errors.ts'

/**
 * Copies what is to be queued, so that what later nodes do to the message does not reach into the
 * queue. What cannot be copied is shared, as Node-RED shares it between the messages it
 * clones: `msg.req`, `msg.res`, functions, errors.
 *
 * @param msg the message the value came with
 * @throws MqueueError `MQ_INVALID_VALUE` when the value is nested too deeply to be copied
 */
export function copyOf(RED: NodeAPI, value: unknown, msg: NodeMessage): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (value === msg.req || value === msg.res) return value
  try {
    if (isFlat(value)) return { ...value }
    if (isPlain(value)) return RED.util.cloneMessage(value as NodeMessage)
    // cloneMessage gives {} for an error or the like, but shares it where it is inside of something.
    return RED.util.cloneMessage({ value }).value
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new MqueueError('MQ_INVALID_VALUE', `The value cannot be copied: ${reason}`, { cause })
  }
}

function isPlain(value: object): boolean {
  return Object.prototype.toString.call(value) === '[object Object]'
}

/** Tells whether an object holds no others, as most payloads do; a copy of it costs little then. */
function isFlat(value: object): boolean {
  if (Object.getPrototypeOf(value) !== Object.prototype) return false
  for (const held of Object.values(value)) {
    if (typeof held === 'object' && held !== null) return false
  }
  return true
}
