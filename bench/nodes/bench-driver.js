/**
 * Drives a queue: output 1 gives items, output 2 gives triggers, and what the queue releases comes back
 * in. A round is `depth` items in a row, then a trigger each time an item came back. The rates, per
 * second of processor time of the thread, are told to the parent process: of items added and fetched, and of
 * items fetched while the round drained; and that of items by the clock.
 */
export default function (RED) {
  RED.nodes.registerType('bench-driver', function Driver(config) {
    RED.nodes.createNode(this, config)
    const { depth, rounds, warmUp, payload, trigger } = config
    const whole = stopwatch()
    const drain = stopwatch()
    let round = 0
    let back = 0
    let startedAt = 0

    const fill = () => {
      if (round === warmUp) {
        whole.start()
        startedAt = performance.now()
        drain.reset()
      }
      if (round === warmUp + rounds) {
        whole.stop()
        const items = rounds * depth
        const clock = (performance.now() - startedAt) / 1000
        const pairs = items / whole.seconds
        const drained = items / drain.seconds
        process.send({ pairs, drained, byClock: items / clock }, () => process.exit())
        return
      }
      round++
      back = 0
      for (let i = 0; i < depth; i++) {
        const item = typeof payload === 'object' ? { ...payload } : payload
        this.send([{ topic: 'call', payload: item }, null])
      }
      // The items have arrived when this comes: Node-RED delivers with one setImmediate each.
      setImmediate(() => {
        drain.start()
        this.send([null, { ...trigger }])
      })
    }

    this.on('input', (_msg, _send, done) => {
      back++
      done()
      if (back < depth) this.send([null, { ...trigger }])
      else {
        drain.stop()
        setImmediate(fill)
      }
    })
    RED.events.once('flows:started', () => setImmediate(fill))
  })
}

function stopwatch() {
  let micros = 0
  let from
  return {
    start: () => {
      from = process.threadCpuUsage()
    },
    stop: () => {
      const { user, system } = process.threadCpuUsage(from)
      micros += user + system
    },
    reset: () => {
      micros = 0
    },
    get seconds() {
      return micros / 1e6
    },
  }
}
