/** What Node-RED processes that share a queue in Redis say they did, while they, the server and its connections are killed. */
import assert from 'node:assert/strict'
import { rmSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { eventually } from '../conformance/engine.ts'
import { config, TAB } from '../support/flows.ts'
import { type FlowNode, makeUserDir, NodeRed } from '../support/node-red.ts'
import { RedisServer } from '../support/redis-servers.ts'

/** How often what is killed. */
const ROUNDS = { process: 20, server: 40, connections: 140 }
const PROCESSES = 3
const PREFIX = 'history'

/** Some items in every twentieth of a second, each with its own name; stopped by the context. */
const SOURCE = `
  if (global.get('stopped')) return
  const n = (context.get('n') ?? 0) + 5
  context.set('n', n)
  for (let i = n - 5; i < n; i++) node.send({ topic: 'k', payload: env.get('INSTANCE') + '.' + i })`

/** Whoever is killed holds items, since each is worked on for most of the time until the next ones come. */
const WORK = `setTimeout(() => node.send(msg), 20 + Math.random() * 20)`

/** An acknowledgement that could not be asked for is asked for again. Node-RED catches a message of one node ten times. */
const AGAIN = `
  const { code } = msg.error
  delete msg.error
  if (code === 'MQ_UNAVAILABLE') setTimeout(() => node.send(msg), 200)`

const note = (word: string) => `node.warn('${word} ' + msg.payload + ' ' + msg.mqlease); return msg`

function flows(redisUrl: string): FlowNode[] {
  const placed = { z: 'tab', x: 1, y: 1 }
  const queue = { ...placed, mqueue: 'config', queue: 'q' }
  const noting = (id: string, word: string, next: string[]) =>
    ({ ...placed, id, type: 'function', func: note(word), outputs: 1, wires: [next] }) as FlowNode
  return [
    TAB,
    config([{ name: 'q', retryDelay: 0 }], { engine: 'redis', redisUrl, prefix: PREFIX }),
    { ...placed, id: 'tick', type: 'inject', repeat: '0.05', props: [], wires: [['source']] },
    { ...placed, id: 'source', type: 'function', func: SOURCE, outputs: 1, wires: [['add']] },
    { ...queue, id: 'add', type: 'mq-add', wires: [['added']] },
    noting('added', 'ADDED', []),
    { ...queue, id: 'consume', type: 'mq-consume', inFlight: 7, lease: 3_600, wires: [['got']] },
    noting('got', 'GOT', ['work']),
    { ...placed, id: 'work', type: 'function', func: WORK, outputs: 1, wires: [['ack']] },
    { ...placed, id: 'ack', type: 'mq-ack', mqueue: 'config', wires: [['acked']] },
    noting('acked', 'ACKED', []),
    { ...placed, id: 'catch', type: 'catch', scope: ['ack'], wires: [['again']] },
    { ...placed, id: 'again', type: 'function', func: AGAIN, outputs: 1, wires: [['ack']] },
    { ...placed, id: 'in', type: 'http in', url: '/stop', method: 'post', wires: [['stop']] },
    {
      ...placed,
      id: 'stop',
      type: 'function',
      func: `global.set('stopped', true); return msg`,
      outputs: 1,
      wires: [['answer']],
    },
    { ...placed, id: 'answer', type: 'http response', wires: [] },
  ]
}

/** A process, with what it says it did. */
interface Worker {
  readonly nodeRed: NodeRed
  isKilled: boolean
}

/** The name of a process in Redis, with which its leases begin; undefined until it has had one. */
const clientOf = ({ nodeRed }: Worker) => / q:([0-9a-f]+)-/.exec(nodeRed.log)?.[1]

describe('the history of Node-REDs that share a queue in Redis', () => {
  it('loses nothing and doubles nothing but what was leased by a process that was killed', async function () {
    this.timeout(900_000)
    const server = await RedisServer.start({
      settings: { appendonly: 'yes', appendfsync: 'always' },
    })
    const userDirs = Array.from({ length: PROCESSES }, () => makeUserDir())
    const all: Worker[] = []
    const living = new Map<number, Worker>()
    const keys = (name: string) => `{${PREFIX}}:${name}`

    async function start(place: number): Promise<void> {
      const nodeRed = await NodeRed.start({
        userDir: userDirs[place] as string,
        flows: flows(server.url),
        env: { INSTANCE: `${all.length}` },
      })
      const worker = { nodeRed, isKilled: false }
      all.push(worker)
      living.set(place, worker)
    }

    /** Makes Redis take everyone for gone, as it does a minute later, who has leases and is not alive. */
    async function forgetTheDead(): Promise<void> {
      const clients = new Set([...living.values()].map((worker) => clientOf(worker)))
      for (const lease of (await server.command('ZRANGE', keys('q:leases'), 0, -1)) as string[]) {
        const [client = ''] = lease.split('-')
        if (!clients.has(client)) await server.command('ZREM', keys(':clients'), client)
      }
      await server.command('HSET', keys('q'), 'looked', 0)
    }

    async function killProcess(): Promise<void> {
      const place = Math.floor(Math.random() * PROCESSES)
      const worker = living.get(place) as Worker
      await worker.nodeRed.stop({ signal: 'SIGKILL', keep: true })
      worker.isKilled = true
      await start(place)
      // It has its name in Redis from its first item on.
      await eventually(async () => {
        for (const one of living.values()) assert.notEqual(clientOf(one), undefined)
      }, 30_000)
      await forgetTheDead()
    }

    async function killServer(): Promise<void> {
      await server.kill()
      await server.restart()
    }

    async function killConnections(): Promise<void> {
      await server.command('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes')
      await server.command('CLIENT', 'KILL', 'TYPE', 'pubsub')
    }

    try {
      for (let place = 0; place < PROCESSES; place++) await start(place)
      const rounds = Object.entries({ killProcess, killServer, killConnections })
        .flatMap(([, kill], index) => Array(Object.values(ROUNDS)[index] as number).fill(kill))
        .sort(() => Math.random() - 0.5)
      for (const kill of rounds) {
        await sleep(Math.random() * 200)
        await kill()
      }
      for (const { nodeRed } of living.values()) {
        assert.equal((await nodeRed.post('stop', {})).status, 200)
      }
      await eventually(async () => {
        await forgetTheDead()
        assert.equal(await server.command('LLEN', keys('q:items')), 0)
        assert.deepEqual(await server.command('ZRANGE', keys('q:leases'), 0, -1), [])
      }, 60_000).catch((error) => {
        const open = [...living.values()].map((worker) => {
          const acked = new Set(said(worker, 'ACKED'))
          const begun = said(worker, 'GOT').filter((item) => !acked.has(item))
          const errors = worker.nodeRed.log.split('\n').filter((line) => line.includes('[error]'))
          return `${clientOf(worker)} has begun ${begun}; its errors: ${errors.slice(-20).join('\n')}`
        })
        throw new Error(`${(error as Error).message}\n${open.join('\n')}`)
      })
      // What was answered is in the log by now, as each of them waits for the last acknowledgement.
      await sleep(500)
      check(all)
    } finally {
      for (const { nodeRed } of all) await nodeRed.stop({ signal: 'SIGKILL', keep: true })
      for (const userDir of userDirs) rmSync(userDir, { recursive: true, force: true })
      await server.stop()
    }
  })
})

const said = ({ nodeRed }: Worker, word: string) =>
  [...nodeRed.log.matchAll(new RegExp(`\\b${word} (\\d+\\.\\d+) `, 'g'))].map(
    ([, item]) => item as string,
  )

function check(all: readonly Worker[]): void {
  const holders = new Map<string, Worker[]>()
  const acked = new Map<string, number>()
  let added = 0
  for (const worker of all) {
    for (const item of said(worker, 'GOT')) {
      holders.set(item, [...(holders.get(item) ?? []), worker])
    }
    for (const item of said(worker, 'ACKED')) acked.set(item, (acked.get(item) ?? 0) + 1)
  }
  for (const worker of all) {
    for (const item of said(worker, 'ADDED')) {
      added++
      assert.ok(holders.has(item), `${item} is lost`)
    }
  }
  for (const [item, workers] of holders) {
    const times = `${item} was handed out ${workers.length} times, by processes that live`
    assert.ok(workers.filter(({ isKilled }) => !isKilled).length <= 1, times)
    assert.ok((acked.get(item) ?? 0) <= 1, `${item} was acknowledged ${acked.get(item)} times`)
  }
  const doubled = [...holders.values()].filter(({ length }) => length > 1).length
  assert.ok(added > 1_000, `${added} items were added`)
  assert.ok(doubled > 0, 'no item came back from a process that was killed')
  console.log(`      ${added} items, ${doubled} of them came back from a process that was killed`)
}
