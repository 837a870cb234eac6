/** What a config node says reaches the Status nodes of those who use it. */
import assert from 'node:assert/strict'
import { config, probe, TAB } from '../support/flows.ts'
import { type FlowNode, NodeRed, until } from '../support/node-red.ts'

const place = { z: 'tab', x: 1, y: 1 }
const flow = (queues: object[]): FlowNode[] => [
  TAB,
  config(queues),
  ...probe({ id: 'add', type: 'mq-add', queue: 'q' }),
  { id: 'status', type: 'status', ...place, scope: null, wires: [['log']] },
  {
    id: 'log',
    type: 'function',
    ...place,
    func: 'node.warn("RECEIVED " + msg.status.source.id + " " + JSON.stringify(msg.status.text))',
    wires: [],
  },
]

describe('the status of a config node', () => {
  let nodeRed: NodeRed
  before(async () => {
    nodeRed = await NodeRed.start({ flows: [TAB] })
  })
  after(() => nodeRed.stop())

  for (const type of ['full', 'nodes', 'flows'] as const) {
    it(`reaches Status nodes while a definition is bad, and goes when it is corrected, deployed as ${type}`, async () => {
      await nodeRed.deploy([TAB])
      const from = nodeRed.log.length
      const received = (text: string) => nodeRed.log.slice(from).includes(`RECEIVED ${text}`)
      await nodeRed.deploy(flow([{ name: 'q' }]), type)
      await until(() => received('add "0"'), 'the status of the flow node')
      assert.equal(received('config'), false)
      await nodeRed.deploy(flow([{ name: 'q' }, { name: 'bad', size: -1 }]), type)
      await until(() => received('config "invalid definition"'), 'the trouble')
      assert.match(nodeRed.log.slice(from), /Queue "bad": Size must be/)
      await nodeRed.deploy(flow([{ name: 'q' }]), type)
      await until(() => received('config undefined'), 'the end of it')
    })
  }
})
