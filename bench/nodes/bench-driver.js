/**
 * Drives a queue. The first half of the outputs is for items, the second for triggers, each used in turn (there are
 * `pairs` of them), and what the queue releases comes back in. A round is `depth` items in a row, then a trigger
 * each time an item came back. Sends the parent process the rates per second of the thread's processor time: of
 * items added and fetched (`pairs`), and of items fetched while the round drained. It also sends the rate of items by
 * the clock.
 */
export default function (RED) {
  RED.nodes.registerType('bench-driver', function Driver(config) {
    RED.nodes.createNode(this, config)
    const { depth, rounds, warmUp, payload, trigger, pairs = 1 } = config
    const whole = stopwatch()
    const drain = stopwatch()
    const items = outputs(0, pairs)
    const triggers = outputs(pairs, pairs)
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
        const count = rounds * depth
        const clock = (performance.now() - startedAt) / 1000
        const rates = {
          pairs: count / whole.seconds,
          drained: count / drain.seconds,
          byClock: count / clock,
        }
        process.send(rates, () => process.exit())
        return
      }
      round++
      back = 0
      for (let i = 0; i < depth; i++) {
        const item = typeof payload === 'object' ? { ...payload } : payload
        this.send(items({ topic: 'call', payload: item }))
      }
      // The items have arrived when this comes: Node-RED delivers with one setImmediate each.
      setImmediate(() => {
        drain.start()
        this.send(triggers({ ...trigger }))
      })
    }

    this.on('input', (_msg, _send, done) => {
      back++
      done()
      if (back < depth) this.send(triggers({ ...trigger }))
      else {
        drain.stop()
        setImmediate(fill)
      }
    })
    RED.events.once('flows:started', () => setImmediate(fill))
  })
}

/** Puts each message on the next of some outputs. */
function outputs(first, count) {
  let next = 0
  return (msg) => {
    const sent = new Array(first + next).fill(null)
    sent.push(msg)
    next = next + 1 === count ? 0 : next + 1
    return sent
  }
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
