/**
 * Drives a queue in bursts: `depth` items in a row on output 1, and when all were added as many triggers in a
 * row on output 2. What `mq-add` and `mq-fetch` send on comes back in. Tells the parent process the pairs of add and
 * fetch per second, by the clock and by the thread's processor time.
 */
export default function (RED) {
  RED.nodes.registerType('bench-burst', function Burst(config) {
    RED.nodes.createNode(this, config)
    const { depth, rounds, warmUp, payload } = config
    let round = 0
    let back = 0
    let startedAt
    let used

    const begin = () => {
      if (round === warmUp) {
        startedAt = performance.now()
        used = process.threadCpuUsage()
      }
      if (round === warmUp + rounds) {
        const pairs = rounds * depth
        const { user, system } = process.threadCpuUsage(used)
        const clock = (performance.now() - startedAt) / 1000
        const figures = { byClock: pairs / clock, pairs: (pairs * 1e6) / (user + system) }
        process.send(figures, () => process.exit())
        return
      }
      round++
      back = 0
      for (let i = 0; i < depth; i++) {
        const item = typeof payload === 'object' ? { ...payload } : payload
        this.send([{ topic: 'call', payload: item }, null])
      }
    }

    this.on('input', (_msg, _send, done) => {
      back++
      done()
      if (back === depth) {
        for (let i = 0; i < depth; i++) this.send([null, { payload: '' }])
      } else if (back === 2 * depth) setImmediate(begin)
    })
    RED.events.once('flows:started', () => setImmediate(begin))
  })
}
