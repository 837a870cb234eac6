import { definedQueues } from './defined-queues.ts'
import { FLOW_TYPES } from './flow-types.ts'

/** The config node that was used last: by a node that was added or edited, or because it is new. */
let lastUsed = ''

/** Follows which config node is used last. */
export function watchLastUsed(): void {
  for (const event of ['nodes:add', 'editor:save'] as const) {
    RED.events.on(event, (node) => {
      if (node.type === 'mqueue') lastUsed = node.id
      else if (FLOW_TYPES.includes(node.type) && node.mqueue) lastUsed = String(node.mqueue)
    })
  }
}

/**
 * Chooses the config node of a node that is new on the canvas, and its only queue. Node-RED calls this also for nodes that
 * are imported or pasted, which are in the editor already and stay as they are.
 */
export function chooseKnown(node: EditorNode): void {
  if (RED.nodes.node(node.id)) return
  node.mqueue = knownConfig(String(node.z))
  if (node.queueType === 'queue') node.queue = onlyQueue(String(node.mqueue))
}

/**
 * The config node that needs no choosing on a flow or in a subflow.
 *
 * @param flow the id of the flow or subflow
 * @returns the id of the only one, else of the one that was used last; blank where there is neither
 */
export function knownConfig(flow: string): string {
  const usable: string[] = []
  RED.nodes.eachConfig((config) => {
    if (config.type !== 'mqueue' || config.d === true) return
    if (!config.z || config.z === flow) usable.push(config.id)
  })
  const [only = '', ...others] = usable
  if (others.length === 0) return only
  return usable.includes(lastUsed) ? lastUsed : ''
}

/** The queue of a config node that needs no choosing; blank where there are more, or none. */
export function onlyQueue(config: string): string {
  const [only = '', ...others] = definedQueues(config) ?? []
  return others.length === 0 ? only : ''
}
