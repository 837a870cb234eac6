/** The least that two queue nodes can do: a bare ring, no copy, no status, no typed inputs. */
const CAPACITY = 1 << 20
const keys = new Array(CAPACITY)
const values = new Array(CAPACITY)
let head = 0
let size = 0

export default function (RED) {
  RED.nodes.registerType('bench-add', function Add(config) {
    RED.nodes.createNode(this, config)
    this.on('input', (msg, send, done) => {
      const slot = (head + size) & (CAPACITY - 1)
      keys[slot] = msg.topic
      values[slot] = msg.payload
      size++
      msg.mqsize = size
      send(msg)
      done()
    })
  })
  RED.nodes.registerType('bench-fetch', function Fetch(config) {
    RED.nodes.createNode(this, config)
    this.on('input', (msg, send, done) => {
      if (size === 0) {
        send([null, msg])
        done()
        return
      }
      msg.mqk = keys[head]
      msg.mqv = values[head]
      keys[head] = undefined
      values[head] = undefined
      head = (head + 1) & (CAPACITY - 1)
      size--
      msg.mqsize = size
      send([msg, null])
      done()
    })
  })
}
