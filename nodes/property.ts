import { types } from 'node:util'
import type { Node, NodeAPI, NodeMessage } from 'node-red'
import type { MaybePromise } from '../src/engine.ts'
import { type ErrorCode, MqueueError, reasonOf } from '../src/errors.ts'

/** A property as a typed input of the editor gives it. */
export interface TypedProperty {
  value: string
  type: string
}

const TYPES = [
  'msg',
  'flow',
  'global',
  'str',
  'num',
  'bool',
  'json',
  'bin',
  'date',
  'jsonata',
  'env',
]
/** The name of a property right on the message, which needs no parsing. */
const PLAIN = /^[A-Za-z_$][\w$]*$/

/**
 * Prepares reading a typed property, once per node.
 *
 * @param what what the property is to the node, such as `key`, for error texts
 * @param code the code of the error when it cannot be read
 * @returns a function that reads it for a message: undefined when the message, or the context, lacks
 *   it. It never throws: when the property cannot be read, it rejects with an `MqueueError`
 */
export function reader(
  RED: NodeAPI,
  node: Node,
  { value, type }: TypedProperty,
  what: string,
  code: ErrorCode,
): (msg: NodeMessage) => MaybePromise<unknown> {
  function unreadable(cause: unknown): Promise<never> {
    const text = `The ${what} (${type} ${value}) cannot be read: ${reasonOf(cause)}`
    return Promise.reject(new MqueueError(code, text, { cause }))
  }
  /** A promise would be taken for a property that is still being read. */
  function noPromise(found: unknown): unknown {
    return types.isPromise(found)
      ? unreadable('it is a promise; wait for it before this node')
      : found
  }
  if (type === 'msg' && PLAIN.test(value)) {
    return (msg) => {
      try {
        return noPromise(msg[value])
      } catch (cause) {
        return unreadable(cause)
      }
    }
  }
  const evaluate = type === 'jsonata' ? jsonata(RED, node, value) : property(RED, node, value, type)
  return (msg) => {
    try {
      const found = fromCallback((callback) => evaluate(msg, callback))
      return found instanceof Later
        ? found.answer.then(noPromise).catch(unreadable)
        : noPromise(found)
    } catch (cause) {
      // A message without the parent of a nested property lacks the property as well.
      if (type === 'msg' && cause instanceof TypeError) return undefined
      return unreadable(cause)
    }
  }
}

/** Node's own kind of callback. */
type Callback = (error: unknown, value?: unknown) => void
type Evaluate = (msg: NodeMessage, callback: Callback) => void

function property(RED: NodeAPI, node: Node, value: string, type: string): Evaluate {
  if (!TYPES.includes(type)) {
    return () => {
      throw new Error(`there is no type "${type}"`)
    }
  }
  return (msg, callback) => RED.util.evaluateNodeProperty(value, type, node, msg, callback)
}

function jsonata(RED: NodeAPI, node: Node, value: string): Evaluate {
  try {
    const expression = RED.util.prepareJSONataExpression(value, node)
    return (msg, callback) => RED.util.evaluateJSONataExpression(expression, msg, callback)
  } catch (error) {
    return () => {
      throw error
    }
  }
}

/** What a function with a callback will call back with, once it does. */
class Later {
  readonly answer: Promise<unknown>

  constructor(answer: Promise<unknown>) {
    this.answer = answer
  }
}

/** The result of a function with a callback, at once where it calls back at once. */
function fromCallback(call: (callback: Callback) => void): unknown {
  const answers: Answer[] = []
  let heard: ((answer: Answer) => void) | undefined
  call((error, value) => {
    answers.push({ error, value })
    heard?.({ error, value })
  })
  const [atOnce] = answers
  if (atOnce !== undefined) return open(atOnce)
  return new Later(
    new Promise<Answer>((resolve) => {
      heard = resolve
    }).then(open),
  )
}

interface Answer {
  error: unknown
  value: unknown
}

function open({ error, value }: Answer): unknown {
  if (error) throw error
  return value
}

/** A property of messages that a node sets. */
export interface Target {
  /** Tells whether the property can be set on this message, without changing it; throws for no path. */
  fits(msg: NodeMessage): boolean
  set(msg: NodeMessage, value: unknown): void
  delete(msg: NodeMessage): void
}

/**
 * Prepares setting a property of messages, once per node.
 *
 * @param path the property, such as `mqk` or `payload.key`
 */
export function target(RED: NodeAPI, path: string): Target {
  if (PLAIN.test(path) && path !== '__proto__') {
    return {
      fits: () => true,
      set(msg, value) {
        msg[path] = value
      },
      delete(msg) {
        delete msg[path]
      },
    }
  }
  return {
    fits: (msg) => canSet(msg, partsOf(RED, path, msg)),
    set: (msg, value) => RED.util.setMessageProperty(msg, path, value, true),
    delete: (msg) => remove(msg, partsOf(RED, path, msg)),
  }
}

/** Tells in advance whether Node-RED will set a property, making what is missing on the way to it. */
function canSet(msg: NodeMessage, parts: Part[]): boolean {
  let parent: unknown = msg
  for (const [index, part] of parts.entries()) {
    if (typeof parent !== 'object' || parent === null || part === '__proto__') return false
    if (!Object.hasOwn(parent, part)) return Object.isExtensible(parent)
    if (index === parts.length - 1) return !Object.isFrozen(parent)
    parent = (parent as Record<Part, unknown>)[part]
  }
  return true
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
  { fits }: Target,
  path: string,
  msg: NodeMessage,
  code: 'MQ_INVALID_KEY' | 'MQ_INVALID_VALUE',
): void {
  let reason = 'what it lies in does not take it'
  try {
    if (fits(msg)) return
  } catch (cause) {
    reason = reasonOf(cause)
  }
  throw new MqueueError(code, `msg.${withoutMsg(path)} cannot be set: ${reason}. Nothing was done.`)
}

/** Tells whether two paths name the same property, or one lies within the other. */
export function overlap(RED: NodeAPI, path: string, other: string): boolean {
  try {
    const [outer = [], inner = []] = [partsOf(RED, path), partsOf(RED, other)].sort(
      (a, b) => a.length - b.length,
    )
    return outer.every((part, index) => String(part) === String(inner[index]))
  } catch {
    // What is no path, or depends on the message, is found out when a message comes.
    return false
  }
}

type Part = string | number

function partsOf(RED: NodeAPI, path: string, msg?: NodeMessage): Part[] {
  // The published types know neither the message nor the list that is given back.
  const normalise = RED.util.normalisePropertyExpression as unknown as (
    path: string,
    msg?: NodeMessage,
  ) => Part[]
  return normalise(withoutMsg(path), msg)
}

function withoutMsg(path: string): string {
  return path.replace(/^msg\./, '')
}
