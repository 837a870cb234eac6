import type { NodeAPI } from 'node-red'
import type { StoredEngine } from '../src/sql/engine.ts'
import { isEnding } from './process-end.ts'

/** The engines of config nodes that are closed at the moment, by the id of the node. */
const parked = new Map<string, StoredEngine>()

/** The engines whose config node is closed at the moment. */
export function parkedEngines(): StoredEngine[] {
  return [...parked.values()]
}

/** The node of a flow file, as far as it matters here. */
interface FlowFileNode {
  type: string
}

/**
 * Keeps the engine of a config node that closes, so that the next instance of the node finds its
 * queues as they were, and saves it when the process ends. Node-RED closes a node with `removed` also
 * when the user only disabled it; whether it was really deleted, the flow file says.
 */
export async function park(
  RED: NodeAPI,
  id: string,
  engine: StoredEngine,
  removed: boolean,
): Promise<void> {
  if (removed && !isDefined(flowFile(RED), id)) {
    await engine.close()
    return
  }
  parked.set(id, engine)
  if (isEnding()) await engine.save()
}

/** Takes over the engine that an earlier instance of a config node left behind. */
export function adopt(id: string): StoredEngine | undefined {
  const engine = parked.get(id)
  parked.delete(id)
  return engine
}

/** Closes the engines of config nodes that no flow file holds any more. */
export async function sweep(RED: NodeAPI): Promise<void> {
  if (parked.size === 0) return
  const nodes = flowFile(RED)
  const closing: Promise<void>[] = []
  for (const [id, engine] of parked) {
    if (isDefined(nodes, id)) continue
    parked.delete(id)
    closing.push(engine.close())
  }
  await Promise.all(closing)
}

function flowFile(RED: NodeAPI): Map<string, FlowFileNode> {
  const nodes = new Map<string, FlowFileNode>()
  RED.nodes.eachNode((node) => {
    nodes.set(node.id, node)
  })
  return nodes
}

function isDefined(nodes: ReadonlyMap<string, FlowFileNode>, id: string): boolean {
  return definitionOf(nodes, id) !== undefined
}

/**
 * What the flow file says of a node. A node inside a subflow instance has the id
 * `<instance>-<node>`, which no flow file lists; it is defined when both halves are. The nodes of a
 * subflow that came as a module stand in no flow file either; there the instance decides.
 */
function definitionOf(
  nodes: ReadonlyMap<string, FlowFileNode>,
  id: string,
): FlowFileNode | undefined {
  const listed = nodes.get(id)
  if (listed !== undefined) return listed
  // Ids may hold a dash of their own, so every one of them may be the one between the two halves.
  for (let dash = id.lastIndexOf('-'); dash > 0; dash = id.lastIndexOf('-', dash - 1)) {
    const instance = definitionOf(nodes, id.slice(0, dash))
    if (instance === undefined) continue
    const inner = nodes.get(id.slice(dash + 1))
    if (inner !== undefined) return inner
    if (!instance.type.startsWith('subflow:')) return instance
  }
  return undefined
}
