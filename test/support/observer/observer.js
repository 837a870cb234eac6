/**
 * Loaded into a Node-RED under test. Logs the way of messages through the nodes under test, one line of JSON each:
 * `RECEIVED` when a numbered one came to a node, `SENT` when a node sent one, `DELIVERED` when Node-RED knew the
 * node that it goes to, `DONE` when it ended. `STOPPING` comes before the nodes of a deploy or a stop are closed, all of
 * them in one go. Tells the bytes of heap in use, after a collection, at `/observer/heap`. Has the slow context store
 * answer what it holds at `/observer/answer`.
 */
const { answer } = require('./slow-context.js')

module.exports = (RED) => {
  const isTested = ({ type }) => type.startsWith('mq-')
  const log = (what, facts) => console.log(`${what} ${JSON.stringify(facts)}`)

  RED.nodes.registerType('observer', function Observer(config) {
    RED.nodes.createNode(this, config)
  })
  RED.httpAdmin.get('/observer/heap', (_req, res) => {
    globalThis.gc()
    res.send(String(process.memoryUsage().heapUsed))
  })
  RED.httpAdmin.post('/observer/answer', (_req, res) => {
    answer()
    res.sendStatus(200)
  })
  RED.events.on('flows:stopping', ({ type }) => log('STOPPING', { type }))
  RED.hooks.add('onReceive.observer', ({ msg, destination: { node } }) => {
    // A message that is still on its way to a closed node ends in Node-RED: nobody listens any more.
    const listens = node._inputCallback != null || node._inputCallbacks != null
    if (isTested(node) && msg.number !== undefined && listens) {
      log('RECEIVED', { node: node.id, number: msg.number })
    }
  })
  const facts = ({ msg, source }) => ({
    node: source.id,
    port: source.port,
    number: msg.number,
    item: msg.mqv,
  })
  RED.hooks.add('onSend.observer', (events) => {
    for (const event of events) if (isTested(event.source.node)) log('SENT', facts(event))
  })
  RED.hooks.add('preDeliver.observer', (event) => {
    if (isTested(event.source.node)) log('DELIVERED', facts(event))
  })
  RED.hooks.add('onComplete.observer', ({ msg, error, node }) => {
    if (!isTested(node.node)) return
    const { code } = error ?? {}
    log('DONE', { node: node.id, number: msg.number, code, failed: !!error })
  })
}
