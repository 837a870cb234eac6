import type { Node, NodeAPI, NodeMessage } from 'node-red'
import type { MaybePromise } from '../src/engine.ts'
import { type ErrorCode, MqueueError } from '../src/errors.ts'

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
 *   it; an `MqueueError` when it cannot be read at all
 */
export function reader(
  RED: NodeAPI,
  node: Node,
  { value, type }: TypedProperty,
  what: string,
  code: ErrorCode,
): (msg: NodeMessage) => MaybePromise<unknown> {
  if (type === 'msg' && PLAIN.test(value)) return (msg) => msg[value]

  function unreadable(cause: unknown): MqueueError {
    const reason = cause instanceof Error ? cause.message : String(cause)
    return new MqueueError(code, `The ${what} (${type} ${value}) cannot be read: ${reason}`, {
      cause,
    })
  }
  const evaluate = type === 'jsonata' ? jsonata(RED, node, value) : property(RED, node, value, type)
  return (msg) => {
    try {
      const found = fromCallback((callback) => evaluate(msg, callback))
      if (!(found instanceof Promise)) return found
      return found.catch((cause) => {
        throw unreadable(cause)
      })
    } catch (cause) {
      // A message without the parent of a nested property lacks the property as well.
      if (type === 'msg' && cause instanceof TypeError) return undefined
      throw unreadable(cause)
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

/** The result of a function with a callback, at once where it calls back at once. */
function fromCallback(call: (callback: Callback) => void): MaybePromise<unknown> {
  const answers: Answer[] = []
  let heard: ((answer: Answer) => void) | undefined
  call((error, value) => {
    answers.push({ error, value })
    heard?.({ error, value })
  })
  const [atOnce] = answers
  if (atOnce !== undefined) return open(atOnce)
  return new Promise<Answer>((resolve) => {
    heard = resolve
  }).then(open)
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
  if (PLAIN.test(path)) {
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
    fits(msg) {
      let parent: unknown = msg
      for (const part of parentsOf(RED, path, msg)) {
        const next = (parent as Record<string, unknown>)[part]
        if (next === undefined) return true
        if (next === null || (typeof next !== 'object' && typeof next !== 'function')) return false
        parent = next
      }
      return true
    },
    set: (msg, value) => RED.util.setMessageProperty(msg, path, value, true),
    delete: (msg) => RED.util.setMessageProperty(msg, path, undefined as never, false),
  }
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
  let reason = 'a part of it is not an object'
  try {
    if (fits(msg)) return
  } catch (cause) {
    reason = cause instanceof Error ? cause.message : String(cause)
  }
  throw new MqueueError(code, `msg.${withoutMsg(path)} cannot be set: ${reason}. Nothing was done.`)
}

/** Tells whether two paths name the same property, or one lies within the other. */
export function overlap(path: string, other: string): boolean {
  const [outer, inner] = [withoutMsg(path), withoutMsg(other)].sort((a, b) => a.length - b.length)
  return (
    inner === outer ||
    inner?.startsWith(`${outer}.`) === true ||
    inner?.startsWith(`${outer}[`) === true
  )
}

function parentsOf(RED: NodeAPI, path: string, msg: NodeMessage): (string | number)[] {
  // The published types know neither the message nor the list that is given back.
  const normalise = RED.util.normalisePropertyExpression as unknown as (
    path: string,
    msg: NodeMessage,
  ) => (string | number)[]
  return normalise(withoutMsg(path), msg).slice(0, -1)
}

function withoutMsg(path: string): string {
  return path.replace(/^msg\./, '')
}
