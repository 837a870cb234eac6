import type { Node, NodeMessage, NodeMessageInFlow } from 'node-red'
import type { MaybePromise } from '../src/engine.ts'
import { MqueueError, reasonOf } from '../src/errors.ts'

/** What a node sends: a message on its first output, or one or none on each. */
export type Outputs = NodeMessage | (NodeMessage | null)[]

/** What a node does with a message, in two steps, each of which may take its time. */
export interface Work<T> {
  /** Finds out what the message asks for. It must not change the message. */
  evaluate(msg: NodeMessageInFlow): MaybePromise<T>
  /** Does it, and gives what to send. Messages get here in the order in which they came. */
  act(msg: NodeMessageInFlow, asked: T): MaybePromise<Outputs>
}

/** Hears how each message ended. */
export interface Outcome {
  succeeded(): void
  failed(error: unknown): void
}

/**
 * Answers every message of a node with exactly one `done`: after what came of it was sent, or with
 * the error, and then nothing is sent. It never rejects, since that ends the Node-RED process.
 */
export function onInput<T>(node: Node, work: Work<T>, outcome: Outcome): void {
  /** Settles when the newest message that had to wait gets its turn. */
  let lastTurn: Promise<PromiseSettledResult<T>> | undefined
  /** Gives up the messages that are still being evaluated. */
  const waiting = new Set<() => void>()

  node.on('close', (_removed: boolean, closed: () => void) => {
    for (const giveUp of waiting) giveUp()
    closed()
  })

  function inTurn(msg: NodeMessageInFlow, asked: MaybePromise<T>): MaybePromise<Outputs> {
    if (lastTurn === undefined && !(asked instanceof Promise)) return work.act(msg, asked)
    // A message that takes longer to evaluate than the next one stays ahead of it.
    const turn = Promise.allSettled([untilClosed(asked), lastTurn]).then(([evaluated]) => evaluated)
    lastTurn = turn
    return turn.then((evaluated) => {
      if (lastTurn === turn) lastTurn = undefined
      if (evaluated.status === 'rejected') throw evaluated.reason
      return work.act(msg, evaluated.value)
    })
  }

  /** What is asked for, unless the node is closed before it is known. */
  function untilClosed(asked: MaybePromise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const giveUp = () => reject(closedError())
      waiting.add(giveUp)
      Promise.resolve(asked)
        .then(resolve, reject)
        .finally(() => waiting.delete(giveUp))
    })
  }

  node.on('input', (arrived, send, done) => {
    // A frozen message cannot be decorated; what it carries can.
    const msg = Object.isExtensible(arrived) ? arrived : { ...arrived }
    function finish(outputs: Outputs): void {
      try {
        sendApart(send, outputs)
      } catch (error) {
        fail(error)
        return
      }
      outcome.succeeded()
      conclude()
    }
    function fail(cause: unknown): void {
      const error = cause instanceof MqueueError ? cause : unexpected(cause)
      outcome.failed(error)
      conclude(error)
    }
    function conclude(error?: Error): void {
      try {
        done(error)
      } catch (cause) {
        // Node-RED copies the message for Catch and Complete nodes, which not every message survives.
        const text = `${error?.message ?? ''} The message could not be reported: ${reasonOf(cause)}`
        node.error(text.trim())
      }
    }
    let outputs: MaybePromise<Outputs>
    try {
      outputs = inTurn(msg, work.evaluate(msg))
    } catch (error) {
      fail(error)
      return
    }
    if (outputs instanceof Promise) outputs.then(finish, fail)
    else finish(outputs)
  })
}

/** The error of a message that does not let itself be read, written or sent on. */
function unexpected(cause: unknown): MqueueError {
  const text = `The message cannot be handled: ${reasonOf(cause)}`
  return new MqueueError('MQ_INVALID_VALUE', text, { cause })
}

/** The error of a message whose node was closed before it was done. */
export function closedError(): MqueueError {
  const text = 'The node was closed before the message was done, by a deploy or a stop.'
  return new MqueueError('MQ_CLOSED', text)
}

/** Of the messages sent together, Node-RED clones all but the first, which an HTTP response does not survive. */
function sendApart(
  send: (msg: NodeMessage | (NodeMessage | null)[]) => void,
  outputs: Outputs,
): void {
  if (!Array.isArray(outputs)) {
    send(outputs)
    return
  }
  for (const [port, msg] of outputs.entries()) {
    if (msg === null) continue
    send(port === 0 ? msg : [...new Array<null>(port).fill(null), msg])
  }
}
