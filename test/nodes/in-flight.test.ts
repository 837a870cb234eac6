import assert from 'node:assert/strict'
import { config, probe, TAB } from '../support/flows.ts'
import { type FlowNode, NodeRed, until } from '../support/node-red.ts'
import { type Done, observed } from '../support/observed.ts'

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
    func: 'const { from, to, delays } = msg.payload; for (let i = from; i < to; i++) node.send({ number: i, payload: i, place: delays[i % delays.length] + "n" + i }); return null;',
    wires: [['add', 'fetch']],
  },
  { id: 'answer', type: 'http response', z: 'tab', x: 1, y: 1, wires: [] },
]

function flow(dbmode: number, change: number): FlowNode[] {
  const slow = (name: string) => ({ queue: name, queueType: 'jsonata' })
  // The key, and with mq-fetch the name of the queue, comes out of a context store that takes its time.
  const wait = '$flowContext(place, "slow")'
  const add = { id: 'add', type: 'mq-add', queue: 'q', key: wait, keyType: 'jsonata' }
  const fetch = { id: 'fetch', type: 'mq-fetch', ...slow(`(${wait}; "other")`) }
  return [
    TAB,
    config(
      ['q', 'other'].map((name) => ({ name, dbmode })),
      { name: `version ${change}` },
    ),
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
    ...probe({ id: 'fill', type: 'mq-add', queue: 'other' }),
    ...probe({ id: 'drain', type: 'mq-fetch', queue: 'queue', queueType: 'msg' }, 2),
    { id: 'observer', type: 'observer' },
  ]
}

for (const dbmode of [0, 1, 4]) {
  describe(`messages in flight, dbmode ${dbmode}`, function () {
    this.timeout(180_000)
    let nodeRed: NodeRed
    before(async () => {
      nodeRed = await NodeRed.start({ flows: flow(dbmode, 0), observed: true })
    })
    after(() => nodeRed.stop())

    let sent = 0
    let change = 0

    /** Sends messages to both nodes, and waits until they are there. */
    async function burst(count: number, delays: string[]): Promise<void> {
      const body = { from: sent, to: sent + count, delays }
      sent += count
      assert.equal((await nodeRed.post('burst', body)).status, 200)
      await until(
        () => observed(nodeRed.log).received.length === 2 * sent,
        'the messages to be received',
      )
    }

    const dones = (from: number): Done[] =>
      observed(nodeRed.log).dones.filter(({ number }) => number !== undefined && number >= from)

    async function drained(queue: string): Promise<unknown[]> {
      const items: unknown[] = []
      for (;;) {
        const { port, msg, error } = await nodeRed.ask('drain', { queue })
        assert.equal(error, undefined, error?.message)
        if (port === 1) return items
        items.push(msg?.mqv)
      }
    }

    for (const [what, interrupt] of [
      ['a full deploy', () => nodeRed.deploy(flow(dbmode, 0), 'full')],
      ['a deploy of modified flows', () => nodeRed.deploy(flow(dbmode, ++change), 'flows')],
      ['a deploy of modified nodes', () => nodeRed.deploy(flow(dbmode, ++change), 'nodes')],
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
        for (let i = 0; i < 60; i++) await nodeRed.ask('fill', { payload: i })
        await burst(50, ['d40', 'd5', 'd20', 'd0'])
        await until(() => dones(from).length >= 100, 'the first messages to end')
        // These are still looking for their key, or their queue, when their node is closed.
        await burst(50, ['held', 'held', 'never', 'held'])
        await interrupt()
        await until(() => dones(from).length >= 200, `200 messages to end, at ${what}`)
        // Nothing comes of an answer for a node that is gone.
        assert.equal((await nodeRed.post('observer/answer', {})).status, 200)
        const [queued, left] = [await drained('q'), await drained('other')]
        const ended = dones(from)
        const seen = new Set(ended.map(({ node, number }) => `${node} ${number}`))
        assert.equal(seen.size, 200)
        assert.equal(ended.length, 200)
        for (const { failed, code } of ended) assert.equal(code, failed ? 'MQ_CLOSED' : undefined)
        const succeeded = (node: string) =>
          ended.filter((one) => one.node === node && !one.failed).map(({ number }) => number)
        assert.equal(succeeded('add').length, 50)
        assert.deepEqual(queued, succeeded('add'), 'what was reported as added is there, in order')
        assert.equal(succeeded('fetch').length, 50)
        assert.deepEqual(
          left,
          Array.from({ length: 10 }, (_, i) => 50 + i),
          'fetches that failed took nothing',
        )
      })
    }
  })
}
