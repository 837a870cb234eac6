/** What is seen of all queues, whatever state they are in. */
import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseDefinition, type QueueDefinitionInput } from '../../src/definition.ts'
import type { Engine, QueueStats } from '../../src/engine.ts'
import { LocalEngine } from '../../src/local/engine.ts'
import type { MaybePromise } from '../../src/maybe-promise.ts'
import { Overviews, type QueueView, type Source } from '../../src/overview.ts'
import { RedisEngine } from '../../src/redis/engine.ts'
import { freePort } from '../support/free-port.ts'
import { HAS_REDIS, RedisServer } from '../support/redis-servers.ts'
import { requires } from '../support/required.ts'

const source = (engine: Engine, more: Partial<Source> = {}): Source => ({
  id: 'config',
  name: '',
  kind: 'memory',
  errors: [],
  engine,
  ...more,
})

async function define(engine: Engine, queues: QueueDefinitionInput[]): Promise<void> {
  await engine.define(queues.map((queue) => parseDefinition(queue)))
}

/** Overviews of one engine, by a clock that goes on when the test says so. */
function overviewsOf(engine: Engine) {
  let time = 0
  const overviews = new Overviews(
    () => [source(engine)],
    () => time,
  )
  const look = async (): Promise<readonly QueueView[]> => {
    const [node] = (await overviews.latest()).overview.nodes
    return node?.queues ?? []
  }
  /** Looks a second later. */
  const lookAgain = () => {
    time += 1_000
    return look()
  }
  const pass = (more: number) => {
    time += more
  }
  return { overviews, look, lookAgain, pass }
}

/** Looks again and again until the first queue is as it should be. */
async function lookUntil(
  lookAgain: () => Promise<readonly QueueView[]>,
  condition: (queue: QueueView) => boolean,
): Promise<QueueView> {
  const deadline = Date.now() + 60_000
  for (;;) {
    const [queue] = (await lookAgain()) as [QueueView]
    if (condition(queue)) return queue
    if (Date.now() > deadline) throw new Error(`looked in vain: ${JSON.stringify(queue)}`)
    await sleep(20)
  }
}

/** An engine that counts who asks it, and answers when the test says so. */
class Slow extends LocalEngine {
  asked = 0
  answer = () => {}
  isSlow = false

  override stats(queue: string): MaybePromise<QueueStats> {
    this.asked++
    const stats = super.stats(queue)
    if (!this.isSlow) return stats
    return new Promise((resolve) => {
      this.answer = () => resolve(stats)
    })
  }
}

describe('an overview', () => {
  it('shows each queue in the order of the definitions, with all its counts', async () => {
    const engine = new LocalEngine()
    await define(engine, [
      { name: 'z', id: 'row', size: 2, deadLetter: 'dead' },
      { name: 'dead' },
      { name: 'a', size: 9 },
    ])
    for (const key of ['a', 'b', 'c']) engine.add('z', key, 1)
    engine.take('z', { lease: 60_000 })
    engine.take('a', { wait: 60_000 })
    engine.pause('dead')
    const before = Date.now()
    const errors = ['Queue "b": bad']
    const overviews = new Overviews(() => [
      source(engine, { name: 'calls', database: 'sqlite', errors }),
      source(new LocalEngine(), { id: 'other' }),
    ])
    const { json, overview } = await overviews.latest()
    assert.deepEqual(JSON.parse(json), overview)
    assert.ok(overview.time >= before && overview.time <= Date.now())
    const [node, other] = overview.nodes
    const { queues, ...about } = node as NonNullable<typeof node>
    const can = ['peek', 'remove', 'clear', 'pause', 'send-back']
    const known = { id: 'config', name: 'calls', engine: 'memory', database: 'sqlite', errors, can }
    assert.deepEqual(about, known)
    assert.deepEqual(other, {
      id: 'other',
      name: '',
      engine: 'memory',
      errors: [],
      can,
      queues: [],
    })
    const none = { fetched: 0, acknowledged: 0, dropped: {} }
    const [z, dead, a] = queues
    const { oldest, ...rest } = z as QueueView
    assert.ok((oldest as number) >= 0)
    assert.deepEqual(rest, {
      ...none,
      name: 'z',
      row: 'row',
      unstored: 2,
      bound: 2,
      size: 1,
      leased: 1,
      waiting: 0,
      paused: false,
      added: 3,
      dropped: { overflow: 1 },
      isDeadLetters: false,
    })
    const empty = { ...none, size: 0, leased: 0, oldest: 0, added: 0 }
    const unused = { ...empty, waiting: 0, paused: true, bound: 0, isDeadLetters: true }
    assert.deepEqual(dead, { ...unused, name: 'dead' })
    const waited = { ...empty, waiting: 1, paused: false, bound: 9, isDeadLetters: false }
    assert.deepEqual(a, { ...waited, name: 'a' })
    engine.close()
  })

  it('is made once for all who ask within 900 ms', async () => {
    const engine = new Slow()
    await define(engine, [{ name: 'q' }])
    const { overviews, look, pass } = overviewsOf(engine)
    const [first] = await Promise.all(Array.from({ length: 100 }, () => overviews.latest()))
    pass(899)
    assert.equal(await overviews.latest(), first)
    assert.equal(engine.asked, 1)
    pass(1)
    await look()
    assert.equal(engine.asked, 2)
  })

  it('is made again when one of the queues was just changed', async () => {
    const engine = new LocalEngine()
    await define(engine, [{ name: 'q' }])
    const { overviews, look } = overviewsOf(engine)
    assert.equal((await look())[0]?.size, 0)
    engine.add('q', 'k', 1)
    assert.equal((await look())[0]?.size, 0)
    overviews.refresh()
    assert.equal((await look())[0]?.size, 1)
  })

  it('shows what is known of a queue that takes long, and does not ask it again meanwhile', async () => {
    const engine = new Slow()
    await define(engine, [{ name: 'q', size: 5 }])
    engine.add('q', 'a', 1)
    engine.add('q', 'b', 1)
    engine.take('q', { lease: 60_000 })
    const { look, lookAgain } = overviewsOf(engine)
    engine.isSlow = true
    const known = {
      name: 'q',
      bound: 5,
      size: 1,
      leased: 1,
      paused: false,
      isDeadLetters: false,
      unstored: 2,
    }
    assert.deepEqual(await look(), [{ ...known, late: true }])
    engine.pause('q')
    assert.deepEqual(await lookAgain(), [{ ...known, paused: true, late: true }])
    assert.equal(engine.asked, 1)
    engine.isSlow = false
    const looking = lookAgain()
    engine.answer()
    const [answered] = await looking
    assert.deepEqual([answered?.added, answered?.late], [2, undefined])
    assert.equal((await lookAgain())[0]?.added, 2)
    assert.equal(engine.asked, 2)
    engine.close()
  })

  it('says why a queue cannot be used, and shows the others', async () => {
    const url = `postgres://user:pass-secret@127.0.0.1:${await freePort()}/test`
    const engine = new LocalEngine({ url, directory: '.', id: 'overview' })
    await define(engine, [{ name: 'kept', dbmode: 4 }, { name: 'q' }])
    const { overviews } = overviewsOf(engine)
    const { json, overview } = await overviews.latest()
    const [kept, q] = overview.nodes[0]?.queues ?? []
    const { problem, ...rest } = kept as QueueView
    assert.deepEqual(rest, { name: 'kept', bound: 0, size: null, isDeadLetters: false })
    assert.equal(problem?.code, 'MQ_UNAVAILABLE')
    assert.match(problem?.message ?? '', /ECONNREFUSED/)
    assert.doesNotMatch(json, /secret/)
    assert.equal(q?.added, 0)
    await engine.close()
  })

  it('says how many items have been read, and does not ask, while a queue is being loaded', async () => {
    class Loading extends Slow {
      override loaded = () => 12
    }
    const engine = new Loading()
    await define(engine, [{ name: 'q' }])
    const { look } = overviewsOf(engine)
    const { loaded, added } = (await look())[0] as QueueView
    assert.deepEqual([loaded, added, engine.asked], [12, undefined, 0])
  })

  it('shows what is counted also where the engine has no leases, and that nothing can be done', async () => {
    class Plain extends LocalEngine {
      override readonly supports = { add: true, leases: false, dbmodes: [0] as const }
    }
    const engine = new Plain()
    await define(engine, [{ name: 'q' }])
    engine.add('q', 'k', 1)
    const { overviews } = overviewsOf(engine)
    const [node] = (await overviews.latest()).overview.nodes
    assert.deepEqual(node?.can, [])
    const [queue] = node?.queues ?? []
    assert.deepEqual([queue?.size, queue?.added, queue?.fetched], [1, 1, 0])
  })

  it('has what people should beware of', async () => {
    class Evicting extends LocalEngine {
      caution = () => 'may evict' as const
    }
    const engine = new Evicting()
    await define(engine, [{ name: 'q' }])
    assert.equal((await overviewsOf(engine).look())[0]?.caution, 'may evict')
  })

  it('survives a queue that is deleted while it is asked', async () => {
    const engine = new Slow()
    await define(engine, [{ name: 'q', size: 3 }])
    engine.isSlow = true
    const { look } = overviewsOf(engine)
    const looking = look()
    await define(engine, [])
    const [queue] = await looking
    assert.deepEqual([queue?.size, queue?.problem?.code], [null, 'MQ_UNKNOWN_QUEUE'])
  })

  it('of 1,000 queues is made sooner than the next is asked for', async () => {
    const engine = new LocalEngine()
    await define(
      engine,
      Array.from({ length: 1_000 }, (_, i) => ({ name: `q${i}`, size: 100 })),
    )
    for (let i = 0; i < 1_000; i++) engine.add(`q${i}`, 'k', i)
    const { overviews, pass } = overviewsOf(engine)
    const times = []
    for (let i = 0; i < 20; i++) {
      pass(1_000)
      const start = performance.now()
      const { json } = await overviews.latest()
      times.push(performance.now() - start)
      assert.ok(json.length > 100_000)
    }
    const median = times.sort((a, b) => a - b)[10] as number
    console.log(`      ${median.toFixed(1)} ms`)
    assert.ok(median < 900, `${median} ms`)
  })
})

describe('an overview of queues in Redis', function () {
  this.timeout(180_000)
  requires(HAS_REDIS, 'apt-get install redis-server')
  let redis: RedisServer
  let engine: RedisEngine
  before(async () => {
    redis = await RedisServer.start()
    engine = new RedisEngine({ redisUrl: `redis://127.0.0.1:${redis.port}` })
  })
  after(async () => {
    redis?.resume()
    await engine?.close()
    await redis?.stop()
  })

  it('never waits for a server that hangs, and says so when it is gone', async () => {
    await define(engine, [{ name: 'q', size: 5 }])
    await engine.add('q', 'k', 1)
    const { look, lookAgain } = overviewsOf(engine)
    const [queue] = await look()
    assert.deepEqual([queue?.size, queue?.added, queue?.late], [1, 1, undefined])
    redis.pause()
    const [hanging] = await lookAgain()
    assert.deepEqual([hanging?.size, hanging?.added, hanging?.late], [1, undefined, true])
    redis.resume()
    await redis.kill()
    const gone = await lookUntil(lookAgain, ({ problem }) => problem !== undefined)
    assert.deepEqual([gone.size, gone.problem?.code], [null, 'MQ_UNAVAILABLE'])
    redis.launch()
    const back = await lookUntil(lookAgain, ({ added }) => added !== undefined)
    assert.equal(back.problem, undefined)
  })

  it('asks for 1,000 queues at once', async () => {
    await define(
      engine,
      Array.from({ length: 1_000 }, (_, i) => ({ name: `q${i}` })),
    )
    const { lookAgain } = overviewsOf(engine)
    const times = []
    await lookUntil(lookAgain, ({ added }) => added !== undefined)
    let queues: readonly QueueView[] = []
    for (let i = 0; i < 10; i++) {
      const start = performance.now()
      queues = await lookAgain()
      times.push(performance.now() - start)
    }
    assert.deepEqual(new Set(queues.map(({ added }) => added)), new Set([0]))
    console.log(`      ${(times.sort((a, b) => a - b)[5] as number).toFixed(1)} ms`)
  })
})
