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
export const PLAIN = /^[A-Za-z_$][\w$]*$/

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
    return typeof found === 'object' && types.isPromise(found)
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
