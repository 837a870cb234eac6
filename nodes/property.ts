import { types } from 'node:util'
import type { Node, NodeAPI, NodeMessage } from 'node-red'
import { type ErrorCode, MqueueError, reasonOf } from '../src/errors.ts'
import { PROMISE } from '../src/item-key.ts'
import type { MaybePromise } from '../src/maybe-promise.ts'

/** A property as a typed input of the editor writes it: two texts. In a flow file each may be anything. */
interface TypedProperty {
  value: unknown
  type: unknown
}

/** The types, besides `msg` and `str`, that are read at once. */
const IMMEDIATE = ['num', 'bool', 'json', 'bin', 'date', 'env']
/** The types that need no value. */
const VALUELESS: readonly unknown[] = ['fullmsg', 'date']
/** The name of a property right on the message, which needs no parsing. */
export const PLAIN = /^[A-Za-z_$][\w$]*$/

/** A part of a flow file as the text that it should be, or a number or a boolean may have been; undefined for the rest. */
export function textOf(part: unknown): string | undefined {
  if (typeof part === 'string') return part
  return typeof part === 'number' || typeof part === 'boolean' ? String(part) : undefined
}

/** Reads a typed property for messages. */
export abstract class Reader {
  readonly #property: TypedProperty
  readonly #what: string
  readonly #code: ErrorCode

  /**
   * @param what the property's name for the node, such as `key`, for error texts
   * @param code the code of the error when it cannot be read
   */
  constructor(property: TypedProperty, what: string, code: ErrorCode) {
    this.#property = property
    this.#what = what
    this.#code = code
  }

  /** Whether it is read at once for every message. Then what is read may be a promise itself, which nobody waits for. */
  abstract get isImmediate(): boolean

  /**
   * @returns the property; undefined when the message, or the context, lacks it
   * @throws MqueueError when the property cannot be read; or rejects with it
   */
  abstract read(msg: NodeMessage): MaybePromise<unknown>

  /** Reads the property, but rejects where `read` would throw, and where the property itself is a promise. */
  attempt(msg: NodeMessage): MaybePromise<unknown> {
    try {
      const found = this.read(msg)
      if (this.isImmediate && types.isPromise(found)) throw this.unreadable(PROMISE)
      return found
    } catch (error) {
      return Promise.reject(error)
    }
  }

  /** The error of a property that cannot be read. */
  protected unreadable(cause: unknown): MqueueError {
    const { type, value } = this.#property
    const [shownType, shown] = [type, value].map((one) => textOf(one) ?? JSON.stringify(one))
    const text = `The ${this.#what} (${shownType} ${shown}) cannot be read: ${reasonOf(cause)}`
    return new MqueueError(this.#code, text, { cause })
  }
}

/**
 * Prepares reading a typed property, once per node.
 *
 * @param what the property's name for the node, such as `key`, for error texts
 * @param code the code of the error when it cannot be read
 */
export function reader(
  RED: NodeAPI,
  node: Node,
  property: TypedProperty,
  what: string,
  code: ErrorCode,
): Reader {
  const { type } = property
  const { util } = RED
  const immediate = (evaluate: Evaluate) => new ImmediateReader(evaluate, property, what, code)
  const late = (evaluate: EvaluateLate) => new LateReader(evaluate, property, what, code)
  const failing = (reason: unknown) =>
    immediate(() => {
      throw reason
    })
  const value = textOf(property.value) ?? (VALUELESS.includes(type) ? '' : undefined)
  if (value === undefined) return failing('it is not a text')
  if (type === 'str') return immediate(() => value)
  if (type === 'fullmsg') return immediate((msg) => msg)
  if (type === 'msg' && value === 'topic') return new TopicReader(property, what, code)
  if (type === 'msg' && value === 'payload') return new PayloadReader(property, what, code)
  if (type === 'flow' || type === 'global') {
    return late((msg, callback) => util.evaluateNodeProperty(value, type, node, msg, callback))
  }
  if (typeof type === 'string' && IMMEDIATE.includes(type)) {
    return immediate((msg) => util.evaluateNodeProperty(value, type, node, msg))
  }
  try {
    if (type === 'msg') return immediate(evaluatePath(RED, value))
    if (type !== 'jsonata') throw new Error('there is no such type')
    const expression = util.prepareJSONataExpression(value, node)
    return late((msg, callback) => util.evaluateJSONataExpression(expression, msg, callback))
  } catch (error) {
    return failing(error)
  }
}

/** Reads `msg.topic`. A load with a literal name is the fastest there is, so the usual properties have their own. */
class TopicReader extends Reader {
  override get isImmediate() {
    return true
  }

  override read(msg: NodeMessage): unknown {
    try {
      return msg.topic
    } catch (cause) {
      throw this.unreadable(cause)
    }
  }
}

/** Reads `msg.payload`. */
class PayloadReader extends Reader {
  override get isImmediate() {
    return true
  }

  override read(msg: NodeMessage): unknown {
    try {
      return msg.payload
    } catch (cause) {
      throw this.unreadable(cause)
    }
  }
}

type Evaluate = (msg: NodeMessage) => unknown

/** Reads what is at hand. */
class ImmediateReader extends Reader {
  readonly #evaluate: Evaluate

  constructor(evaluate: Evaluate, ...subject: ConstructorParameters<typeof Reader>) {
    super(...subject)
    this.#evaluate = evaluate
  }

  override get isImmediate() {
    return true
  }

  override read(msg: NodeMessage): unknown {
    try {
      return this.#evaluate(msg)
    } catch (cause) {
      throw this.unreadable(cause)
    }
  }
}

/**
 * How a path such as `a.b[0]` is read, of which any part may be missing. It means what it means to Node-RED, which throws
 * when a parent is missing.
 */
function evaluatePath(RED: NodeAPI, path: string): Evaluate {
  const parts: unknown[] = RED.util.normalisePropertyExpression(path.replace(/^msg\./, ''))
  if (!parts.every((part) => typeof part === 'string' || typeof part === 'number')) {
    // Another property of the message is a part of it.
    return (msg) => {
      try {
        return RED.util.getMessageProperty(msg, path)
      } catch (cause) {
        if (cause instanceof TypeError) return undefined
        throw cause
      }
    }
  }
  return (msg) => {
    let held: unknown = msg
    for (const part of parts as (string | number)[]) {
      if (held === undefined || held === null) return undefined
      held = (held as Record<string | number, unknown>)[part]
    }
    return held
  }
}

/** Node's own kind of callback. */
type Callback = (error: unknown, value?: unknown) => void
type EvaluateLate = (msg: NodeMessage, callback: Callback) => void

interface Answer {
  readonly error: unknown
  readonly value: unknown
}

/** Reads what may take its time: an expression, or a context store. */
class LateReader extends Reader {
  readonly #evaluate: EvaluateLate

  constructor(evaluate: EvaluateLate, ...subject: ConstructorParameters<typeof Reader>) {
    super(...subject)
    this.#evaluate = evaluate
  }

  override get isImmediate() {
    return false
  }

  override read(msg: NodeMessage): MaybePromise<unknown> {
    let answer: Answer | undefined
    let onAnswer: ((answer: Answer) => void) | undefined
    try {
      this.#evaluate(msg, (error, value) => {
        answer ??= { error, value }
        onAnswer?.(answer)
      })
    } catch (error) {
      answer ??= { error, value: undefined }
    }
    if (answer !== undefined) return this.#valueOf(answer)
    return new Promise<Answer>((resolve) => {
      onAnswer = resolve
    }).then((late) => this.#valueOf(late))
  }

  #valueOf({ error, value }: Answer): unknown {
    if (error) throw this.unreadable(error)
    // A promise would be taken for a property that is still being read.
    if (types.isPromise(value)) throw this.unreadable(PROMISE)
    return value
  }
}
