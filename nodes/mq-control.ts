import type { Node, NodeAPI, NodeMessageInFlow } from 'node-red'
import { control } from '../src/control.ts'
import type { Engine } from '../src/engine.ts'
import { MqueueError } from '../src/errors.ts'
import { after, type MaybePromise } from '../src/maybe-promise.ts'
import { copyOf } from './copy.ts'
import { InputNode, type Send } from './input.ts'
import { type Reader, reader } from './property.ts'
import { QueueLink, type QueueNodeDef } from './queue-link.ts'
import { numberIn, wordIn } from './settings.ts'
import { assertSettable, pathOf, type Target, target } from './target.ts'

const ACTIONS = ['peek', 'remove', 'clear', 'pause', 'resume', 'stats'] as const
type Action = (typeof ACTIONS)[number]

const DEFAULT_COUNT = 10

interface MqControlDef extends QueueNodeDef {
  action?: string
  actionType?: string
  count?: string | number
  key?: string
  keyType?: string
  resultTo?: string
}

class MqControl extends InputNode {
  readonly #action: Reader
  readonly #key: Reader
  readonly #count: string | number | undefined
  readonly #result: Target

  constructor(RED: NodeAPI, node: Node, def: MqControlDef) {
    super(RED, node, new QueueLink(RED, node, def))
    const { actionType = 'action', key = 'topic', keyType = 'msg' } = def
    const action = def.action || 'peek'
    const type = actionType === 'action' ? 'str' : actionType
    this.#action = reader(RED, node, { value: action, type }, 'action', 'MQ_INVALID_VALUE')
    this.#key = reader(RED, node, { value: key, type: keyType }, 'key', 'MQ_INVALID_KEY')
    this.#count = def.count
    this.#result = target(RED, pathOf(def.resultTo, 'payload'))
  }

  protected override handle(msg: NodeMessageInFlow, send: Send): MaybePromise<void> {
    return this.inTurn(this.#asked(msg), ([queue, action, key]) =>
      this.#act(msg, queue, action, key, send),
    )
  }

  async #asked(msg: NodeMessageInFlow): Promise<[string, Action, unknown]> {
    const queue = await this.link.queueName(msg)
    const read = await this.#action.attempt(msg)
    const action = wordIn(read || 'nothing', 'action', ACTIONS)
    // Only what is asked for need be there.
    return [queue, action, action === 'remove' ? await this.#key.attempt(msg) : undefined]
  }

  #act(
    msg: NodeMessageInFlow,
    queue: string,
    action: Action,
    key: unknown,
    send: Send,
  ): MaybePromise<void> {
    assertSettable(this.#result, msg, 'MQ_INVALID_VALUE')
    this.link.show(queue)
    const result = this.#do(this.link.engine(), msg, queue, action, key)
    return after(result, (answer) => {
      this.#result.set(msg, answer)
      send(msg)
    })
  }

  #do(
    engine: Engine,
    msg: NodeMessageInFlow,
    queue: string,
    action: Action,
    key: unknown,
  ): MaybePromise<unknown> {
    switch (action) {
      case 'peek': {
        const range = { what: 'count', least: 1, most: Number.MAX_SAFE_INTEGER, isWhole: true }
        const count = numberIn(this.#count, DEFAULT_COUNT, range)
        const seen = control(engine, queue, 'peek', { count })
        // The items stay where they are; what the flow does with these must not reach them.
        const copied = (items: Awaited<typeof seen>) =>
          items.map(({ id: _id, problem, ...item }) => {
            if (problem !== undefined) throw problem
            return { ...item, value: copyOf(item.value, msg) }
          })
        return after(seen, copied)
      }
      case 'remove':
        return control(engine, queue, action, { key: keyOf(key) })
      default:
        return control(engine, queue, action, {})
    }
  }
}

export default (RED: NodeAPI): void => {
  function MqControlNode(this: Node, def: MqControlDef): void {
    RED.nodes.createNode(this, def)
    new MqControl(RED, this, def)
  }

  RED.nodes.registerType('mq-control', MqControlNode)
}

/** The key of the items to remove: written as `mq-add` writes keys. */
function keyOf(key: unknown): string {
  if (typeof key === 'string') return key
  if (typeof key === 'number' || typeof key === 'boolean') return String(key)
  const text =
    'The message has no key, so nothing was removed. Set the key of the items in the message.'
  throw new MqueueError('MQ_INVALID_KEY', text)
}
