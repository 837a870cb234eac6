/** The example that buffers while MQTT is offline, with a real broker. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { OverHttp } from '../examples/over-http.ts'
import { freePort } from '../support/free-port.ts'
import { type FlowNode, LINES, type Line, PROJECT, until } from '../support/node-red.ts'
import { requires } from '../support/required.ts'
import { Broker, MOSQUITTO } from './broker.ts'

const EXAMPLE: FlowNode[] = JSON.parse(
  readFileSync(join(PROJECT, 'examples/needs-a-broker/offline-buffer.json'), 'utf8'),
)
/** The example, with its broker on another port. */
const example = (port: number) =>
  EXAMPLE.map((node) => (node.type === 'mqtt-broker' ? { ...node, port: String(port) } : node))

describe('the example that buffers while MQTT is offline', function () {
  this.timeout(180_000)
  requires(MOSQUITTO !== undefined, 'apt-get install mosquitto')

  for (const line of Object.keys(LINES) as Line[]) {
    it(`sends what came meanwhile in its order, once the broker is back, in Node-RED ${line}`, async () => {
      const broker = new Broker(await freePort())
      // Node-RED waits 15 seconds otherwise before it connects again.
      const settings = { mqttReconnectTime: 300 }
      const hands = await OverHttp.start(example(broker.port), { line, settings })
      const measured: number[] = []
      const measure = async (count: number) => {
        await hands.press('measure', count)
        for (let i = 0; i < count; i++) measured.push(Number(await hands.next('kept')))
      }
      const received = async (count: number) => {
        const values: number[] = []
        while (values.length < count) {
          const [, value = ''] = /^site\/temperature: (\d+)$/.exec(
            await hands.next('the broker has'),
          ) ?? ['', 'not a reading']
          values.push(Number(value))
        }
        return values
      }
      const shows = (text: string) =>
        until(() => hands.statusOf('offline-consume') === text, `the consumer to show ${text}`)
      try {
        await shows('paused')
        await measure(2)
        assert.deepEqual(measured, [1, 2])
        await broker.start()
        const first = await received(2)
        await measure(1)
        const second = await received(1)
        await shows('0 / 10000')
        // This one is sent, and never confirmed.
        broker.pause()
        await measure(1)
        await shows('1 in flight, 0 / 10000')
        await broker.stop()
        await shows('paused')
        await measure(5)
        assert.deepEqual(measured.slice(4), [1, 2, 3, 4, 5])
        await broker.start()
        // What was not confirmed goes first, before the flow has subscribed again.
        const all = [...first, ...second, ...(await received(5))]
        assert.deepEqual(all, all.toSorted())
        await shows('0 / 10000')
        await until(() => broker.taken('site/temperature') === 9, 'the broker to have taken all')
        assert.doesNotMatch(hands.log, /\[error\]/)
      } finally {
        await hands.stop()
        await broker.stop()
      }
    })
  }
})
