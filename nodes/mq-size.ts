import type { Node, NodeAPI, NodeMessageInFlow } from 'node-red'
import { after, type MaybePromise } from '../src/maybe-promise.ts'
import { InputNode, type Send } from './input.ts'
import { QueueLink, type QueueNodeDef } from './queue-link.ts'
import { assertSettable, pathOf, type Target, target } from './target.ts'

interface MqSizeDef extends QueueNodeDef {
  sizeTo?: string
}

class MqSize extends InputNode {
  readonly #all: boolean
  readonly #size: Target

  constructor(RED: NodeAPI, node: Node, def: MqSizeDef) {
    const all = def.queueType === 'all'
    super(RED, node, new QueueLink(RED, node, def, { all }))
    this.#all = all
    this.#size = target(RED, pathOf(def.sizeTo, 'payload'))
  }

  protected override handle(msg: NodeMessageInFlow, send: Send): MaybePromise<void> {
    if (this.#all) return this.#sizes(msg, send)
    return this.inTurn(this.link.queueName(msg), (queue) => this.#sizeOf(msg, queue, send))
  }

  #sizeOf(msg: NodeMessageInFlow, queue: string, send: Send): MaybePromise<void> {
    assertSettable(this.#size, msg, 'MQ_INVALID_VALUE')
    this.link.show(queue)
    return after(this.link.engine().size(queue), (size) => this.#answer(msg, size, send))
  }

  #sizes(msg: NodeMessageInFlow, send: Send): MaybePromise<void> {
    assertSettable(this.#size, msg, 'MQ_INVALID_VALUE')
    return after(this.link.engine().sizes(), (sizes) =>
      this.#answer(msg, Object.fromEntries(sizes), send),
    )
  }

  #answer(msg: NodeMessageInFlow, size: unknown, send: Send): void {
    this.#size.set(msg, size)
    send(msg)
  }
}

export default (RED: NodeAPI): void => {
  function MqSizeNode(this: Node, def: MqSizeDef): void {
    RED.nodes.createNode(this, def)
    new MqSize(RED, this, def)
  }

  RED.nodes.registerType('mq-size', MqSizeNode)
}
