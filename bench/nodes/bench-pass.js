/** The least that a node can do: it passes its messages on. */
export default function (RED) {
  RED.nodes.registerType('bench-pass', function Pass(config) {
    RED.nodes.createNode(this, config)
    this.on('input', (msg, send, done) => {
      send(msg)
      done()
    })
  })
}
