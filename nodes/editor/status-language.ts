const TYPES = ['mq-add', 'mq-fetch', 'mq-size', 'mq-pv-free']

/**
 * Has the status of our nodes shown in the language of the editor. The runtime sends English, on which
 * flows may route; Node-RED looks the text up in the node's catalogue, except a text that holds a
 * number.
 */
export function translateStatuses(): void {
  RED.events.on('nodes:add', (node) => {
    if (!TYPES.includes(node.type)) return
    const translate = node._
    node._ = (key, values) => {
      const [, number] = /^loading (\d+)$/.exec(key) ?? []
      return number === undefined ? translate(key, values) : `${translate('loading')} ${number}`
    }
  })
}
