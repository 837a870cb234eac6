import { type Item, MemoryEngine } from '../../src/index.ts'
import { answerRpc } from '../../src/rpc.ts'
import { type RpcReply, type Side, traceDefinitions } from './as-kamailio.ts'

/** The engine alone, with the traces' queues. It keeps what was fetched last, as a message would. */
export function engineSide(): Side {
  const engine = new MemoryEngine()
  engine.define(traceDefinitions())
  const held = new Map<string, Item>()
  return {
    add: (queue, key, value) => engine.add(queue, key, value),
    fetch(queue) {
      const item = engine.fetch(queue)
      if (item === undefined) held.delete(queue)
      else held.set(queue, item)
      return item
    },
    free: (queue) => held.delete(queue),
    size: (queue) => engine.size(queue),
    async rpc(method, params) {
      const request = { jsonrpc: '2.0', method, params, id: 1 }
      return (await answerRpc(request, new Map([['engine', engine]]))) as RpcReply
    },
    held: (queue) => held.get(queue),
    hold(queue, item) {
      if (item === undefined) held.delete(queue)
      else held.set(queue, item)
    },
  }
}
