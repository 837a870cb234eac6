import type { Node, NodeMessage, NodeMessageInFlow } from 'node-red'
import type { MaybePromise } from '../src/engine.ts'

/** What a node sends: a message, or one or none for each of its outputs. */
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
  let lastTurn: Promise<unknown> | undefined

  function inTurn(msg: NodeMessageInFlow, asked: MaybePromise<T>): MaybePromise<Outputs> {
    if (lastTurn === undefined && !(asked instanceof Promise)) return work.act(msg, asked)
    // A message that takes longer to evaluate than the next one stays ahead of it.
    const turn = Promise.allSettled([asked, lastTurn])
    lastTurn = turn
    return turn.then(([evaluated]) => {
      if (lastTurn === turn) lastTurn = undefined
      if (evaluated.status === 'rejected') throw evaluated.reason
      return work.act(msg, evaluated.value)
    })
  }

  node.on('input', (msg, send, done) => {
    function finish(outputs: Outputs): void {
      try {
        send(outputs)
      } catch (error) {
        fail(error)
        return
      }
      outcome.succeeded()
      conclude()
    }
    function fail(cause: unknown): void {
      const error = cause instanceof Error ? cause : new Error(String(cause))
      outcome.failed(error)
      conclude(error)
    }
    function conclude(error?: Error): void {
      try {
        done(error)
      } catch (cause) {
        // Node-RED copies the message for Catch and Complete nodes, which not every message survives.
        node.error(`${error?.message ?? ''} The message could not be reported: ${cause}`.trim())
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
