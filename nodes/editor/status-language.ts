import { FLOW_TYPES } from './flow-types.ts'

/**
 * Shows the status of our nodes in the language of the editor. The runtime sends English, on which
 * flows may route; Node-RED looks the text up in the node's catalogue, except a text that holds a
 * number.
 */
export function translateStatuses(): void {
  RED.events.on('nodes:add', (node) => {
    if (!FLOW_TYPES.includes(node.type)) return
    const translate = node._
    node._ = (key, values) => {
      const [, number] = /^loading (\d+)$/.exec(key) ?? []
      return number === undefined ? translate(key, values) : `${translate('loading')} ${number}`
    }
  })
  // A text that begins with a number is not looked up. Node-RED shows what is changed here before it gets the event.
  RED.comms.subscribe('status/#', (topic, status) => {
    const node = RED.nodes.node(topic.split('/')[1] ?? '')
    // The editor does not have the nodes in an instance of a subflow.
    if (!node || !FLOW_TYPES.includes(node.type)) return
    if (typeof status.text !== 'string') return
    status.text = status.text
      .replace(/(?<=^\d+ )in flight(?=, )/, (words) => node._(words))
      .replace(/(?<=, \d+ )dropped$/, (word) => node._(word))
  })
}
