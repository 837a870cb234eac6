import { namedQueue, usesOf } from './sidebar/uses.ts'

/** A queue's new name. */
export interface Rename {
  readonly from: string
  readonly to: string
}

/** What has to be done once the editor has kept what stands in the dialog of a config node. */
let pending: { id: string; renames: readonly Rename[] } | undefined

/** The flow nodes that name a queue of a config node. */
export function namersOf(configId: string, queue: string): EditorNode[] {
  const nodes: EditorNode[] = []
  RED.nodes.eachNode((node) => nodes.push(node))
  const isNamer = ({ queue: named, queueType }: EditorNode) =>
    namedQueue({ queue: named, queueType }) === queue
  return usesOf(nodes, configId, queue).certain.filter(isNamer)
}

/** Renames queues in flow nodes, as soon as the config node has their new names. */
export function renameSoon(configId: string, renames: readonly Rename[]): void {
  pending = renames.length === 0 ? undefined : { id: configId, renames }
}

/** Looks out for the moment at which the editor has noted a change of a config node for its undo. */
export function followRenames(): void {
  RED.events.on('nodes:change', ({ id }) => {
    if (pending?.id !== id) return
    const { renames } = pending
    pending = undefined
    renameInNodes(id, renames)
  })
}

/** Renames queues in flow nodes, in one step of undo with the change of the config node. */
function renameInNodes(configId: string, renames: readonly Rename[]): void {
  const dirty = RED.nodes.dirty()
  // Names may be swapped, so all nodes are found first.
  const found = renames.map(({ from, to }) => ({ to, nodes: namersOf(configId, from) }))
  const events = found.flatMap(({ to, nodes }) => nodes.map((node) => renameIn(node, to, dirty)))
  const config = RED.history.peek()
  if (events.length === 0 || config === undefined) return
  const all = config.t === 'multi' ? (config.events ?? []) : [config]
  RED.history.replace({ t: 'multi', events: [...all, ...events], dirty: config.dirty ?? dirty })
}

function renameIn(node: EditorNode, queue: string, dirty: boolean): HistoryEvent {
  const changes = { queue: node.queue }
  const event = { t: 'edit', node, changes, changed: node.changed, dirty }
  node.queue = queue
  node.changed = true
  node.dirty = true
  // What it is called may be longer now.
  node.resize = true
  RED.editor.validateNode(node)
  RED.events.emit('nodes:change', node)
  return event
}
