/**
 * Says in words what a flow node without a name does. While no queue is chosen it is called as in the palette.
 *
 * @param key the text in the node's catalogue, with a place for the queue
 * @param values what else the text has places for
 */
export function queueLabel(
  node: EditorNode,
  key: string,
  values: Record<string, unknown> = {},
): string {
  const queue = String(node.queue ?? '')
  if (queue === '') return paletteLabel(node)
  return node._(key, { ...values, queue: readable(queue, String(node.queueType)) })
}

/** What the node is called in the palette. */
export function paletteLabel(node: EditorNode): string {
  return node._(`${node.type}.palette`)
}

/** A queue's name, or where it is found. */
export function readable(queue: string, type: string): string {
  if (type === 'msg') return `msg.${queue}`
  if (type === 'flow' || type === 'global') {
    return `${type}.${RED.utils.parseContextKey(queue).key}`
  }
  return type === 'env' ? `\${${queue}}` : queue
}
