/** Consumers at work over many deploys of random kinds, in real Node-RED processes. */
import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { config, probe, TAB } from '../support/flows.ts'
import { type DeployType, type FlowNode, type Line, NodeRed, until } from '../support/node-red.ts'

const IN_FLIGHT = 3
const MOST = 4

/** A connection that lay idle while the others worked may be closed just as it is used again. */
const CLOSING = { headers: { Connection: 'close' } }

const placed = { z: 'tab', x: 1, y: 1 }

/** The work takes its time, and fails now and then. */
const WORK = `
  setTimeout(() => {
    if (Math.random() < 0.1) node.error('the work failed', msg)
    else {
      node.warn('DONE ' + msg.payload)
      node.send(msg)
      node.done()
    }
  }, Math.random() * 30)`

interface Change {
  /** Versions of the nodes that are deployed again. */
  versions?: Record<string, number>
  dbmode: number
  withConsumers?: boolean
  lease?: number
}

function flow({ versions = {}, dbmode, withConsumers = true, lease = 2 }: Change): FlowNode[] {
  const queues = [{ name: 'q', dbmode, maxInFlight: MOST, retryDelay: 0 }]
  const consumer = (id: string) => ({
    ...placed,
    id,
    type: 'mq-consume',
    mqueue: 'config',
    queue: 'q',
    inFlight: IN_FLIGHT,
    lease,
    wires: [['work'], []],
  })
  const nodes: FlowNode[] = [
    ...(withConsumers ? [consumer('one'), consumer('two')] : []),
    { ...placed, id: 'work', type: 'function', func: WORK, outputs: 1, wires: [['ack']] },
    { ...placed, id: 'catch', type: 'catch', scope: ['work'], wires: [['retry']] },
    { ...placed, id: 'retry', type: 'mq-ack', mqueue: 'config', action: 'retry', wires: [[]] },
    { ...placed, id: 'ack', type: 'mq-ack', mqueue: 'config', wires: [['acked']] },
    {
      ...placed,
      id: 'acked',
      type: 'function',
      func: 'node.warn("ACKED " + msg.payload)',
      wires: [],
    },
  ]
  return [
    TAB,
    config(queues, { name: `version ${versions.config ?? 0}` }),
    { id: 'observer', type: 'observer' },
    ...nodes.map((node) => ({ ...node, name: `version ${versions[node.id] ?? 0}` })),
    ...probe({ id: 'add', type: 'mq-add', queue: 'q' }),
    ...probe({ id: 'sizes', type: 'mq-size', queue: 'q', leased: true }),
    ...probe({ id: 'stats', type: 'mq-control', queue: 'q', action: 'stats' }),
  ]
}

const numbersIn = (log: string, word: RegExp) =>
  [...log.matchAll(word)].map(([, number]) => Number(number))

for (const [line, dbmode, deploys] of [
  ['5', 0, 100],
  ['5', 4, 100],
  ['4.1', 1, 30],
] as const) {
  describe(`consumers on Node-RED ${line}, dbmode ${dbmode}`, () => {
    it(`lose nothing, leak no lease and keep their limits over ${deploys} deploys`, async function () {
      this.timeout(600_000)
      await work(line, dbmode, deploys)
    })
  })
}

async function work(line: Line, dbmode: number, deploys: number): Promise<void> {
  const nodeRed = await NodeRed.start({
    line,
    flows: flow({ dbmode }),
    observed: true,
    env: { NODE_OPTIONS: '--expose-gc' },
  })
  try {
    const heap = async () =>
      Number(await (await fetch(`${nodeRed.url}/observer/heap`, CLOSING)).text())
    let heapBefore = 0
    const versions: Record<string, number> = {}
    const kinds = ['full', 'nodes', 'flows', 'reload', 'stop'] as const
    let added = 0
    let mostLeased = 0
    const end = new AbortController()
    const look = async () => {
      while (!end.signal.aborted) {
        const { result } = await (
          await nodeRed.post('mqueue/rpc', {
            jsonrpc: '2.0',
            id: 1,
            method: 'mqueue.stats',
            params: ['q'],
          })
        ).json()
        if (result !== undefined) mostLeased = Math.max(mostLeased, result.leased)
        await sleep(5)
      }
    }
    const looking = look()
    for (let i = 0; i < deploys; i++) {
      // What is loaded and compiled once is there after some deploys.
      if (i === Math.floor(deploys / 3)) heapBefore = await heap()
      for (let count = 0; count < 5; count++) {
        const { msg } = await nodeRed.ask('add', { topic: `${added}`, payload: added })
        assert.ok(msg !== undefined)
        added++
      }
      await sleep(Math.random() * 40)
      const kind = kinds[Math.floor(Math.random() * kinds.length)] as (typeof kinds)[number]
      if (kind === 'stop') {
        await nodeRed.setState('stop')
        await nodeRed.setState('start')
      } else {
        const changed = ['one', 'two', 'work', 'ack', 'config'][i % 5] as string
        versions[changed] = i
        await nodeRed.deploy(kind === 'reload' ? [] : flow({ versions, dbmode }), kind)
      }
    }
    // What was under way in a node that was deployed again comes back when its lease ends.
    const all = Array.from({ length: added }, (_, number) => number)
    const left = () => {
      const seen = new Set(numbersIn(nodeRed.log, /DONE (\d+)/g))
      return all.filter((number) => !seen.has(number))
    }
    await until(() => left().length === 0, 'all items to be worked on', 60_000).catch((error) => {
      throw new Error(`${(error as Error).message}: ${left()} are missing`)
    })
    const isOver = async () => {
      const counts = (await nodeRed.ask('sizes')).msg?.payload as Record<string, number> | undefined
      return counts?.size === 0 && counts.leased === 0
    }
    for (const deadline = Date.now() + 30_000; !(await isOver()); await sleep(20)) {
      assert.ok(Date.now() < deadline, 'a lease is left')
    }
    end.abort()
    await looking
    // What the last messages left behind is collected a little later on a busy machine.
    let growth = Number.POSITIVE_INFINITY
    for (const deadline = Date.now() + 30_000; growth >= 4e6; await sleep(200)) {
      growth = (await heap()) - heapBefore
      assert.ok(growth < 4e6 || Date.now() < deadline, `${growth} bytes more`)
    }
    assert.ok(mostLeased > 1, `${mostLeased} leased at once`)
    assert.ok(mostLeased <= MOST, `${mostLeased} leased at once`)
    const stats = (await nodeRed.ask('stats')).msg?.payload as Record<string, number>
    assert.ok((stats.acknowledged as number) > 0)
  } finally {
    await nodeRed.stop()
  }
}

describe('the leases of a consumer', () => {
  for (const line of ['5', '4.1'] as const) {
    it(`are released by a full deploy, and stay over the others, on Node-RED ${line}`, async function () {
      this.timeout(180_000)
      // What it takes is held until it is asked for.
      const held = (version: number): FlowNode[] => [
        ...flow({ dbmode: 0, lease: 3_600, versions: { one: version, two: version } }).filter(
          ({ id }) => !['work', 'two', 'catch', 'retry'].includes(id),
        ),
        { ...placed, id: 'work', type: 'function', func: HOLD, outputs: 1, wires: [['ack']] },
        {
          ...placed,
          id: 'go',
          type: 'http in',
          url: '/go',
          method: 'post',
          wires: [['work', 'gone']],
        },
        { ...placed, id: 'gone', type: 'http response', wires: [] },
      ]
      const nodeRed = await NodeRed.start({ line, flows: held(0), observed: true })
      try {
        for (let i = 0; i < 5; i++) await nodeRed.ask('add', { topic: `${i}`, payload: i })
        const counts = async () => (await nodeRed.ask('sizes')).msg?.payload
        const begun = (text: string) => nodeRed.log.split(`HELD ${text}`).length - 1
        await until(() => begun('2 1') === 1, 'three items to be held')
        for (const type of ['nodes', 'flows'] as DeployType[]) {
          await nodeRed.deploy(held(type === 'nodes' ? 1 : 2), type)
          await sleep(100)
          assert.deepEqual(await counts(), { size: 2, leased: 3 })
        }
        assert.equal((await nodeRed.post('go', {})).status, 200)
        const acked = () => numbersIn(nodeRed.log, /ACKED (\d+)/g)
        await until(() => acked().length === 3, 'the leases to be acknowledged').catch((error) => {
          throw new Error(`${(error as Error).message}: ${nodeRed.log}`)
        })
        await until(() => begun('4 1') === 1, 'the next items')
        assert.deepEqual(await counts(), { size: 0, leased: 2 })
        await nodeRed.deploy(held(2), 'full')
        // Released, and handed out again as the first attempt.
        await until(() => begun('3 1') === 2 && begun('4 1') === 2, 'the same items again')
        await nodeRed.setState('stop')
        await nodeRed.setState('start')
        await until(() => begun('3 1') === 3 && begun('4 1') === 3, 'the same items again')
        const without = held(2).filter(({ id }) => id !== 'one')
        await nodeRed.deploy(without, 'nodes')
        assert.deepEqual(await counts(), { size: 2, leased: 0 }, 'its leases go with a consumer')
      } finally {
        await nodeRed.stop()
      }
    })
  }
})

const HOLD = `
  const held = global.get('held') ?? []
  if (msg.mqlease === undefined) {
    global.set('held', [])
    return [held]
  }
  node.warn('HELD ' + msg.payload + ' ' + msg.mqattempt)
  held.push(msg)
  global.set('held', held)
  return null`
