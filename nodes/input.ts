import { setMaxListeners } from 'node:events'
import type { Node, NodeAPI, NodeMessage, NodeMessageInFlow } from 'node-red'
import { MqueueError, reasonOf } from '../src/errors.ts'
import type { MaybePromise } from '../src/maybe-promise.ts'
import { closedError } from './closed-error.ts'
import { copyable, type Live } from './copyable.ts'
import type { QueueLink } from './queue-link.ts'

/** Sends a message on: on the first output, or on each output the one in its place. */
export type Send = (msg: NodeMessage | (NodeMessage | null)[]) => void
type Done = (error?: Error) => void

/**
 * What a flow node does with messages. Every message is answered with exactly one `done`: after what came of it was sent,
 * or with the error, and then nothing is sent. Nothing here rejects, since that would end the Node-RED process.
 *
 * A message whose parts are all at hand passes at once, without a promise and without its own function.
 */
export abstract class InputNode {
  protected readonly link: QueueLink
  /** Is aborted, with an `MQ_CLOSED`, when the node is closed. */
  protected readonly signal: AbortSignal
  readonly #RED: NodeAPI
  readonly #node: Node
  /** Settles when the newest message that had to wait gets its turn. */
  #lastTurn: Promise<unknown> | undefined
  /** Gives up the messages that are still being evaluated. */
  readonly #waiting = new Set<() => void>()

  constructor(RED: NodeAPI, node: Node, link: QueueLink) {
    const closing = new AbortController()
    this.#RED = RED
    this.#node = node
    this.link = link
    this.signal = closing.signal
    // Every message that waits listens to it.
    setMaxListeners(0, this.signal)
    node.on('input', (msg, send, done) => this.#receive(msg, send, done))
    node.on('close', (_removed: boolean, closed: () => void) => {
      closing.abort(closedError())
      for (const giveUp of this.#waiting) giveUp()
      closed()
    })
  }

  /** Does what a message asks for, and sends what comes of it. */
  protected abstract handle(msg: NodeMessageInFlow, send: Send): MaybePromise<void>

  /**
   * Does what a message asks for once that is known. A message that takes longer to evaluate than the next one stays ahead
   * of it.
   *
   * @param asked what the message asks for
   */
  protected inTurn<T>(
    asked: MaybePromise<T>,
    act: (asked: T) => MaybePromise<void>,
  ): MaybePromise<void> {
    if (this.#lastTurn === undefined && !(asked instanceof Promise)) return act(asked)
    const turn = Promise.allSettled([this.#untilClosed(asked), this.#lastTurn])
    this.#lastTurn = turn
    return turn.then(([evaluated]) => {
      if (this.#lastTurn === turn) this.#lastTurn = undefined
      if (evaluated.status === 'rejected') throw evaluated.reason
      return act(evaluated.value)
    })
  }

  /** What is asked for, unless the node is closed before it is known. */
  #untilClosed<T>(asked: MaybePromise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const giveUp = () => reject(this.signal.reason)
      this.#waiting.add(giveUp)
      Promise.resolve(asked)
        .then(resolve, reject)
        .finally(() => this.#waiting.delete(giveUp))
    })
  }

  #receive(arrived: NodeMessageInFlow, send: Send, done: Done): void {
    let pending: MaybePromise<void>
    try {
      // A frozen message cannot be decorated; what it carries can.
      pending = this.handle(Object.isExtensible(arrived) ? arrived : { ...arrived }, send)
    } catch (cause) {
      this.#fail(cause, arrived, done)
      return
    }
    if (pending === undefined) this.#succeed(done)
    else this.#concludeLater(pending, arrived, done)
  }

  // Apart: its functions would cost every message that does not need them.
  #concludeLater(pending: Promise<void>, arrived: NodeMessageInFlow, done: Done): void {
    pending.then(
      () => this.#succeed(done),
      (cause) => this.#fail(cause, arrived, done),
    )
  }

  #succeed(done: Done): void {
    this.link.succeeded()
    try {
      done()
    } catch (cause) {
      this.#unreported(cause)
    }
  }

  #fail(cause: unknown, arrived: NodeMessageInFlow, done: Done): void {
    const error = cause instanceof MqueueError ? cause : unexpected(cause)
    this.link.failed(error)
    let live: Live = {}
    try {
      const { req, res } = arrived as Live
      live = { req, res }
      done(error)
    } catch {
      this.#failInPart(error, arrived, live)
    }
  }

  /** Reports an error with a message that Node-RED cannot copy for Catch nodes: they get what can be copied of it. */
  #failInPart(error: MqueueError, arrived: NodeMessageInFlow, live: Live): void {
    try {
      this.#node.error(error, copyable(this.#RED, arrived, live))
    } catch (reason) {
      this.#unreported(reason, error)
    }
  }

  /** Node-RED copies the message for Catch and Complete nodes, which not every message survives. */
  #unreported(cause: unknown, error?: MqueueError): void {
    const text = `${error?.message ?? ''} The message could not be reported: ${reasonOf(cause)}`
    this.#node.error(text.trim())
  }
}

/** The error of a message that does not let itself be read, written or sent on. */
function unexpected(cause: unknown): MqueueError {
  const text = `The message cannot be handled: ${reasonOf(cause)}`
  return new MqueueError('MQ_INVALID_VALUE', text, { cause })
}
