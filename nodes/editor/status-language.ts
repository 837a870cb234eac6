/**
 * Has a node's status shown in the language of the editor. The runtime sends English, on which flows
 * may route; Node-RED looks the text up in the node's catalogue, but for a text that holds a number.
 */
export function translateStatus(node: EditorNode): void {
  const translate = node._.bind(node)
  node._ = (key, values) => {
    const [, number] = /^loading (\d+)$/.exec(key) ?? []
    return number === undefined ? translate(key, values) : `${translate('loading')} ${number}`
  }
}
