/** Loaded into a Node-RED under test: logs each numbered message that a node under
 * test receives, and how it ended, as `DONE {…}`. */
module.exports = (RED) => {
  RED.nodes.registerType('observer', function Observer(config) {
    RED.nodes.createNode(this, config)
  })
  RED.hooks.add('onReceive.observer', ({ msg, destination: { node } }) => {
    if (node.type.startsWith('mq-') && msg.number !== undefined) console.log('RECEIVED')
  })
  RED.hooks.add('onComplete.observer', ({ msg, error, node }) => {
    if (!node.node.type.startsWith('mq-')) return
    const { code } = error ?? {}
    console.log(
      `DONE ${JSON.stringify({ node: node.id, number: msg.number, code, failed: !!error })}`,
    )
  })
}
