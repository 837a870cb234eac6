/** Several real Node-RED processes that share their queues in Redis. */
import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { config, probe, TAB } from '../support/flows.ts'
import { type FlowNode, NodeRed, until } from '../support/node-red.ts'
import { RedisServer } from '../support/redis-servers.ts'
import { command, ownPrefixes, REDIS_URL } from '../support/shared-redis.ts'

const placed = { z: 'tab', x: 1, y: 1 }
/** Longer than a process may be silent before others take it for dead, in ms. */
const SILENCE = 120_000

interface Flow {
  prefix: string
  queue?: object
  /** What the consumer's function does: `send`, or nothing, as if its work never ended. */
  work?: 'send' | 'hang' | undefined
  version?: number
}

function flow({ prefix, queue = {}, work, version = 0 }: Flow): FlowNode[] {
  const say = (word: string) => ({
    ...placed,
    type: 'function',
    func: `node.warn('${word} ' + msg.payload + ' ' + (msg.mqattempt ?? ''))
           ${word === 'DONE' && work === 'hang' ? '' : 'return msg'}`,
    outputs: 1,
  })
  const consumer = { ...placed, id: 'consume', type: 'mq-consume', mqueue: 'config', queue: 'q' }
  const consumers: FlowNode[] = [
    { ...consumer, name: `version ${version}`, inFlight: 3, lease: 3_600, wires: [['work']] },
    { ...say('DONE'), id: 'work', wires: [['ack']] },
    { ...placed, id: 'ack', type: 'mq-ack', mqueue: 'config', wires: [['acked']] },
    { ...say('ACKED'), id: 'acked', wires: [[]] },
  ]
  const status = `node.warn('STATUS ' + msg.status.source.id + ': ' + msg.status.text + ';')`
  return [
    TAB,
    config([{ name: 'q', ...queue }], { engine: 'redis', redisUrl: REDIS_URL, prefix }),
    ...(work === undefined ? [] : consumers),
    ...probe({ id: 'add', type: 'mq-add', queue: 'q' }),
    ...probe({ id: 'fetch', type: 'mq-fetch', queue: 'q' }, 2),
    ...probe({ id: 'sizes', type: 'mq-size', queue: 'q', leased: true }),
    { ...placed, id: 'status', type: 'status', scope: ['sizes', 'consume'], wires: [['shown']] },
    { ...placed, id: 'shown', type: 'function', func: status, wires: [] },
  ]
}

/** The items that a word of the log was said of. */
const numbersOf = (reds: readonly NodeRed[], word: string) =>
  reds.flatMap(({ log }) =>
    [...log.matchAll(new RegExp(`${word} (\\d+) `, 'g'))].map(([, number]) => Number(number)),
  )

describe('Node-RED processes with one Redis', function () {
  this.timeout(240_000)
  const freshPrefix = ownPrefixes()
  let prefix: string
  const reds: NodeRed[] = []

  beforeEach(() => {
    prefix = freshPrefix()
  })
  afterEach(async () => {
    for (const red of reds.splice(0)) await red.stop()
  })

  async function start(made: Partial<Flow> = {}): Promise<NodeRed> {
    const red = await NodeRed.start({ flows: flow({ prefix, ...made }) })
    reds.push(red)
    return red
  }

  async function add(red: NodeRed, number: number): Promise<void> {
    const { msg } = await red.ask('add', { topic: `${number}`, payload: number })
    assert.ok(msg !== undefined, `item ${number} was not added`)
  }

  async function sizes(red: NodeRed): Promise<unknown> {
    return (await red.ask('sizes')).msg?.payload
  }

  /** Waits until an item was said something of, and its attempt. */
  const isDone = (red: NodeRed, number: number, attempt: number) =>
    until(() => red.log.includes(`DONE ${number} ${attempt}`), `item ${number} to be handed out`)

  it('give each item to one of them', async () => {
    const all = await Promise.all([start({ work: 'send' }), start({ work: 'send' }), start()])
    const numbers = Array.from({ length: 90 }, (_, number) => number)
    for (const number of numbers) await add(all[number % 3] as NodeRed, number)
    await until(() => numbersOf(all, 'ACKED').length >= numbers.length, 'all to be acknowledged')
    const sorted = (word: string) => numbersOf(all, word).sort((a, b) => a - b)
    assert.deepEqual(sorted('DONE'), numbers)
    assert.deepEqual(sorted('ACKED'), numbers)
    for (const red of all) assert.deepEqual(await sizes(red), { size: 0, leased: 0 })
  })

  it('hold what is queued over deploys and restarts', async () => {
    const [first, second] = [await start(), await start()]
    for (const number of [1, 2, 3, 4]) await add(first, number)
    await second.deploy(flow({ prefix, version: 1 }), 'full')
    assert.equal((await second.ask('fetch')).msg?.mqk, '1')
    await first.stop({ keep: true })
    assert.equal((await second.ask('fetch')).msg?.mqk, '2')
    const again = await NodeRed.start({ userDir: first.userDir })
    reds.splice(reds.indexOf(first), 1, again)
    assert.deepEqual(await sizes(again), { size: 2, leased: 0 })
    assert.equal((await again.ask('fetch')).msg?.mqk, '3')
    await again.deploy(
      [
        TAB,
        ...flow({ prefix })
          .slice(1)
          .map((node) => (node.id === 'config' ? { ...node, queues: [] } : node)),
      ],
      'full',
    )
    await again.deploy(flow({ prefix }), 'full')
    assert.equal((await again.ask('fetch')).msg?.mqk, '4')
  })

  it('work on, whatever is deployed and restarted meanwhile', async () => {
    const all = [await start({ work: 'send' }), await start({ work: 'send' })]
    const source = await start()
    const logs: NodeRed[] = [...all]
    let added = 0
    const addSome = async () => {
      for (let i = 0; i < 10; i++) await add(source, added++)
    }
    for (const [round, type] of (['full', 'nodes', 'flows', 'full'] as const).entries()) {
      await addSome()
      const red = all[round % 2] as NodeRed
      await red.deploy(flow({ prefix, work: 'send', version: round + 1 }), type)
      await addSome()
    }
    const stopped = all[0] as NodeRed
    await Promise.all([addSome(), stopped.stop({ keep: true })])
    const again = await NodeRed.start({ userDir: stopped.userDir })
    reds.splice(reds.indexOf(stopped), 1, again)
    logs.push(again)
    await addSome()
    const numbers = Array.from({ length: added }, (_, number) => number)
    const isOver = async () => JSON.stringify(await sizes(source)) === '{"size":0,"leased":0}'
    // What was under way in a node that was deployed again comes back.
    await until(() => new Set(numbersOf(logs, 'DONE')).size === added, 'all to be worked on')
    for (const deadline = Date.now() + 60_000; !(await isOver()); await sleep(20)) {
      assert.ok(Date.now() < deadline, JSON.stringify(await sizes(source)))
    }
    const acked = numbersOf(logs, 'ACKED')
    assert.equal(new Set(acked).size, acked.length, 'an item was acknowledged twice')
    assert.deepEqual(new Set(numbersOf(logs, 'DONE')), new Set(numbers))
  })

  it('give back at once what one had on lease that stops', async () => {
    const first = await start({ work: 'hang' })
    for (const number of [1, 2, 3, 4]) await add(first, number)
    for (const number of [1, 2, 3]) await isDone(first, number, 1)
    assert.deepEqual(await sizes(first), { size: 1, leased: 3 })
    const second = await start({ work: 'send' })
    await until(
      () => numbersOf([second], 'ACKED').includes(4),
      'the other one to have what is left',
    )
    await first.stop()
    reds.splice(reds.indexOf(first), 1)
    // It was not worked on: the attempt does not count.
    for (const number of [1, 2, 3]) await isDone(second, number, 1)
  })

  it('give back what one had on lease that is killed, once it has been silent', async () => {
    const first = await start({ work: 'hang' })
    for (const number of [1, 2, 3]) await add(first, number)
    for (const number of [1, 2, 3]) await isDone(first, number, 1)
    const clients: string[] = await command('ZRANGE', `{${prefix}}::clients`, 0, -1)
    assert.ok(clients.length > 0)
    const second = await start({ work: 'send' })
    await first.stop({ signal: 'SIGKILL' })
    reds.splice(reds.indexOf(first), 1)
    assert.deepEqual(await sizes(second), { size: 0, leased: 3 })
    for (const client of clients) {
      await command('ZINCRBY', `{${prefix}}::clients`, -SILENCE, client)
    }
    for (const number of [1, 2, 3]) await isDone(second, number, 2)
    await until(() => numbersOf([second], 'ACKED').length === 3, 'all to be acknowledged')
    assert.deepEqual(await sizes(second), { size: 0, leased: 0 })
  })

  it('have one definition, the newest, and show where it is not their own', async () => {
    const shows = (red: NodeRed, status: string, from = 0) =>
      red.logged(new RegExp(`STATUS sizes: ${status};`), from)
    const older = await start({ queue: { size: 2, whenFull: 'refuse', edited: 2_000 } })
    await shows(older, '0 / 2')
    const newer = await start({ queue: { size: 1, whenFull: 'refuse', edited: 3_000 } })
    await add(newer, 1)
    await shows(older, 'defined elsewhere')
    await older.logged(/Queue "q" is defined elsewhere, with size 1 instead of 2/)
    assert.equal((await older.ask('add', { payload: 2 })).error?.code, 'MQ_FULL')
    assert.doesNotMatch(newer.log, /defined elsewhere/)

    const from = newer.log.length
    const changed = { size: 5, whenFull: 'refuse', edited: 4_000 }
    await older.deploy(flow({ prefix, queue: changed }), 'full')
    await shows(newer, 'defined elsewhere', from)
    await add(newer, 3)
    await shows(older, '2 / 5')
  })

  it('report once that Redis is away, and go on when it is there', async () => {
    const server = await RedisServer.start({
      settings: { appendonly: 'yes', appendfsync: 'always' },
    })
    try {
      const nodes = flow({ prefix, work: 'send' }).map((node) =>
        node.id === 'config' ? { ...node, redisUrl: server.url } : node,
      )
      const red = await NodeRed.start({ flows: nodes })
      reds.push(red)
      await add(red, 1)
      await until(() => numbersOf([red], 'ACKED').includes(1), 'the first one')
      await server.kill()
      await red.logged(/STATUS consume: (unavailable|.*unavailable)/)
      for (let i = 0; i < 3; i++) {
        assert.equal((await red.ask('add', { payload: 2 })).error?.code, 'MQ_UNAVAILABLE')
      }
      assert.equal(red.log.match(/\[mqueue:[^\]]*\] .*cannot be used/g)?.length, 1, red.log)
      server.launch()
      await red.logged(/works again/)
      await add(red, 3)
      await until(() => numbersOf([red], 'ACKED').includes(3), 'the next one')
    } finally {
      await server.stop()
    }
  })
})
