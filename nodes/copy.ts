import { EventEmitter } from 'node:events'
import { types } from 'node:util'
import type { NodeMessage } from 'node-red'
import { MqueueError, reasonOf } from '../src/errors.ts'
import { PROMISE } from '../src/item-key.ts'
import { isPlainObject } from '../src/kinds.ts'

const MOST_LEVELS = 1000
/** What copies the elements of every typed array; a Buffer has its own `slice`, which does not. */
const { slice } = Object.getPrototypeOf(Uint8Array.prototype)

/**
 * Copies what goes into a queue, so that what later nodes do to the message does not reach into the
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
    return value === msg ? copyOfMessage(msg) : new Copier().copy(value, 1)
  } catch (cause) {
    const text = `The value cannot be copied: ${reasonOf(cause)}`
    throw new MqueueError('MQ_INVALID_VALUE', text, { cause })
  }
}

function copyOfMessage({ req, res, ...rest }: NodeMessage): NodeMessage {
  const copied = new Copier().copy(rest, 1) as NodeMessage
  if (req !== undefined) copied.req = req
  if (res !== undefined) copied.res = res
  return copied
}

/** Whether a plain object holds no others, as most payloads do; copying it costs little then. */
function isFlat(value: object): boolean {
  if (!isPlainObject(value)) return false
  for (const key in value) {
    const held = (value as Record<string, unknown>)[key]
    if (typeof held === 'object' && held !== null) return false
  }
  return true
}

type Properties = Record<PropertyKey, unknown>

/** The copying of one value. What the value holds twice is copied once, so that it may also hold itself. */
class Copier {
  readonly #copies = new Map<object, object>()

  /** @param level how many objects deep the value lies, itself included */
  copy(value: unknown, level: number): unknown {
    if (typeof value !== 'object' || value === null) return value
    const copied = this.#copies.get(value)
    if (copied !== undefined) return copied
    if (level > MOST_LEVELS) throw new Error(`it is nested more than ${MOST_LEVELS} levels deep`)
    if (Array.isArray(value)) return this.#copyList(value, level)
    if (isPlainObject(value)) return this.#copyProperties(value, level)
    return this.#copyOther(value, level)
  }

  #copyList(list: unknown[], level: number): unknown[] {
    const copy = this.#begin(list, [] as unknown[])
    for (let i = 0; i < list.length; i++) copy[i] = this.copy(list[i], level + 1)
    return copy
  }

  #copyProperties(object: object, level: number): object {
    const prototype = Object.getPrototypeOf(object)
    const copy: Properties =
      prototype === Object.prototype ? { ...object } : { __proto__: prototype, ...object }
    this.#copies.set(object, copy)
    for (const key of Object.keys(copy)) {
      const held = copy[key]
      if (typeof held === 'object' && held !== null) copy[key] = this.copy(held, level + 1)
    }
    return copy
  }

  /** Copies what is more than its properties, where all of its state can be seen; else it is shared. */
  #copyOther(value: object, level: number): object {
    if (types.isDate(value)) return this.#begin(value, new Date(value.getTime()))
    if (types.isTypedArray(value)) return this.#begin(value, slice.call(value))
    if (types.isMap(value)) return this.#copyMap(value, level)
    if (types.isSet(value)) return this.#copySet(value, level)
    if (types.isRegExp(value)) return this.#copyRegExp(value)
    if (types.isArrayBuffer(value)) return this.#begin(value, structuredClone(value))
    if (ArrayBuffer.isView(value)) return this.#copyView(value, level)
    const isRecord = Object.prototype.toString.call(value) === '[object Object]'
    return isRecord && !(value instanceof EventEmitter) ? this.#copyProperties(value, level) : value
  }

  #copyMap(map: Map<unknown, unknown>, level: number): object {
    const copy = this.#begin(map, new Map())
    for (const [key, held] of map) copy.set(key, this.copy(held, level + 1))
    return copy
  }

  #copySet(set: Set<unknown>, level: number): object {
    const copy = this.#begin(set, new Set())
    for (const held of set) copy.add(this.copy(held, level + 1))
    return copy
  }

  #copyRegExp(expression: RegExp): object {
    const copy = this.#begin(expression, new RegExp(expression.source, expression.flags))
    copy.lastIndex = expression.lastIndex
    return copy
  }

  #copyView(view: ArrayBufferView, level: number): object {
    const bytes = this.copy(view.buffer, level + 1) as ArrayBuffer
    return this.#begin(view, new DataView(bytes, view.byteOffset, view.byteLength))
  }

  /** Notes a copy that is not filled yet, and sets its prototype to that of its original. */
  #begin<T extends object>(original: object, copy: T): T {
    this.#copies.set(original, copy)
    const prototype = Object.getPrototypeOf(original)
    return Object.getPrototypeOf(copy) === prototype ? copy : Object.setPrototypeOf(copy, prototype)
  }
}
