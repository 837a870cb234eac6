/** The nodes of the editor that the queues of the runtime belong to. */
import type { NodeAnswer } from './answers.ts'
import { isMadeOf, type Uses, usesOf } from './uses.ts'

/** The editor's config node that one of the runtime is, or is made of. */
export function configOf(runtimeId: string): EditorNode | undefined {
  const own = RED.nodes.node(runtimeId) ?? undefined
  if (own !== undefined) return own.type === 'mqueue' ? own : undefined
  let found: EditorNode | undefined
  RED.nodes.eachConfig((config) => {
    if (config.type === 'mqueue' && isMadeOf(runtimeId, config.id)) found = config
  })
  return found
}

/** What a config node is called; with the instance of the subflow that it is in, where it is in one. */
export function nameOf({ id, name }: NodeAnswer, unnamed: string): string {
  const called = name === '' ? unnamed : name
  const config = configOf(id)
  if (config === undefined || config.id === id) return called
  const [first = ''] = id.split('-')
  const instance = RED.nodes.node(first) ?? undefined
  return instance === undefined ? called : `${called} (${labelOf(instance)})`
}

/** The flow nodes that use a queue. */
export function flowNodesOf(runtimeId: string, queue: string): Uses<EditorNode> {
  const nodes: EditorNode[] = []
  RED.nodes.eachNode((node) => nodes.push(node))
  const config = configOf(runtimeId)
  return usesOf(nodes, config?.id ?? runtimeId, queue)
}

export function labelOf(node: EditorNode): string {
  return RED.utils.getNodeLabel(node, node.type)
}

/** The label of the flow or of the subflow that a node is on. */
export function flowOf({ z }: EditorNode): string {
  const id = String(z ?? '')
  const flow = RED.nodes.workspace(id) ?? RED.nodes.subflow(id)
  return String(flow?.label ?? flow?.name ?? id)
}

/** Opens the dialog of a config node. */
export function editConfig({ id }: EditorNode): void {
  RED.editor.editConfig('', 'mqueue', id)
}
