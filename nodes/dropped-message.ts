import type { DroppedItem } from '../src/engine.ts'

/** The message of an item that did not stay in its queue. */
export function droppedMessage(queue: string, { key, value, reason }: DroppedItem) {
  return { mqk: key, mqv: value, mqreason: reason, mqueue: queue }
}
