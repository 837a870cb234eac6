import type { NodeAPI, NodeMessage } from 'node-red'
import { MqueueError, reasonOf } from '../src/errors.ts'
import { unsetVariable } from '../src/variable.ts'
import { PLAIN, textOf } from './property.ts'

/** A property of messages that a node sets. */
export interface Target {
  readonly path: string
  /** Whether the property can be set on this message, without changing it; throws for no path. */
  fits(msg: NodeMessage): boolean
  set(msg: NodeMessage, value: unknown): void
  delete(msg: NodeMessage): void
}

/**
 * The path in a node's definition, or else the default. A value that is not a text counts as blank, which
 * cannot be set.
 */
export function pathOf(given: unknown, fallback: string): string {
  return textOf(given || fallback) ?? ''
}

/**
 * Prepares setting a property of messages, once per node.
 *
 * @param path the property, such as `mqk` or `payload.key`
 */
export function target(RED: NodeAPI, path: string): Target {
  if (PLAIN.test(path) && path !== '__proto__') return plain(path)
  return {
    path,
    fits: (msg) => canSet(msg, partsOf(RED, path, msg)),
    set: (msg, value) => RED.util.setMessageProperty(msg, path, value, true),
    delete: (msg) => remove(msg, partsOf(RED, path, msg)),
  }
}

function plain(path: string): Target {
  return {
    path,
    fits: (msg) => !Object.hasOwn(msg, path) || accepts(msg, path),
    set(msg, value) {
      msg[path] = value
    },
    delete(msg) {
      delete msg[path]
    },
  }
}

/** `msg.mqsize`, which every node sets. */
const SIZE = plain('mqsize')

/**
 * Makes sure that `mqsize` can be set on a message, before anything is done that would be lost.
 *
 * @throws MqueueError `MQ_INVALID_VALUE` when it cannot
 */
export function assertTakesSize(msg: NodeMessage): void {
  if ('mqsize' in msg) assertSettable(SIZE, msg, 'MQ_INVALID_VALUE')
}

/** Whether Node-RED will set a property, making what is missing on the way to it. */
function canSet(msg: NodeMessage, parts: Part[]): boolean {
  let parent: unknown = msg
  for (const [index, part] of parts.entries()) {
    if (typeof parent !== 'object' || parent === null || part === '__proto__') return false
    if (index === parts.length - 1 || !Object.hasOwn(parent, part)) return accepts(parent, part)
    parent = (parent as Record<Part, unknown>)[part]
  }
  return true
}

/** Whether an object lets any value be set as one of its properties. */
function accepts(object: object, key: Part): boolean {
  if (ArrayBuffer.isView(object) || (Array.isArray(object) && key === 'length')) return false
  const property = Object.getOwnPropertyDescriptor(object, key)
  if (property === undefined) return Object.isExtensible(object)
  return property.writable === true || property.set !== undefined
}

/** Node-RED's own way takes an element out of a list, and so moves those behind it. */
function remove(msg: NodeMessage, parts: Part[]): void {
  let parent: unknown = msg
  for (const part of parts.slice(0, -1))
    parent = (parent as Record<Part, unknown> | undefined)?.[part]
  const last = parts.at(-1) as Part
  if (Array.isArray(parent)) {
    if (Object.hasOwn(parent, last)) parent[last as number] = undefined
  } else if (typeof parent === 'object' && parent !== null)
    delete (parent as Record<Part, unknown>)[last]
}

/**
 * Makes sure that a property can be set on a message, before anything is done that would be lost.
 *
 * @throws MqueueError with the given code when it cannot
 */
export function assertSettable(
  { path, fits }: Target,
  msg: NodeMessage,
  code: 'MQ_INVALID_KEY' | 'MQ_INVALID_VALUE',
): void {
  const unset = unsetVariable(path)
  if (unset !== undefined) {
    throw new MqueueError(code, `${unset.text}. Set it, or enter a property in the node.`)
  }
  let reason = 'the value that holds it does not accept it'
  try {
    if (fits(msg)) return
  } catch (cause) {
    reason = reasonOf(cause)
  }
  throw new MqueueError(code, `msg.${withoutMsg(path)} cannot be set: ${reason}. Nothing was done.`)
}

/** Whether two paths name the same property, or one lies within the other. */
export function overlap(RED: NodeAPI, path: string, other: string): boolean {
  try {
    const [outer = [], inner = []] = [partsOf(RED, path), partsOf(RED, other)].sort(
      (a, b) => a.length - b.length,
    )
    return outer.every((part, index) => String(part) === String(inner[index]))
  } catch {
    // What is not a path, or depends on the message, shows when a message comes.
    return false
  }
}

type Part = string | number

function partsOf(RED: NodeAPI, path: string, msg?: NodeMessage): Part[] {
  // The published types know neither the message nor the list that is returned.
  const normalise = RED.util.normalisePropertyExpression as unknown as (
    path: string,
    msg?: NodeMessage,
  ) => Part[]
  return normalise(withoutMsg(path), msg)
}

function withoutMsg(path: string): string {
  return path.replace(/^msg\./, '')
}
