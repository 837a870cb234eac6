/** Queues in Redis at work over connections that are cut in every way: nothing is lost, and nothing is there twice. */
import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { MqueueError, parseDefinitions, type Taken } from '../../../src/index.ts'
import { RedisEngine } from '../../../src/redis/engine.ts'
import { eventually } from '../../conformance/engine.ts'
import { Reports } from '../../support/databases.ts'
import { drained } from '../../support/drain.ts'
import { TcpProxy } from '../../support/proxy.ts'
import { ownPrefixes, REDIS_PORT, REDIS_URL } from '../../support/shared-redis.ts'

/** No lease ends during a test. */
const LEASE = 3_600_000

/** In `unique` an add that is done twice is reported as a duplicate. */
const QUEUES = ['plain', 'unique'] as const
const { definitions } = parseDefinitions([
  { name: 'plain', addmode: 0 },
  { name: 'unique', addmode: 1 },
])

const random = (below: number) => Math.floor(Math.random() * below)

/** What was asked for and answered, over all engines. */
class Ledger {
  next = 0
  /** The items whose add was answered. */
  readonly added = new Set<number>()
  /** Those whose add has failed, so that it may have counted. */
  readonly doubtful = new Set<number>()
  /** The items that came out, each as often as it did. */
  readonly out: number[] = []
  /** Those whose acknowledge has failed, so that it may have counted. */
  readonly perhapsOut = new Set<number>()
  check(): void {
    const seen = new Set(this.out)
    assert.equal(seen.size, this.out.length, 'an item came out twice')
    const lost = [...this.added].filter((n) => !seen.has(n) && !this.perhapsOut.has(n))
    assert.deepEqual(lost, [], 'items are lost')
    const unknown = this.out.filter((n) => !this.added.has(n) && !this.doubtful.has(n))
    assert.deepEqual(unknown, [], 'items came from nowhere')
  }
}

/** An engine behind its own proxy. */
interface Process {
  readonly engine: RedisEngine
  readonly proxy: TcpProxy
  /** How many of its operations were answered. */
  answers: number
}

/** Adds, fetches and leases with an engine, in bursts, until the test ends it. */
async function work(one: Process, ledger: Ledger, end: AbortSignal): Promise<void> {
  const { engine } = one
  /** The answer; undefined where the server could not be used. */
  async function answered<T>(operation: Promise<T>): Promise<T | undefined> {
    try {
      const answer = await operation
      one.answers++
      return answer
    } catch (error) {
      assert.ok(error instanceof MqueueError, String(error))
      assert.equal(error.code, 'MQ_UNAVAILABLE', error.message)
      return undefined
    }
  }
  const add = async (queue: string) => {
    const number = ledger.next++
    const result = await answered(engine.add(queue, `${number}`, number))
    if (result === undefined) ledger.doubtful.add(number)
    else {
      assert.equal(result.dropped, undefined, `item ${number} was added twice`)
      ledger.added.add(number)
    }
  }
  const fetch = async (queue: string) => {
    const item = await answered(engine.fetch(queue))
    if (item !== undefined) ledger.out.push(item.value as number)
  }
  const acknowledge = async (queue: string, { value, lease }: Taken) => {
    const held = await answered(engine.acknowledge(queue, [lease as string]))
    if (held === undefined) ledger.perhapsOut.add(value as number)
    else {
      assert.deepEqual(held, [true], `the lease of item ${value} was lost`)
      ledger.out.push(value as number)
    }
  }
  const consume = async (queue: string) => {
    const wait = random(2) * 50
    const taken = await answered(engine.take(queue, { count: 3, lease: LEASE, wait }))
    await Promise.all((taken ?? []).map((item) => acknowledge(queue, item)))
  }
  const release = async (queue: string) => {
    const taken = await answered(engine.take(queue, { count: 2, lease: LEASE }))
    const leases = (taken ?? []).map(({ lease }) => lease as string)
    if (leases.length > 0) await answered(engine.release(queue, leases))
  }
  const operations = [add, add, add, add, fetch, consume, consume, release]
  while (!end.aborted) {
    const burst = Array.from({ length: 1 + random(8) }, () => {
      const operate = operations[random(operations.length)] as (queue: string) => Promise<void>
      return operate(QUEUES[random(2)] as string)
    })
    await Promise.all(burst)
    // The clocks of others go on as well.
    await sleep(random(3))
  }
}

/** Does to the connections what networks do, many times, and mostly when something has worked again. */
async function disturb(one: Process, rounds: number): Promise<void> {
  const { proxy } = one
  for (let round = 0; round < rounds; round++) {
    const before = one.answers
    const answers = random(4) === 0 ? 0 : 1 + random(30)
    await eventually(async () => assert.ok(one.answers >= before + answers))
    await sleep(random(5))
    const kind = random(10)
    if (kind < 3) proxy.cut()
    else if (kind < 6) proxy.cutAtReply()
    else if (kind < 7) proxy.halfClose()
    else if (kind < 8) proxy.delay = random(2) * random(20)
    else if (kind < 9) {
      proxy.swallowsReplies = true
      await sleep(random(60))
      proxy.cut()
      proxy.swallowsReplies = false
    } else {
      await proxy.stop()
      await sleep(random(100))
      await proxy.start()
    }
  }
  proxy.delay = 0
}

describe('connections to Redis that are cut', () => {
  const freshPrefix = ownPrefixes()

  async function play(count: number, rounds: number): Promise<void> {
    const prefix = freshPrefix()
    const ledger = new Ledger()
    const end = new AbortController()
    const processes: Process[] = []
    try {
      for (let i = 0; i < count; i++) {
        const proxy = new TcpProxy(REDIS_PORT)
        await proxy.start()
        const redisUrl = `redis://127.0.0.1:${proxy.port}`
        const engine = new RedisEngine({ redisUrl, prefix }, new Reports())
        processes.push({ engine, proxy, answers: 0 })
        await engine.define(definitions)
      }
      const working = Promise.all(processes.map((one) => work(one, ledger, end.signal)))
      const disturbing = Promise.all(processes.map((one) => disturb(one, rounds)))
      // Whoever has found a fault need not wait for the others.
      await Promise.race([disturbing, working])
      end.abort()
      await Promise.all([disturbing, working])
      await settle(processes, prefix, ledger)
      ledger.check()
      assert.ok(ledger.added.size > rounds, `only ${ledger.added.size} items were added`)
      for (const { swallowed } of processes.map(({ proxy }) => proxy)) {
        assert.ok(swallowed > rounds / 10, `only ${swallowed} replies were swallowed`)
      }
    } finally {
      end.abort()
      for (const { engine, proxy } of processes) {
        await engine.close()
        await proxy.stop()
      }
    }
  }

  /** Takes out all that is left, once what was given up has come back. */
  async function settle(processes: Process[], prefix: string, ledger: Ledger): Promise<void> {
    for (const { engine } of processes) {
      await eventually(async () => {
        engine.releaseAll()
        await engine.size('plain')
      })
    }
    const last = new RedisEngine({ redisUrl: REDIS_URL, prefix }, new Reports())
    try {
      await last.define(definitions)
      for (const queue of QUEUES) {
        await eventually(async () => {
          for (const { value } of await drained(last, queue)) ledger.out.push(value as number)
          const { size, leased } = await last.stats(queue)
          // An acknowledge that failed may not have counted: then its lease goes on.
          const items = [...ledger.perhapsOut].filter((n) => !ledger.out.includes(n))
          assert.ok(size === 0 && leased <= items.length, `${leased} of ${items.length} are leased`)
        })
      }
    } finally {
      await last.close()
    }
  }

  it('lose nothing and double nothing', async () => {
    await play(1, 200)
  }).timeout(300_000)

  it('nor where two processes share the queues', async () => {
    await play(2, 100)
  }).timeout(300_000)

  /** Two engines on one prefix, the first behind a proxy. */
  async function pair(): Promise<{ proxy: TcpProxy; far: RedisEngine; near: RedisEngine }> {
    const prefix = freshPrefix()
    const proxy = new TcpProxy(REDIS_PORT)
    await proxy.start()
    proxies.push(proxy)
    const redisUrl = `redis://127.0.0.1:${proxy.port}`
    const far = new RedisEngine({ redisUrl, prefix }, new Reports())
    const near = new RedisEngine({ redisUrl: REDIS_URL, prefix }, new Reports())
    engines.push(far, near)
    for (const engine of [far, near]) await engine.define(definitions)
    return { proxy, far, near }
  }
  const proxies: TcpProxy[] = []
  const engines: RedisEngine[] = []
  afterEach(async () => {
    for (const engine of engines.splice(0)) await engine.close()
    for (const proxy of proxies.splice(0)) await proxy.stop()
  })

  for (const how of ['cut', 'halfClose', 'cutAtReply'] as const) {
    it(`do not end a wait (${how})`, async () => {
      const { proxy, far, near } = await pair()
      const forever = { lease: LEASE, wait: Number.POSITIVE_INFINITY }
      for (let round = 0; round < 5; round++) {
        const waiting = far.take('plain', forever)
        await eventually(async () => assert.equal((await near.stats('plain')).waiting, 1))
        proxy[how]()
        await near.add('plain', 'k', round)
        const [item] = await waiting
        assert.equal(item?.value, round)
        await eventually(async () => {
          assert.deepEqual(await far.acknowledge('plain', [item?.lease as string]), [true])
        })
        assert.equal((await near.stats('plain')).leased, 0)
      }
    }).timeout(180_000)
  }

  it('give back what was taken for those who had no answer in time', async () => {
    const { proxy, far, near } = await pair()
    for (const key of 'xabc') await far.add('plain', key, key)
    const [x] = await far.take('plain', { lease: LEASE })
    const left = async () => (await near.peek('plain', 9)).map((item) => item.key + item.attempt)

    proxy.swallowsReplies = true
    const asked = [
      far.add('plain', 'd', 'd'),
      far.fetch('plain'),
      far.take('plain', { lease: LEASE }),
      far.acknowledge('plain', [x?.lease as string]),
    ]
    const failing = Promise.all(asked.map((one) => assert.rejects(one, { code: 'MQ_UNAVAILABLE' })))
    // It has been done, and nobody knows.
    await eventually(async () => assert.deepEqual(await left(), ['c0', 'd0']))
    await failing
    proxy.cut()
    proxy.swallowsReplies = false
    await eventually(async () => assert.deepEqual(await left(), ['a0', 'b0', 'c0', 'd0']), 30_000)
    const { leased, acknowledged } = await near.stats('plain')
    assert.deepEqual([leased, acknowledged], [0, 1])
    // What was acknowledged late is no longer in flight here either.
    assert.equal(far.leased('plain', ''), 0)
    assert.equal((await far.fetch('plain'))?.key, 'a')
  }).timeout(180_000)
})
