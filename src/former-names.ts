import type { QueueDefinition } from './definition.ts'

/**
 * The name that each queue had before, by the one that it has now. Queues that are new are not there. A queue is known by the
 * id of its row. One whose row had no id is known by its name, which is then the id that the dialog sets. Last, a row whose id
 * is unknown goes on with the queue of its name, unless another row does.
 *
 * @param before the definitions of the queues that there were
 * @param now the definitions that they have now
 */
export function formerNames(
  before: Iterable<QueueDefinition>,
  now: readonly QueueDefinition[],
): Map<string, string> {
  const left = new Map([...before].map((definition) => [definition.name, definition]))
  const former = new Map<string, string>()
  /** Decides for the definitions that are still open. */
  function decide(nameOf: (definition: QueueDefinition) => string | undefined): void {
    for (const definition of now) {
      if (former.has(definition.name)) continue
      const name = nameOf(definition)
      if (name !== undefined && left.delete(name)) former.set(definition.name, name)
    }
  }
  decide(({ name, id }) => (left.get(name)?.id === id ? name : undefined))
  const rows = namesByRow(left.values())
  decide(({ id }) => (id === undefined ? undefined : rows.get(id)))
  decide(({ name }) => name)
  return former
}

/** The names of queues by the ids of their rows. A row without an id is known by its name, unless that is the id of another. */
function namesByRow(definitions: Iterable<QueueDefinition>): Map<string, string> {
  const rows = new Map<string, string>()
  for (const { id, name } of [...definitions].sort(withoutIdFirst)) rows.set(id ?? name, name)
  return rows
}

function withoutIdFirst({ id: one }: QueueDefinition, { id: other }: QueueDefinition): number {
  return Number(one !== undefined) - Number(other !== undefined)
}
