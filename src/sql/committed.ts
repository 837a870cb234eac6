import type { Item } from '../engine.ts'
import type { Queue } from '../local/queue.ts'
import type { Chunk } from './lane.ts'

/**
 * What the table of a journaled queue held last: what the queue holds, without what is on its way to the table.
 *
 * @param onTheirWay the changes that are not committed, in their order
 * @returns the items that were committed, oldest first, and the ids of those that were not
 */
export function committedOf(
  queue: Queue,
  onTheirWay: readonly Chunk[],
): { items: (Item & { id: number })[]; uncommitted: number[] } {
  /** What was committed under the ids of what is on its way. */
  const before = new Map<number, Item | undefined>()
  for (const { added, removed, removedItems } of onTheirWay) {
    for (const [at, id] of removed.entries()) {
      if (!before.has(id)) before.set(id, removedItems[at])
    }
    for (const id of added.keys()) if (!before.has(id)) before.set(id, undefined)
  }
  const items: (Item & { id: number })[] = [...queue.everything()].filter(
    ({ id }) => !before.has(id),
  )
  const uncommitted: number[] = []
  for (const [id, item] of before) {
    if (item === undefined) uncommitted.push(id)
    else items.push({ ...item, id })
  }
  items.sort((one, other) => one.id - other.id)
  return { items, uncommitted }
}
