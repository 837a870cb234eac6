/**
 * Says in words what a flow node without a name does.
 *
 * @param key the text in the node's catalogue, with a place for the queue
 * @param fallback what the node is called while no queue is chosen
 * @param values what else the text has places for
 */
export function queueLabel(
  node: EditorNode,
  key: string,
  fallback: string,
  values: Record<string, unknown> = {},
): string {
  const queue = String(node.queue ?? '')
  if (queue === '') return fallback
  return node._(key, { ...values, queue: readable(queue, String(node.queueType)) })
}

/** A queue's name, or where it is found. */
export function readable(queue: string, type: string): string {
  if (type === 'msg') return `msg.${queue}`
  if (type === 'flow' || type === 'global') {
    return `${type}.${RED.utils.parseContextKey(queue).key}`
  }
  return type === 'env' ? `\${${queue}}` : queue
}
