import type { Node, NodeAPI, NodeMessageInFlow } from 'node-red'
import type { AddResult, DroppedItem, Engine } from '../src/engine.ts'
import { MqueueError } from '../src/errors.ts'
import { keyOf, missingValue } from '../src/item-key.ts'
import type { MaybePromise } from '../src/maybe-promise.ts'
import { copyOf } from './copy.ts'
import { droppedMessage } from './dropped-message.ts'
import { warnOfEmptyKeys } from './empty-keys.ts'
import { InputNode, type Send } from './input.ts'
import { overflowLog } from './overflow-log.ts'
import { type Reader, reader } from './property.ts'
import { QueueLink, type QueueNodeDef } from './queue-link.ts'
import { isSet } from './settings.ts'
import { assertTakesSize } from './target.ts'

interface MqAddDef extends QueueNodeDef {
  key?: string
  keyType?: string
  value?: string
  valueType?: string
  dropped?: boolean | string
}

class MqAdd extends InputNode {
  readonly #node: Node
  readonly #key: Reader
  readonly #value: Reader
  readonly #tellsDropped: boolean
  /** Whether queue, key and value are read at once for every message. */
  readonly #isImmediate: boolean

  constructor(RED: NodeAPI, node: Node, def: MqAddDef) {
    super(RED, node, new QueueLink(RED, node, def))
    const { key = 'topic', keyType = 'msg', value = 'payload', valueType = 'msg' } = def
    this.#node = node
    this.#tellsDropped = isSet(def.dropped)
    this.#key = reader(RED, node, { value: key, type: keyType }, 'key', 'MQ_INVALID_KEY')
    this.#value = reader(RED, node, { value, type: valueType }, 'value', 'MQ_INVALID_VALUE')
    this.#isImmediate = this.link.isImmediate && this.#key.isImmediate && this.#value.isImmediate
  }

  protected override handle(msg: NodeMessageInFlow, send: Send): MaybePromise<void> {
    if (this.#isImmediate) {
      const queue = this.link.queueName(msg) as string
      return this.#add(msg, queue, this.#key.read(msg), this.#value.read(msg), send)
    }
    return this.#addInTurn(msg, send)
  }

  // What needs its own function stands apart: it would cost every message that does not need it.

  #addInTurn(msg: NodeMessageInFlow, send: Send): MaybePromise<void> {
    const asked = together(this.#queueName(msg), this.#key.attempt(msg), this.#value.attempt(msg))
    return this.inTurn(asked, ([queue, key, value]) => this.#add(msg, queue, key, value, send))
  }

  #answerLater(
    msg: NodeMessageInFlow,
    engine: Engine,
    queue: string,
    added: Promise<AddResult>,
    send: Send,
  ) {
    return added.then((late) => this.#answer(msg, engine, queue, late, send))
  }

  /** The name of the queue, or a promise that rejects: the other parts may reject as well. */
  #queueName(msg: NodeMessageInFlow): MaybePromise<string> {
    try {
      return this.link.queueName(msg)
    } catch (error) {
      return Promise.reject(error)
    }
  }

  #add(
    msg: NodeMessageInFlow,
    queue: string,
    key: unknown,
    value: unknown,
    send: Send,
  ): MaybePromise<void> {
    const engine = this.link.engine()
    this.link.show(queue)
    const text = typeof key === 'string' ? key : keyOf(key, engine, queue)
    if (value === undefined || value === null) throw missingValue(engine, queue)
    assertTakesSize(msg)
    const added = engine.add(queue, text, copyOf(value, msg))
    if (added instanceof Promise) return this.#answerLater(msg, engine, queue, added, send)
    this.#answer(msg, engine, queue, added, send)
  }

  #answer(
    msg: NodeMessageInFlow,
    engine: Engine,
    queue: string,
    { size, dropped }: AddResult,
    send: Send,
  ): void {
    if (dropped?.reason === 'full') {
      this.#refuse(queue, dropped, size, send)
      return
    }
    msg.mqsize = size
    send(msg)
    if (dropped !== undefined) this.#dropped(engine, queue, dropped, send)
  }

  #dropped(engine: Engine, queue: string, dropped: DroppedItem, send: Send): void {
    if (dropped.key === '') warnOfEmptyKeys(this.#node, engine, queue, dropped.reason)
    if (!this.#tellsDropped) return
    if (dropped.reason === 'overflow') overflowLog.leaveOut(engine, queue, 1)
    // Of messages sent together, Node-RED clones all but the first, which an HTTP response does not survive.
    send([null, droppedMessage(queue, dropped)])
  }

  /** Answers for an item that was not queued, since the queue is full and refuses what is new. */
  #refuse(queue: string, dropped: DroppedItem, size: number, send: Send): void {
    if (!this.#tellsDropped) {
      const advice = 'Send it again later, or use the second output of this node'
      const text = `Queue "${queue}" is full: it holds ${size} items. ${advice}.`
      throw new MqueueError('MQ_FULL', text, { queue })
    }
    send([null, droppedMessage(queue, dropped)])
  }
}

export default (RED: NodeAPI): void => {
  function MqAddNode(this: Node, def: MqAddDef): void {
    RED.nodes.createNode(this, def)
    new MqAdd(RED, this, def)
  }

  RED.nodes.registerType('mq-add', MqAddNode)
}

/** Three values together, at once where all are there. */
function together<A, B, C>(
  a: MaybePromise<A>,
  b: MaybePromise<B>,
  c: MaybePromise<C>,
): MaybePromise<[A, B, C]> {
  if (a instanceof Promise || b instanceof Promise || c instanceof Promise) {
    return Promise.all([a, b, c])
  }
  return [a, b, c]
}
