import type { DefinitionDefaults, QueueDefinitionInput } from '../../src/definition.ts'
import { isReference } from './check.ts'
import { shown } from './shown.ts'

/** The list of a config node, with what blank sizes and addmodes take there. */
export interface MarkedList {
  queues: readonly QueueDefinitionInput[]
  defaults: DefinitionDefaults
}

/**
 * Assigns an id to each queue that has none, so that it keeps what it holds when it is renamed. One that was there before
 * gets its name, since the runtime knows a queue without an id by its name. Each one that was changed gets the time of
 * that, since the newest definition wins where Node-REDs share a queue.
 *
 * @param before each queue as it was, in the order of `after`; empty for one that is new
 * @param after the list as it will be saved
 * @param now the time, in ms
 * @param newId makes an id
 */
export function markRows(
  before: MarkedList,
  after: MarkedList,
  now: number,
  newId: () => string,
): QueueDefinitionInput[] {
  const taken = new Set(after.queues.map((queue) => shown(queue.id).trim()))
  return after.queues.map((queue, row) => {
    const old = before.queues[row] ?? {}
    const changed = meaning(queue, after.defaults) !== meaning(old, before.defaults)
    const id = shown(queue.id).trim() === '' ? idOf(old, taken, newId) : queue.id
    return changed ? { ...queue, id, edited: now } : { ...queue, id }
  })
}

/** The id of a queue that has none yet: its name, where it is known and no other queue has it as its id. */
function idOf({ name }: QueueDefinitionInput, taken: ReadonlySet<string>, newId: () => string) {
  const known = shown(name).trim()
  return known === '' || isReference(known) || taken.has(known) ? newId() : known
}

/** What a definition says, with what its blank fields take. */
function meaning(queue: QueueDefinitionInput, { mqueueSize, mqueueAddmode }: DefinitionDefaults) {
  const { id: _, edited: __, ...said } = queue
  const size = orDefault(said.size, mqueueSize)
  const addmode = orDefault(said.addmode, mqueueAddmode)
  const fields = Object.entries({ ...said, size, addmode }).map(([k, v]) => [k, shown(v).trim()])
  return JSON.stringify(fields.sort())
}

function orDefault(value: unknown, fallback: unknown): string {
  return [value, fallback].map((one) => shown(one).trim()).find((text) => text !== '') ?? '0'
}
