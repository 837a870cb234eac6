/** The ms between two bursts. */
const TURN = 10

/**
 * Changes queues in turn, `changes` times a second in all: items on output 1, and as many triggers on output 2. Tells at
 * `/bench/spent` the processor time of the process in µs and how many changes there were, and ends it at `/bench/end`.
 */
export default function (RED) {
  RED.nodes.registerType('bench-pace', function Pace(config) {
    RED.nodes.createNode(this, config)
    const { queues, changes, payload } = config
    let turns = 0
    let startedAt
    const message = (i) => ({
      _msgid: 'bench',
      queue: queues[i % queues.length],
      topic: 'call',
      payload,
    })
    const add = (i) => this.send([message(i), null])

    const change = () => {
      // Those for the time that has passed, but no more than a second at once after the process stood still.
      const due = Math.floor(((performance.now() - startedAt) * changes) / 2000)
      if (due - turns > changes / 2) turns = due - changes / 2
      for (; turns < due; turns++) {
        add(turns)
        this.send([null, message(turns)])
      }
    }

    RED.httpAdmin.get('/bench/spent', (_req, res) => {
      const { user, system } = process.cpuUsage()
      res.json({ cpu: user + system, changes: 2 * turns })
    })
    RED.httpAdmin.post('/bench/end', (_req, res) => {
      res.sendStatus(200)
      process.send({}, () => process.exit())
    })
    RED.events.once('flows:started', () => {
      // So that no queue is empty.
      for (let i = 0; i < 10 * queues.length; i++) add(i)
      startedAt = performance.now()
      setInterval(change, TURN)
    })
  })
}
