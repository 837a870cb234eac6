import type { QueueDefinition } from '../src/definition.ts'
import { quote } from '../src/errors.ts'
import { formerNames } from '../src/former-names.ts'
import { leasing } from '../src/leasing.ts'
import { type ConfigNode, type EngineInUse, itemsIn, knownSize } from './registry.ts'

/** Reports what becomes of the items of queues that are no longer defined, or are renamed. */
export function reportChanges(
  node: ConfigNode,
  before: EngineInUse,
  definitions: readonly QueueDefinition[],
): void {
  const heirs = new Map<string, string>()
  for (const [name, former] of formerNames(before.held, definitions)) heirs.set(former, name)
  for (const former of before.held) {
    const heir = heirs.get(former.name)
    if (heir === undefined) reportDeleted(node, before, former)
    else if (heir !== former.name) reportRenamed(node, before, former, heir)
  }
}

function reportRenamed(
  node: ConfigNode,
  { engine, kind }: EngineInUse,
  { name }: QueueDefinition,
  heir: string,
): void {
  const items = holding(engine, name)
  if (items === 0) return
  const [former, now] = [quote(name), quote(heir)]
  if (kind === 'memory') node.log(`Queue ${now}: it was ${former}, and keeps its items: ${items}.`)
  if (kind !== 'redis') return
  const text = `Queue ${now}: it was ${former}. It has what Redis keeps under its new name`
  node.warn(`${text}. Items that stay in Redis under the old name: ${items}.`)
}

function reportDeleted(node: ConfigNode, before: EngineInUse, former: QueueDefinition): void {
  const name = quote(former.name)
  const items = itemsIn(before, [former])
  if (items > 0) node.warn(`Queue ${name}: items dropped with the deleted queue: ${items}.`)
  const stays = holding(before.engine, former.name) - items
  if (stays <= 0 || before.kind === 'kamailio') return
  const text = `Queue ${name}: deleted. Items that stay where they are stored: ${stays}`
  node.log(`${text}. A queue of this name finds them again.`)
}

/** How many items a queue holds, those that are handed out included, as it was seen last. */
function holding(engine: EngineInUse['engine'], queue: string): number {
  const size = knownSize(engine, queue)
  if (size === undefined) return 0
  return size + (engine.supports.leases ? leasing(engine).leased(queue) : 0)
}
