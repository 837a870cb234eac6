import type { Node, NodeAPI, NodeMessage, NodeMessageInFlow } from 'node-red'
import type { FetchedItem, FetchOptions } from '../src/engine.ts'
import { MqueueError } from '../src/errors.ts'
import type { MaybePromise } from '../src/maybe-promise.ts'
import { InputNode, type Send } from './input.ts'
import { QueueLink, type QueueNodeDef } from './queue-link.ts'
import { assertSettable, assertTakesSize, overlap, pathOf, type Target, target } from './target.ts'

interface MqFetchDef extends QueueNodeDef {
  keyTo?: string
  valueTo?: string
  restore?: boolean | string
}

class MqFetch extends InputNode {
  readonly #key: Target
  readonly #value: Target
  readonly #restores: boolean
  /** Whether key, value and size have one place, or one within another. */
  readonly #collide: boolean
  /** Whether key and value go to `mqk` and `mqv`, as they mostly do. */
  readonly #isUsual: boolean
  readonly #options: FetchOptions

  constructor(RED: NodeAPI, node: Node, def: MqFetchDef) {
    super(RED, node, new QueueLink(RED, node, def))
    const keyTo = pathOf(def.keyTo, 'mqk')
    const valueTo = pathOf(def.valueTo, 'mqv')
    this.#isUsual = keyTo === 'mqk' && valueTo === 'mqv'
    this.#restores = def.restore === true || def.restore === 'true'
    this.#key = target(RED, keyTo)
    this.#value = target(RED, valueTo)
    const paths = [keyTo, valueTo, 'mqsize']
    this.#collide = paths.some((path, i) =>
      paths.slice(i + 1).some((other) => overlap(RED, path, other)),
    )
    this.#options = { signal: this.signal }
  }

  protected override handle(msg: NodeMessageInFlow, send: Send): MaybePromise<void> {
    const queue = this.link.queueName(msg)
    if (this.link.isImmediate) return this.#fetch(msg, queue as string, send)
    return this.#fetchInTurn(msg, queue, send)
  }

  #fetch(msg: NodeMessageInFlow, queue: string, send: Send): MaybePromise<void> {
    this.#assertFits(msg)
    this.link.show(queue)
    const item = this.link.engine().fetch(queue, this.#options)
    if (item instanceof Promise) return this.#answerLater(msg, item, send)
    this.#answer(msg, item, send)
  }

  // What needs a function of its own stands apart: it would cost every message that does not.

  #fetchInTurn(msg: NodeMessageInFlow, queue: MaybePromise<string>, send: Send) {
    return this.inTurn(queue, (name) => this.#fetch(msg, name, send))
  }

  #answerLater(msg: NodeMessage, item: Promise<FetchedItem | undefined>, send: Send) {
    return item.then((late) => this.#answer(msg, late, send))
  }

  /** An item that is taken must have somewhere to go. */
  #assertFits(msg: NodeMessage): void {
    if (this.#isUsual && !('mqk' in msg || 'mqv' in msg || 'mqsize' in msg)) return
    if (this.#collide) {
      const text = 'Key, value and mqsize must go to three properties, none within another.'
      throw new MqueueError('MQ_INVALID_VALUE', text)
    }
    assertSettable(this.#key, msg, 'MQ_INVALID_KEY')
    assertSettable(this.#value, msg, 'MQ_INVALID_VALUE')
    assertTakesSize(msg)
  }

  #answer(msg: NodeMessage, item: FetchedItem | undefined, send: Send): void {
    if (item === undefined) {
      this.#key.delete(msg)
      this.#value.delete(msg)
      msg.mqsize = 0
      send([null, msg])
    } else if (this.#restores && isMessage(item.value)) {
      send(this.#restored(msg, item.value, item))
    } else if (this.#isUsual) {
      // A store with a literal name is the fastest there is.
      msg.mqv = item.value
      msg.mqk = item.key
      msg.mqsize = item.size
      send(msg)
    } else {
      this.#value.set(msg, item.value)
      this.#key.set(msg, item.key)
      msg.mqsize = item.size
      send(msg)
    }
  }

  /** The queued message itself, with what only the trigger has; its value is the message. */
  #restored(trigger: NodeMessage, queued: NodeMessage, { key, size }: FetchedItem): NodeMessage {
    this.#value.delete(trigger)
    const msg = Object.assign(queued, { ...trigger, ...queued })
    if (this.#key.fits(msg)) this.#key.set(msg, key)
    msg.mqsize = size
    return msg
  }
}

export default (RED: NodeAPI): void => {
  function MqFetchNode(this: Node, def: MqFetchDef): void {
    RED.nodes.createNode(this, def)
    new MqFetch(RED, this, def)
  }

  RED.nodes.registerType('mq-fetch', MqFetchNode)
}

/** Every message in a flow has an id, so a value with one was queued as the whole message. */
function isMessage(value: unknown): value is NodeMessage {
  return typeof value === 'object' && value !== null && '_msgid' in value
}
