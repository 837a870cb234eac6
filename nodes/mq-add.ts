import type { Node, NodeAPI } from 'node-red'
import type { DroppedItem } from '../src/engine.ts'
import { MqueueError } from '../src/errors.ts'
import { copyOf } from './copy.ts'
import { onInput } from './input.ts'
import { after, together } from './maybe-promise.ts'
import { reader } from './property.ts'
import { QueueLink, type QueueNodeDef } from './queue-link.ts'
import { assertSettable, target } from './target.ts'

interface MqAddDef extends QueueNodeDef {
  key?: string
  keyType?: string
  value?: string
  valueType?: string
  dropped?: boolean | string
}

export default (RED: NodeAPI): void => {
  function MqAddNode(this: Node, def: MqAddDef): void {
    RED.nodes.createNode(this, def)
    const { key = 'topic', keyType = 'msg', value = 'payload', valueType = 'msg' } = def
    const tellsDropped = def.dropped === true || def.dropped === 'true'
    const link = new QueueLink(RED, this, def)
    const sizeTarget = target(RED, 'mqsize')
    const readKey = reader(RED, this, { value: key, type: keyType }, 'key', 'MQ_INVALID_KEY')
    const readValue =
      valueType === 'fullmsg'
        ? (msg: unknown) => msg
        : reader(RED, this, { value, type: valueType }, 'value', 'MQ_INVALID_VALUE')

    onInput(
      this,
      {
        evaluate: (msg) => together(link.queueName(msg), readKey(msg), readValue(msg)),
        act(msg, [queue, rawKey, rawValue]) {
          const engine = link.engine()
          const itemKey = keyOf(rawKey, engine.definition(queue).addmode)
          if (rawValue === undefined || rawValue === null) throw missingValue(queue)
          assertSettable(sizeTarget, msg, 'MQ_INVALID_VALUE')
          link.show(queue)
          return after(engine.add(queue, itemKey, copyOf(rawValue, msg)), ({ size, dropped }) => {
            msg.mqsize = size
            if (!tellsDropped || dropped === undefined) return msg
            return [msg, droppedMessage(queue, dropped)]
          })
        },
      },
      link,
    )
  }

  RED.nodes.registerType('mq-add', MqAddNode)
}

function keyOf(raw: unknown, addmode: number): string {
  if (typeof raw === 'string') return raw
  if (typeof raw === 'number' || typeof raw === 'boolean') return String(raw)
  if (raw !== undefined && raw !== null) {
    const text = `A key is a text, a number or a boolean, not ${nameOfType(raw)}. Choose another key.`
    throw new MqueueError('MQ_INVALID_KEY', text)
  }
  if (addmode === 0) return ''
  const text = `The message has no key, and the queue keeps one item of each key (addmode ${addmode}).`
  throw new MqueueError(
    'MQ_INVALID_KEY',
    `${text} Give the message the property that the key is taken from.`,
  )
}

function nameOfType(value: unknown): string {
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`
}

function missingValue(queue: string): MqueueError {
  const text =
    'The message has no value to queue. Give it the property that the value is taken from.'
  return new MqueueError('MQ_INVALID_VALUE', text, { queue })
}

function droppedMessage(queue: string, { key, value, reason }: DroppedItem) {
  return { mqk: key, mqv: value, mqreason: reason, mqueue: queue }
}
