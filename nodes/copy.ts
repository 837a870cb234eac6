import { EventEmitter } from 'node:events'
import { types } from 'node:util'
import { createCopier } from 'fast-copy'
import type { NodeMessage } from 'node-red'
import { MqueueError, reasonOf } from '../src/errors.ts'
import { PROMISE } from './property.ts'

/** The kinds of object whose whole state a copier can see. */
const COPYABLE = new Set(
  ['Object', 'Map', 'Set', 'Date', 'RegExp', 'ArrayBuffer', 'DataView'].map(
    (kind) => `[object ${kind}]`,
  ),
)

/** What a copier has seen already. What cannot be copied counts as its own copy. */
class Copies {
  readonly #copies = new WeakMap<object, object>()

  has(original: object): boolean {
    return this.#copies.has(original) || !isCopyable(original)
  }

  get(original: object): object {
    return this.#copies.get(original) ?? original
  }

  set(original: object, copy: object): void {
    this.#copies.set(original, copy)
  }
}

const copy = createCopier({ createCache: () => new Copies() })

/**
 * Copies what is to be queued, so that what later nodes do to the message does not reach into the
 * queue. What cannot be copied is shared: `msg.req` and `msg.res`, as Node-RED shares them between
 * the messages it clones, sockets and streams, functions, errors.
 *
 * RED.util.cloneMessage does not serve here: it shares the bytes of a Buffer.
 *
 * @param msg the message the value came with
 * @throws MqueueError `MQ_INVALID_VALUE` when the value is a promise, is nested more than 1,000 levels deep, or when
 *   reading it fails
 */
export function copyOf(value: unknown, msg: NodeMessage): unknown {
  if (typeof value !== 'object' || value === null) return value
  try {
    if (isFlat(value)) return value === msg.req || value === msg.res ? value : { ...value }
    if (value === msg.req || value === msg.res) return value
    if (types.isPromise(value)) throw new Error(PROMISE)
    return value === msg ? copyOfMessage(msg) : copy(value)
  } catch (cause) {
    const text = `The value cannot be copied: ${reasonOf(cause)}`
    throw new MqueueError('MQ_INVALID_VALUE', text, { cause })
  }
}

function copyOfMessage({ req, res, ...rest }: NodeMessage): NodeMessage {
  const copied = copy(rest)
  if (req !== undefined) copied.req = req
  if (res !== undefined) copied.res = res
  return copied
}

/** Whether a plain object holds no others, as most payloads do; copying it costs little then. */
function isFlat(value: object): boolean {
  const prototype = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && !isObjectPrototype(prototype)) return false
  for (const key in value) {
    const held = (value as Record<string, unknown>)[key]
    if (typeof held === 'object' && held !== null) return false
  }
  return true
}

/**
 * Whether this is the prototype of the plain objects of some realm: those that are made in a Function node have another
 * one than those made here.
 */
function isObjectPrototype(prototype: object | null): boolean {
  return (
    prototype !== null &&
    Object.getPrototypeOf(prototype) === null &&
    Object.hasOwn(prototype, 'hasOwnProperty')
  )
}

function isCopyable(value: object): boolean {
  const prototype = Object.getPrototypeOf(value)
  if (prototype === Object.prototype || prototype === Array.prototype || prototype === null)
    return true
  if (isObjectPrototype(prototype)) return true
  if (value instanceof EventEmitter) return false
  return (
    Array.isArray(value) ||
    ArrayBuffer.isView(value) ||
    COPYABLE.has(Object.prototype.toString.call(value))
  )
}
