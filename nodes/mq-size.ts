import type { Node, NodeAPI, NodeMessageInFlow } from 'node-red'
import type { Engine } from '../src/engine.ts'
import { leasing } from '../src/leasing.ts'
import { after, type MaybePromise } from '../src/maybe-promise.ts'
import { InputNode, type Send } from './input.ts'
import { QueueLink, type QueueNodeDef } from './queue-link.ts'
import { isSet } from './settings.ts'
import { assertSettable, pathOf, type Target, target } from './target.ts'

interface MqSizeDef extends QueueNodeDef {
  sizeTo?: string
  leased?: boolean | string
}

class MqSize extends InputNode {
  readonly #all: boolean
  readonly #size: Target
  /** Whether the items that are handed out are reported as well. */
  readonly #withLeased: boolean

  constructor(RED: NodeAPI, node: Node, def: MqSizeDef) {
    const all = def.queueType === 'all'
    super(RED, node, new QueueLink(RED, node, def, { all }))
    this.#all = all
    this.#size = target(RED, pathOf(def.sizeTo, 'payload'))
    this.#withLeased = isSet(def.leased)
  }

  protected override handle(msg: NodeMessageInFlow, send: Send): MaybePromise<void> {
    if (this.#all) return this.#sizes(msg, send)
    return this.inTurn(this.link.queueName(msg), (queue) => this.#sizeOf(msg, queue, send))
  }

  #sizeOf(msg: NodeMessageInFlow, queue: string, send: Send): MaybePromise<void> {
    assertSettable(this.#size, msg, 'MQ_INVALID_VALUE')
    this.link.show(queue)
    const engine = this.link.engine()
    return after(engine.size(queue), (size) =>
      this.#answer(msg, this.#counts(engine, queue, size), send),
    )
  }

  #sizes(msg: NodeMessageInFlow, send: Send): MaybePromise<void> {
    assertSettable(this.#size, msg, 'MQ_INVALID_VALUE')
    const engine = this.link.engine()
    return after(engine.sizes(), (sizes) => {
      const all = [...sizes].map(([queue, size]) => [queue, this.#counts(engine, queue, size)])
      this.#answer(msg, Object.fromEntries(all), send)
    })
  }

  #counts(engine: Engine, queue: string, size: number) {
    return this.#withLeased ? { size, leased: leasing(engine).leased(queue) } : size
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
