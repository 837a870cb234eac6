import type { Node, NodeAPI, NodeMessage } from 'node-red'
import type { FetchedItem } from '../src/engine.ts'
import { MqueueError } from '../src/errors.ts'
import { onInput } from './input.ts'
import { after } from './maybe-promise.ts'
import { QueueLink, type QueueNodeDef } from './queue-link.ts'
import { assertSettable, overlap, target } from './target.ts'

interface MqFetchDef extends QueueNodeDef {
  keyTo?: string
  valueTo?: string
  restore?: boolean | string
}

export default (RED: NodeAPI): void => {
  function MqFetchNode(this: Node, def: MqFetchDef): void {
    RED.nodes.createNode(this, def)
    const keyTo = def.keyTo || 'mqk'
    const valueTo = def.valueTo || 'mqv'
    const restores = def.restore === true || def.restore === 'true'
    const link = new QueueLink(RED, this, def)
    const keyTarget = target(RED, keyTo)
    const valueTarget = target(RED, valueTo)
    const sizeTarget = target(RED, 'mqsize')

    const paths = [keyTo, valueTo, 'mqsize']
    const collide = paths.some((path, i) =>
      paths.slice(i + 1).some((other) => overlap(RED, path, other)),
    )

    /** An item that is taken must have somewhere to go. */
    function assertFits(msg: NodeMessage): void {
      if (collide) {
        const text = 'Key, value and mqsize must go to three properties, none within another.'
        throw new MqueueError('MQ_INVALID_VALUE', text)
      }
      assertSettable(keyTarget, msg, 'MQ_INVALID_KEY')
      assertSettable(valueTarget, msg, 'MQ_INVALID_VALUE')
      assertSettable(sizeTarget, msg, 'MQ_INVALID_VALUE')
    }

    function empty(msg: NodeMessage): NodeMessage {
      keyTarget.delete(msg)
      valueTarget.delete(msg)
      msg.mqsize = 0
      return msg
    }

    function decorated(msg: NodeMessage, { key, value, size }: FetchedItem): NodeMessage {
      valueTarget.set(msg, value)
      keyTarget.set(msg, key)
      msg.mqsize = size
      return msg
    }

    /** The queued message itself, with what only the trigger has; its value is the message. */
    function restored(
      trigger: NodeMessage,
      queued: NodeMessage,
      { key, size }: FetchedItem,
    ): NodeMessage {
      valueTarget.delete(trigger)
      const msg = Object.assign(queued, { ...trigger, ...queued })
      if (keyTarget.fits(msg)) keyTarget.set(msg, key)
      msg.mqsize = size
      return msg
    }

    onInput(
      this,
      {
        evaluate: (msg) => link.queueName(msg),
        act(msg, queue) {
          assertFits(msg)
          link.show(queue)
          return after(link.engine().fetch(queue), (item) => {
            if (item === undefined) return [null, empty(msg)]
            if (restores && isMessage(item.value)) return restored(msg, item.value, item)
            return decorated(msg, item)
          })
        },
      },
      link,
    )
  }

  RED.nodes.registerType('mq-fetch', MqFetchNode)
}

/** Every message in a flow has an id, so a value with one was queued as the whole message. */
function isMessage(value: unknown): value is NodeMessage {
  return typeof value === 'object' && value !== null && '_msgid' in value
}
