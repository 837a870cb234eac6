import type { Node } from 'node-red'
import type { DroppedItem, Engine } from '../src/engine.ts'
import { quote } from '../src/errors.ts'

/** What becomes of an item with an empty key that meets another one, by the reason why one of them did not stay. */
const OUTCOMES: Partial<Record<DroppedItem['reason'], string>> = {
  replaced: 'the newest replaces the one that waits (addmode 2)',
  duplicate: 'only the first one is kept (addmode 1)',
}

/** The queues that were warned of. */
const warned = new WeakMap<Engine, Set<string>>()

/**
 * Warns that the items with an empty key are one item to a queue with unique keys, once for each queue.
 *
 * @param node the node that adds them
 * @param reason why an item with an empty key did not stay
 */
export function warnOfEmptyKeys(
  node: Node,
  engine: Engine,
  queue: string,
  reason: DroppedItem['reason'],
): void {
  const outcome = OUTCOMES[reason]
  const queues = warned.get(engine) ?? new Set()
  if (outcome === undefined || queues.has(queue)) return
  warned.set(engine, queues.add(queue))
  const text = `Queue ${quote(queue)}: all items with an empty key are one item, and ${outcome}`
  const cause = 'An Inject node has the empty topic, unless you set one'
  node.warn(`${text}. ${cause}. Choose another key in this node, or set msg.topic before it.`)
}
