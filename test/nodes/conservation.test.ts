/**
 * Queues under load over many deploys of random kinds: whatever was added is in the end in exactly one place. A run
 * is repeated with `MQ_TEST_SEED=<the seed it printed>`.
 */
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import { config, probe, TAB } from '../support/flows.ts'
import { type FlowNode, type Line, NodeRed, until } from '../support/node-red.ts'
import { type Observed, observed } from '../support/observed.ts'

/** Whole numbers below a bound, the same ones for each seed. */
function randomFrom(seed: number): (bound: number) => number {
  let state = seed
  return (bound) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 2 ** 32) * bound)
  }
}

interface Queue {
  name: string
  dbmode: number
  size?: number
  /** Whether its dbmode changes during the run. */
  changes?: boolean
}

/** The nodes that a deploy may change, and which version of each is deployed. */
type Versions = Record<string, number>

const placed = { z: 'tab', x: 1, y: 1 }

/** A producer, two nodes that add and one that fetches; one of the former waits for its keys. */
function nodesOf({ name }: Queue, versions: Versions, isProducing: boolean): FlowNode[] {
  const [first, second, fetch, sink] = [`${name}.a`, `${name}.b`, `${name}.fetch`, `${name}.sink`]
  const queue = { ...placed, mqueue: 'config', queue: name }
  const add = { ...queue, type: 'mq-add', dropped: true, wires: [[sink], [sink]] }
  const slow = { key: '$flowContext(place, "slow")', keyType: 'jsonata' }
  const producer = {
    ...placed,
    id: `${name}.producer`,
    type: 'producer',
    wires: [[first], [second], [fetch]],
  }
  const nodes: FlowNode[] = [
    { ...add, id: first },
    { ...add, id: second, ...slow },
    { ...queue, id: fetch, type: 'mq-fetch', wires: [[sink], [sink]] },
    { ...placed, id: sink, type: 'function', func: '', wires: [[]] },
  ]
  return [
    ...(isProducing ? [producer] : []),
    ...nodes.map((node) => ({ ...node, name: `version ${versions[node.id] ?? 0}` })),
  ]
}

function flow(queues: Queue[], versions: Versions, isProducing = true): FlowNode[] {
  return [
    TAB,
    config(queues, { name: `version ${versions.config ?? 0}` }),
    ...queues.flatMap((queue) => nodesOf(queue, versions, isProducing)),
    ...probe({ id: 'drain', type: 'mq-fetch', queue: 'queue', queueType: 'msg' }, 2),
    { id: 'observer', type: 'observer' },
  ]
}

/** Writes to the database of the process again and again, so that its commits have to wait. */
async function disturb(nodeRed: NodeRed, random: (bound: number) => number, signal: AbortSignal) {
  const path = join(nodeRed.userDir, 'mqueue', 'config.sqlite')
  await until(() => existsSync(path), 'the database to be made')
  const database = new DatabaseSync(path, { timeout: 5000 })
  while (!signal.aborted) {
    database.exec('begin immediate')
    await sleep(random(60))
    database.exec('rollback')
    await sleep(random(30))
  }
  database.close()
}

/** What appears more than once. */
const doubled = (list: readonly number[]) => list.filter((one, i) => list.indexOf(one) !== i)

const without = (list: readonly number[], others: readonly number[]) => {
  const left = new Set(others)
  return list.filter((one) => !left.has(one))
}

/** The first ones of a list, which may be long. */
const some = (list: readonly number[]) => `${list.slice(0, 20)}${list.length > 20 ? '…' : ''}`

/** Checks where the items of a queue are, and how its messages ended. */
function assertConserved(
  { name, dbmode, size, changes }: Queue,
  seen: Observed,
  held: number[],
): void {
  const adders = [`${name}.a`, `${name}.b`]
  const isAdd = ({ node }: { node: string }) => adders.includes(node)
  const isFetch = ({ node }: { node: string }) => node === `${name}.fetch`
  const numbers = (list: { number?: number }[]) => list.map(({ number }) => Number(number))
  const items = (list: { item?: unknown }[]) => list.map(({ item }) => Number(item))

  const received = numbers(seen.received.filter((one) => isAdd(one) || isFetch(one)))
  const dones = seen.dones.filter((one) => isAdd(one) || isFetch(one))
  assert.deepEqual(doubled(numbers(dones)), [], `${name}: messages with two dones`)
  assert.deepEqual(without(received, numbers(dones)), [], `${name}: messages without a done`)
  const failed = dones.filter((one) => one.failed)
  assert.deepEqual(
    failed.filter(({ code }) => code !== 'MQ_CLOSED'),
    [],
    `${name}: messages that failed otherwise than by being closed`,
  )

  const succeeded = dones.filter((one) => !one.failed)
  const added = numbers(succeeded.filter(isAdd))
  const fetched = seen.delivered.filter((one) => isFetch(one) && one.port === 0)
  const dropped = seen.sent.filter((one) => isAdd(one) && one.port === 1)
  const places = [...items(fetched), ...items(dropped), ...held]
  assert.deepEqual(doubled(places), [], `${name}: items in two places`)
  assert.deepEqual(without(places, added), [], `${name}: items whose adding was not reported`)
  // A dropped item is not reported when the node that would report it is gone. It may be dropped
  // by an add, or where an item that was fetched for the node comes back to a full queue.
  const told = numbers(seen.sent.filter((one) => isAdd(one) && one.port === 0))
  const mayBeUnreported = without(added, told).length + failed.filter(isFetch).length
  const untold = size === undefined ? 0 : mayBeUnreported
  const lost = without(added, places)
  assert.ok(lost.length <= untold, `${name}: ${lost.length} of ${added.length} lost: ${some(lost)}`)

  const delivered = numbers(seen.delivered.filter(isFetch))
  const answered = numbers(succeeded.filter(isFetch))
  assert.deepEqual(doubled(delivered), [], `${name}: fetches that were answered twice`)
  assert.deepEqual(without(answered, delivered), [], `${name}: fetches that succeeded for nobody`)
  assert.deepEqual(without(delivered, answered), [], `${name}: fetches that were sent and failed`)

  // What was under way when its node was closed comes back first, after what others had taken meanwhile.
  const mayBeOvertaken = dbmode === 4 || changes ? failed.filter(isFetch).length : 0
  let overtaken = 0
  for (const adder of adders) {
    const own = new Set(numbers(succeeded.filter(({ node }) => node === adder)))
    let newest = 0
    for (const item of [...items(fetched), ...held].filter((one) => own.has(one))) {
      if (item < newest) overtaken++
      newest = Math.max(newest, item)
    }
  }
  assert.ok(overtaken <= mayBeOvertaken, `${name}: ${overtaken} items were overtaken`)
  assert.ok(fetched.length > 0 && held.length + dropped.length > 0, `${name}: was not under load`)
}

async function conserve(line: Line, deploys: number, seed: number): Promise<void> {
  const random = randomFrom(seed)
  const queues: Queue[] = [
    { name: 'memory', dbmode: 0 },
    { name: 'saved', dbmode: 1 },
    { name: 'journaled', dbmode: 4 },
    { name: 'bounded', dbmode: 0, size: 5 },
    { name: 'bounded-journaled', dbmode: 4, size: 5 },
    { name: 'changing', dbmode: 4, changes: true },
  ]
  const versions: Versions = {}
  const change = (id: string) => {
    versions[id] = (versions[id] ?? 0) + 1
  }

  /** A flow in which some nodes are other versions, and at times the config node too. */
  function changed(): FlowNode[] {
    for (const { name } of queues) {
      const which = random(6)
      if (which === 0) change(`${name}.a`)
      if (which === 1) change(`${name}.b`)
      if (which >= 2 && which <= 3) change(`${name}.fetch`)
      // Not by itself: what a node sends to one that is closed is lost by Node-RED.
      if (which === 3) change(`${name}.sink`)
    }
    if (random(3) === 0) {
      change('config')
      for (const queue of queues) if (queue.changes) queue.dbmode = [0, 1, 4][random(3)] as number
    }
    return flow(queues, versions)
  }

  const nodeRed = await NodeRed.start({ line, flows: flow(queues, versions), observed: true })
  const end = new AbortController()
  try {
    const kinds: (() => Promise<void>)[] = [
      () => nodeRed.deploy(flow(queues, versions), 'full'),
      () => nodeRed.deploy(changed(), 'nodes'),
      () => nodeRed.deploy(changed(), 'flows'),
      () => nodeRed.deploy([], 'reload'),
      async () => {
        await nodeRed.setState('stop')
        await nodeRed.setState('start')
      },
    ]
    const disturbing = disturb(nodeRed, randomFrom(seed + 1), end.signal)
    for (let i = 0; i < deploys; i++) {
      await sleep(random(40))
      await kinds[random(kinds.length)]?.()
    }
    await nodeRed.deploy(flow(queues, versions, false), 'nodes')
    end.abort()
    await disturbing
    await until(() => {
      const { received, dones } = observed(nodeRed.log)
      return dones.filter(({ number }) => number !== undefined).length >= received.length
    }, 'all messages to end')
    const held = new Map<string, number[]>()
    for (const { name } of queues) {
      const items: number[] = []
      for (;;) {
        const { port, msg, error } = await nodeRed.ask('drain', { queue: name })
        assert.equal(error, undefined, error?.message)
        if (port === 1) break
        items.push(Number(msg?.mqv))
      }
      held.set(name, items)
    }
    const seen = observed(nodeRed.log)
    const faults = queues.flatMap((queue) => {
      try {
        assertConserved(queue, seen, held.get(queue.name) ?? [])
        return []
      } catch (error) {
        return [(error as Error).message]
      }
    })
    assert.deepEqual(faults, [])
    const closed = seen.dones.filter(({ code }) => code === 'MQ_CLOSED').length
    assert.ok(closed >= deploys / 4, `only ${closed} messages were under way at a deploy`)
  } finally {
    end.abort()
    await nodeRed.stop()
  }
}

describe('under load, whatever was added was fetched, was dropped or is held', () => {
  const seed = Number(process.env.MQ_TEST_SEED ?? Math.floor(Math.random() * 2 ** 32))
  for (const [line, deploys] of [
    ['5', 200],
    ['4.1', 40],
  ] as const) {
    it(`after ${deploys} deploys of random kinds on Node-RED ${line}`, async function () {
      this.timeout(900_000)
      try {
        await conserve(line, deploys, seed)
      } catch (error) {
        ;(error as Error).message += `\nTo repeat it: MQ_TEST_SEED=${seed}`
        throw error
      }
    })
  }
})
