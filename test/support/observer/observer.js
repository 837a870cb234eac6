/**
 * Loaded into a Node-RED under test: logs each numbered message that a node under test receives, and how
 * it ended, as `DONE {…}`. Tells the bytes of heap in use, after a collection, at `/observer/heap`.
 */
module.exports = (RED) => {
  RED.nodes.registerType('observer', function Observer(config) {
    RED.nodes.createNode(this, config)
  })
  RED.httpAdmin.get('/observer/heap', (_req, res) => {
    globalThis.gc()
    res.send(String(process.memoryUsage().heapUsed))
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
