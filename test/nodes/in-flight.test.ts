import assert from 'node:assert/strict'
import { config, probe, TAB } from '../support/flows.ts'
import { type FlowNode, NodeRed, until } from '../support/node-red.ts'

/** Sends a burst of numbered messages for each request, and answers it at once. */
const SOURCE: FlowNode[] = [
  {
    id: 'in',
    type: 'http in',
    z: 'tab',
    x: 1,
    y: 1,
    url: '/burst',
    method: 'post',
    wires: [['burst', 'answer']],
  },
  {
    id: 'burst',
    type: 'function',
    z: 'tab',
    x: 1,
    y: 1,
    outputs: 1,
    func: 'const { from, to, delays } = msg.payload; for (let i = from; i < to; i++) node.send({ number: i, payload: i, place: "d" + delays[i % delays.length] + "n" + i }); return null;',
    wires: [['add', 'fetch']],
  },
  { id: 'answer', type: 'http response', z: 'tab', x: 1, y: 1, wires: [] },
]

function flow(change: number): FlowNode[] {
  const slow = (name: string) => ({ queue: name, queueType: 'jsonata' })
  // The key, and with mq-fetch the name of the queue, comes out of a context store that takes its time.
  const wait = '$flowContext(place, "slow")'
  const add = { id: 'add', type: 'mq-add', queue: 'q', key: wait, keyType: 'jsonata' }
  const fetch = { id: 'fetch', type: 'mq-fetch', ...slow(`(${wait}; "taken")`) }
  return [
    TAB,
    config([{ name: 'q' }, { name: 'taken' }], { name: `version ${change}` }),
    ...SOURCE,
    ...[add, fetch].map((node) => ({
      z: 'tab',
      x: 1,
      y: 1,
      mqueue: 'config',
      wires: [[], []],
      name: `${change}`,
      ...node,
    })),
    ...probe({ id: 'size', type: 'mq-size', queue: 'q' }),
    ...probe({ id: 'drain', type: 'mq-fetch', queue: 'q' }, 2),
    { id: 'observer', type: 'observer' },
  ]
}

interface Done {
  node: string
  number?: number
  code?: string
  failed: boolean
}

describe('messages in flight', function () {
  this.timeout(60_000)
  let nodeRed: NodeRed
  before(async () => {
    nodeRed = await NodeRed.start({ flows: flow(0), observed: true })
  })
  after(() => nodeRed.stop())

  let sent = 0
  let change = 0

  /** Has messages sent to both nodes, and waits until they are there. */
  async function burst(count: number, delays: (number | string)[]): Promise<void> {
    const body = JSON.stringify({ from: sent, to: sent + count, delays })
    sent += count
    const headers = { 'Content-Type': 'application/json' }
    const response = await fetch(`${nodeRed.url}/burst`, { method: 'POST', headers, body })
    assert.equal(response.status, 200)
    const received = () => nodeRed.log.split('RECEIVED').length - 1
    await until(() => received() === 2 * sent, 'the messages to be received')
  }

  const dones = (from: number): Done[] =>
    [...nodeRed.log.matchAll(/^DONE (.*)$/gm)]
      .map(([, json]) => JSON.parse(json ?? '') as Done)
      .filter(({ number }) => number !== undefined && number >= from)

  for (const [what, interrupt] of [
    ['a full deploy', () => nodeRed.deploy(flow(0), 'full')],
    ['a deploy of modified flows', () => nodeRed.deploy(flow(++change), 'flows')],
    ['a deploy of modified nodes', () => nodeRed.deploy(flow(++change), 'nodes')],
    ['a restart of the flows', () => nodeRed.deploy([], 'reload')],
    [
      'a stop and a start',
      async () => {
        await nodeRed.setState('stop')
        await nodeRed.setState('start')
      },
    ],
  ] as const) {
    it(`end in one done each at ${what}, with a result or MQ_CLOSED`, async () => {
      const from = sent
      await burst(50, [40, 5, 20, 0])
      await until(() => dones(from).length >= 100, 'the first messages to end')
      // These are still looking for their key, or their queue, when their node is closed.
      await burst(50, [1500, 1400, 'never', 1600])
      await interrupt()
      await until(() => dones(from).length >= 200, `200 messages to end, at ${what}`)
      await new Promise((resolve) => setTimeout(resolve, 300))
      const ended = dones(from)
      const seen = new Set(ended.map(({ node, number }) => `${node} ${number}`))
      assert.equal(seen.size, 200)
      assert.equal(ended.length, 200)
      const added = ended
        .filter(({ node, failed }) => node === 'add' && !failed)
        .map((d) => d.number)
      for (const { failed, code } of ended) assert.equal(code, failed ? 'MQ_CLOSED' : undefined)
      assert.equal(added.length, 50)
      // What was reported as added is there, in order, and nothing else is.
      const queued: unknown[] = []
      for (;;) {
        const { port, msg } = await nodeRed.ask('drain')
        if (port === 1) break
        queued.push(msg?.mqv)
      }
      assert.deepEqual(queued, added)
    })
  }
})
