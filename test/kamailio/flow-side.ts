import { MqueueError } from '../../src/index.ts'
import { config, probe, TAB } from '../support/flows.ts'
import type { Answer, FlowNode, NodeRed } from '../support/node-red.ts'
import { type RpcReply, type Side, traceDefinitions } from './as-kamailio.ts'

const byMessage = { queue: 'queue', queueType: 'msg' }

/** A flow with one of each node, on the traces' queues; messages say which queue they are for. */
export const FLOW: FlowNode[] = [
  TAB,
  config(traceDefinitions()),
  ...probe({ id: 'add', type: 'mq-add', ...byMessage }),
  ...probe({ id: 'fetch', type: 'mq-fetch', ...byMessage }, 2),
  ...probe({ id: 'free', type: 'mq-pv-free', ...byMessage }),
  ...probe({ id: 'size', type: 'mq-size', ...byMessage }),
]

/** Nodes in a flow of a real Node-RED. One message per queue goes round and carries mqk and mqv. */
export function flowSide(nodeRed: NodeRed): Side {
  const messages = new Map<string, Record<string, unknown>>()

  async function send(node: string, queue: string, more: object = {}): Promise<Answer> {
    const { mqk, mqv } = messages.get(queue) ?? {}
    const answer = await nodeRed.ask(node, { mqk, mqv, queue, ...more })
    if (answer.error !== undefined) {
      throw new MqueueError(answer.error.code as MqueueError['code'], answer.error.message)
    }
    messages.set(queue, answer.msg ?? {})
    return answer
  }

  return {
    add: (queue, key, value) => send('add', queue, { topic: key, payload: value }),
    async fetch(queue) {
      const { port, msg } = await send('fetch', queue)
      return port === 0 ? msg : undefined
    },
    free: (queue) => send('free', queue),
    async size(queue) {
      const { msg } = await send('size', queue)
      return msg?.payload as number
    },
    async rpc(method, params) {
      const request = { jsonrpc: '2.0', method, params, id: 1 }
      const response = await nodeRed.post('mqueue/rpc', request)
      return (await response.json()) as RpcReply
    },
    held(queue) {
      const { mqk, mqv } = messages.get(queue) ?? {}
      return mqk === undefined ? undefined : { key: mqk as string, value: mqv }
    },
    hold(queue, item) {
      messages.set(queue, item === undefined ? {} : { mqk: item.key, mqv: item.value })
    },
  }
}
