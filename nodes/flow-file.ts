import type { NodeAPI } from 'node-red'

/** The node of a flow file, as far as it matters here. */
interface FlowFileNode {
  type: string
}

/** The flow file as it is now: the new one already, while a deploy is under way. */
export class FlowFile {
  readonly #nodes = new Map<string, FlowFileNode>()

  constructor(RED: NodeAPI) {
    RED.nodes.eachNode((node) => {
      this.#nodes.set(node.id, node)
    })
  }

  /** Whether a node is defined, be it disabled or not. */
  defines(id: string): boolean {
    return this.#definitionOf(id) !== undefined
  }

  /**
   * What the flow file says of a node. A node inside a subflow instance has the id
   * `<instance>-<node>`, which no flow file lists; it is defined when both halves are. The nodes of a
   * subflow that came as a module stand in no flow file either; there the instance decides.
   */
  #definitionOf(id: string): FlowFileNode | undefined {
    const listed = this.#nodes.get(id)
    if (listed !== undefined) return listed
    // Ids may hold their own dash, so every one of them may be the one between the two halves.
    for (let dash = id.lastIndexOf('-'); dash > 0; dash = id.lastIndexOf('-', dash - 1)) {
      const instance = this.#definitionOf(id.slice(0, dash))
      if (instance === undefined) continue
      const inner = this.#nodes.get(id.slice(dash + 1))
      if (inner !== undefined) return inner
      if (!instance.type.startsWith('subflow:')) return instance
    }
    return undefined
  }
}
