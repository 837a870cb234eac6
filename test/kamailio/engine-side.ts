import { type Item, MemoryEngine } from '../../src/index.ts'
import { type Side, traceDefinitions } from './as-kamailio.ts'

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
    sizes: () => engine.sizes(),
    held: (queue) => held.get(queue),
  }
}
