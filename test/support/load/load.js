/**
 * Puts a queue under load and records what was asked for and what was answered, each line in the file
 * before anything else happens, so that a killed process cannot take it along.
 */
const { appendFileSync } = require('node:fs')

const note = (line) => appendFileSync(process.env.LOAD_RECORD, `${line}\n`)
const upTo = (most) => Math.floor(Math.random() * (most + 1))

module.exports = (RED) => {
  RED.nodes.registerType('load-source', function (config) {
    RED.nodes.createNode(this, config)
    let next = Number(process.env.LOAD_FROM)
    let nextWork = Number(process.env.WORK_FROM)
    // What one process piles up, the next one takes away: a long queue only makes each start slow.
    const fetches = Number(process.env.LOAD_HELD) > 500 ? 2 : 1
    const isWorkEnough = Number(process.env.WORK_HELD) > 100
    const work = () => {
      for (let left = upTo(20); left > 0; left--) {
        note(`add ${next}`)
        this.send([{ payload: { n: next++, text: 'x'.repeat(upTo(2_000)) } }, null])
        for (let times = fetches; times > 0; times--) {
          if (upTo(3) === 0) continue
          note('fetch')
          this.send([null, {}])
        }
      }
      if (isWorkEnough) return
      note(`queue ${nextWork}`)
      this.send([null, null, { payload: { n: nextWork++ } }])
    }
    const timer = setInterval(work, 1)
    this.on('close', () => clearInterval(timer))
  })
  RED.nodes.registerType('load-note', function (config) {
    RED.nodes.createNode(this, config)
    const { word } = config
    this.on('input', (msg, send, done) => {
      note(`${word} ${msg.payload.n} ${msg.mqattempt ?? ''}`)
      send(msg)
      done()
    })
  })
  RED.nodes.registerType('load-work', function (config) {
    RED.nodes.createNode(this, config)
    this.on('input', (msg, send, done) => {
      setTimeout(() => {
        send(msg)
        done()
      }, upTo(8))
    })
  })
  RED.nodes.registerType('load-record', function (config) {
    RED.nodes.createNode(this, config)
    this.on('input', (msg, _send, done) => {
      if (msg.error) note(`failed ${msg.error.code} ${msg.error.message}`)
      else if (msg.payload) note(`added ${msg.payload.n}`)
      else if (msg.mqv) note(`fetched ${msg.mqv.n}`)
      else note('empty')
      done()
    })
  })
}
