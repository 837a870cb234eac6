/** Messages that wait for a database while their node is closed, in a real process. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import pg from 'pg'
import { DATABASES, type TestDatabase } from '../support/databases.ts'
import { config, probe, TAB } from '../support/flows.ts'
import { type FlowNode, NodeRed, until } from '../support/node-red.ts'
import { observed } from '../support/observed.ts'

const placed = { z: 'tab', x: 1, y: 1 }

/** Sends numbered messages to both nodes for each request. */
const SOURCE: FlowNode[] = [
  { ...placed, id: 'in', type: 'http in', url: '/burst', method: 'post', wires: [['burst', 'ok']] },
  {
    ...placed,
    id: 'burst',
    type: 'function',
    outputs: 2,
    func: `const { from, adds, fetches } = msg.payload
      for (let i = 0; i < adds; i++) node.send([{ number: from + i, payload: from + i }, null])
      for (let i = 0; i < fetches; i++) node.send([null, { number: from + adds + i }])`,
    wires: [['add'], ['fetch']],
  },
  { ...placed, id: 'ok', type: 'http response', wires: [] },
]

interface Version {
  queues: object[]
  queue: string
  dbUrl?: string
  /** Another number is another version of the config node and the nodes under test. */
  change?: number
  /** Another number is another version of mq-fetch alone. */
  fetchChange?: number
  /** The environment of the tab. */
  env?: object[]
}

function flow({
  queues,
  queue,
  dbUrl = '',
  change = 0,
  fetchChange = 0,
  env = [],
}: Version): FlowNode[] {
  const tested = { ...placed, mqueue: 'config', queue }
  const name = `version ${change}`
  return [
    { ...TAB, env },
    config(queues, { dbUrl, name }),
    ...SOURCE,
    { ...tested, id: 'add', type: 'mq-add', name, wires: [['sink']] },
    {
      ...tested,
      id: 'fetch',
      type: 'mq-fetch',
      name: `${name}.${fetchChange}`,
      wires: [['sink'], ['sink']],
    },
    { ...placed, id: 'sink', type: 'function', func: '', wires: [[]] },
    ...probe({ id: 'drain', type: 'mq-fetch', queue }, 2),
    { id: 'observer', type: 'observer' },
  ]
}

/** An operation gives up when an SQLite file is held for three seconds, which no case is about, in ms. */
const PATIENCE = 2_500

/** A database that can be held, so that it does nothing for the process under test. */
interface Held {
  readonly dbUrl?: string
  hold(queue: string): Promise<void>
  release(): Promise<void>
}

/** The default file, held by another connection that writes. */
function fileOf(nodeRed: NodeRed): Held {
  let other: DatabaseSync | undefined
  return {
    async hold() {
      const path = join(nodeRed.userDir, 'mqueue', 'config.sqlite')
      other = new DatabaseSync(path, { timeout: 5000 })
      other.exec('begin immediate')
    },
    async release() {
      if (other?.isOpen) other.close()
    },
  }
}

/** A table in PostgreSQL, held by another session. */
function tableIn(database: TestDatabase): Held {
  const { url } = database.location
  let other: pg.Client | undefined
  return {
    dbUrl: url,
    async hold(queue) {
      other = new pg.Client(url)
      await other.connect()
      await other.query(`begin; lock table "${queue}" in access exclusive mode`)
    },
    async release() {
      await other?.end()
      other = undefined
    },
  }
}

type Interrupt = (nodeRed: NodeRed, version: Version) => Promise<void>

const INTERRUPTS: Record<string, Interrupt> = {
  'a full deploy': (nodeRed, version) => nodeRed.deploy(flow(version), 'full'),
  'a deploy of modified flows': (nodeRed, version) =>
    nodeRed.deploy(flow({ ...version, change: 1 }), 'flows'),
  'a deploy of modified nodes': (nodeRed, version) =>
    nodeRed.deploy(flow({ ...version, change: 1 }), 'nodes'),
  'a deploy of a modified mq-fetch': (nodeRed, version) =>
    nodeRed.deploy(flow({ ...version, fetchChange: 1 }), 'nodes'),
  'a deploy of a tab with another environment': (nodeRed, version) =>
    nodeRed.deploy(flow({ ...version, env: [{ name: 'N', value: '1', type: 'str' }] }), 'nodes'),
  'a restart of the flows': (nodeRed) => nodeRed.deploy([], 'reload'),
  async 'a stop and a start'(nodeRed) {
    await nodeRed.setState('stop')
    await nodeRed.setState('start')
  },
}

function describeWaiting(
  database: string,
  make: (nodeRed: NodeRed) => Held,
  interrupts = Object.keys(INTERRUPTS),
): void {
  describe(`messages that wait for ${database},`, function () {
    this.timeout(180_000)
    let nodeRed: NodeRed
    let held: Held
    before(async () => {
      nodeRed = await NodeRed.start({ flows: [], observed: true })
      held = make(nodeRed)
    })
    after(() => nodeRed.stop())
    afterEach(() => held.release())

    let count = 0
    let number = 0
    let heldAt = Number.POSITIVE_INFINITY
    let heldFor = 0

    async function hold(queue: string): Promise<void> {
      await held.hold(queue)
      heldAt = performance.now()
    }

    async function release(): Promise<void> {
      await held.release()
      heldFor = Math.max(heldFor, performance.now() - heldAt)
      heldAt = Number.POSITIVE_INFINITY
    }

    /** Does it again where the machine was so busy that the database was held for too long. */
    async function inTime(play: () => Promise<void>): Promise<void> {
      for (let left = 3; ; left--) {
        heldFor = 0
        try {
          await play()
          return
        } catch (error) {
          await release()
          if (heldFor < PATIENCE || left === 0) throw error
        }
      }
    }

    /** Sends messages to mq-add and to mq-fetch, and waits until they are there. */
    async function burst(adds: number, fetches: number): Promise<void> {
      const from = number
      number += adds + fetches
      const { status } = await nodeRed.post('burst', { from, adds, fetches })
      assert.equal(status, 200)
      const came = () => observed(nodeRed.log).received.filter((one) => one.number >= from)
      await until(() => came().length === adds + fetches, 'the messages to be received')
    }

    async function drained(): Promise<unknown[]> {
      const items: unknown[] = []
      for (;;) {
        const { port, msg, error } = await nodeRed.ask('drain')
        assert.equal(error, undefined, error?.message)
        if (port === 1) return items
        items.push(msg?.mqv)
      }
    }

    /**
     * Has three adds and three fetches wait for the database while their nodes are closed, and checks where each
     * item is in the end.
     */
    async function assertConserved(
      dbmode: number,
      waiting: 'to be committed' | 'for the queue to open',
      interrupt: Interrupt,
      released: 'while the nodes close' | 'when the flows run again',
    ): Promise<void> {
      const queue = `q${++count}`
      const { dbUrl } = held
      const isOpened = waiting === 'for the queue to open'
      // Its rows stay in the database when a journaled queue is deleted, for the queue to open with.
      const version = { queues: [{ name: queue, dbmode: isOpened ? 4 : dbmode }], queue, dbUrl }
      const first = number
      const mine = () => {
        const { delivered, dones } = observed(nodeRed.log)
        return {
          delivered: delivered.filter((one) => Number(one.number) >= first),
          dones: dones.filter((one) => Number(one.number) >= first),
        }
      }
      await nodeRed.deploy(flow(version))
      await burst(6, 1)
      await until(() => mine().dones.length === 7, 'the first messages to end')
      if (isOpened) {
        await nodeRed.deploy(flow({ ...version, queues: [] }), 'nodes')
        version.queues = [{ name: queue, dbmode }]
      }
      if (dbmode !== 0) await hold(queue)
      if (isOpened) await nodeRed.deploy(flow(version), 'nodes')
      await burst(3, 3)
      const mustWait = dbmode === 4 || isOpened
      assert.equal(mine().dones.length, mustWait ? 7 : 13, 'ended before their nodes were closed')
      const offset = nodeRed.log.length
      const over = interrupt(nodeRed, version)
      if (released === 'when the flows run again') await over
      await nodeRed.logged(/^STOPPING/m, offset)
      await release()
      await over
      await until(() => mine().dones.length >= 13, 'all messages to end')

      const left = await drained()
      const { dones, delivered } = mine()
      const ended = new Set(dones.map((one) => one.number))
      assert.deepEqual([dones.length, ended.size], [13, 13], 'one done each')
      for (const { failed, code } of dones) assert.equal(code, failed ? 'MQ_CLOSED' : undefined)
      const succeeded = (node: string) =>
        dones.filter((one) => one.node === node && !one.failed).map((one) => one.number)
      const from = delivered.filter(({ node }) => node === 'fetch')
      const items = from.filter(({ port }) => port === 0).map(({ item }) => item)
      assert.deepEqual(
        [...items, ...left],
        succeeded('add'),
        'what was added was delivered, or is in the queue, in order',
      )
      assert.deepEqual(
        from.map((one) => one.number),
        succeeded('fetch'),
        'each fetch that succeeded was delivered',
      )
    }

    for (const what of interrupts) {
      const interrupt = INTERRUPTS[what] as Interrupt
      describe(`are all accounted for at ${what}`, () => {
        for (const released of ['while the nodes close', 'when the flows run again'] as const) {
          it(`dbmode 4, to be committed ${released}`, () =>
            inTime(() => assertConserved(4, 'to be committed', interrupt, released)))

          for (const dbmode of [1, 4]) {
            it(`dbmode ${dbmode}, for a queue that opens ${released}`, () =>
              inTime(() => assertConserved(dbmode, 'for the queue to open', interrupt, released)))
          }
        }

        for (const dbmode of [0, 1]) {
          it(`dbmode ${dbmode}, where nobody waits for a commit`, () =>
            inTime(() =>
              assertConserved(dbmode, 'to be committed', interrupt, 'while the nodes close'),
            ))
        }
      })
    }
  })
}

describeWaiting('an SQLite file that another connection writes to', (nodeRed) => fileOf(nodeRed))

const POSTGRES = DATABASES.find(({ name }) => name === 'PostgreSQL')

describe('with PostgreSQL', () => {
  let database: TestDatabase | undefined
  before(async function () {
    if (await POSTGRES?.isThere()) {
      database = await POSTGRES?.make()
      return
    }
    if (process.env.CI) throw new Error('needed in CI: a running PostgreSQL')
    console.log('      skipped; to run it, start PostgreSQL on 127.0.0.1')
    this.skip()
  })
  after(() => database?.drop())
  describeWaiting('a table that another session holds', () => tableIn(database as TestDatabase), [
    'a full deploy',
    'a deploy of modified nodes',
    'a stop and a start',
  ])
})
