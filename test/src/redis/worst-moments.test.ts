/** Queues in Redis when something else happens just then: a definition, a waiter without room, an answer that is late. */
import assert from 'node:assert/strict'
import { parseDefinitions, type QueueDefinitionInput, RedisEngine } from '../../../src/index.ts'
import { eventually } from '../../conformance/engine.ts'
import { Reports } from '../../support/databases.ts'
import { command, ownPrefixes, REDIS_URL } from '../../support/shared-redis.ts'

const FOREVER = Number.POSITIVE_INFINITY
const defined = (...inputs: QueueDefinitionInput[]) => parseDefinitions(inputs).definitions

describe('queues in Redis', () => {
  const freshPrefix = ownPrefixes()
  let prefix: string
  let engines: RedisEngine[]
  beforeEach(() => {
    prefix = freshPrefix()
    engines = []
  })
  afterEach(async () => {
    for (const engine of engines) await engine.close()
  })

  function make(time?: () => number): RedisEngine {
    const engine = new RedisEngine({ redisUrl: REDIS_URL, prefix }, new Reports(), undefined, time)
    engines.push(engine)
    return engine
  }

  async function made(...inputs: QueueDefinitionInput[]): Promise<RedisEngine> {
    const engine = make()
    await engine.define(defined(...inputs))
    return engine
  }

  const key = (name: string) => `{${prefix}}:${name}`

  it('take what is asked for while they are being defined by the definition that counts', async () => {
    for (const addmode of [0, 1, 2]) {
      const engine = make()
      const name = `q${addmode}`
      const defining = engine.define(defined({ name, addmode }))
      const adding = ['a', 'b', 'c', 'a'].map((one) => engine.add(name, one, `of ${one}`))
      const reasons = (await Promise.all(adding)).map(({ dropped }) => dropped?.reason)
      await defining
      const last = [undefined, 'duplicate', 'replaced'][addmode]
      assert.deepEqual(reasons, [undefined, undefined, undefined, last])
      assert.equal((await engine.peek(name, 9))[0]?.value, addmode === 2 ? 'of b' : 'of a')
    }
  })

  it('know the dead letter queue before anything is given up', async () => {
    const rows = [{ name: 'q', attempts: 1, deadLetter: 'dead' }, { name: 'dead' }]
    let now = Date.now()
    const first = make(() => now)
    await first.define(defined(...rows))
    await first.add('q', 'k', 'v')
    await first.take('q', { lease: 1_000 })
    now += 10_000
    const next = make(() => now)
    const defining = next.define(defined(...rows))
    // What is asked for first finds that the lease is over.
    await Promise.all([next.size('q'), defining])
    assert.equal(await next.size('dead'), 1)
  })

  it('serve all others when one is deleted while a call waits for its definition', async () => {
    const engine = await made({ name: 'one' }, { name: 'two' })
    const keys = (await command('KEYS', `{${prefix}}:*`)) as string[]
    await command('DEL', ...keys)
    const adding = [engine.add('one', 'k', 1), engine.add('two', 'k', 2)]
    const waiting = engine.take('two', { lease: 1_000, wait: FOREVER })
    await new Promise((resolve) => setImmediate(resolve))
    await engine.define(defined({ name: 'two' }))
    await Promise.allSettled(adding)
    assert.equal((await waiting).length, 1)
  })

  it('keep what waits for a dead letter queue that does not take it', async () => {
    let now = Date.now()
    const engine = make(() => now)
    await engine.define(defined({ name: 'q', attempts: 1, deadLetter: 'dead' }, { name: 'dead' }))
    await engine.add('q', 'k', 'v')
    const [taken] = await engine.take('q', { lease: 60_000 })
    await command('SET', key('dead:items'), 'something else')
    assert.deepEqual(await engine.reject('q', [taken?.lease as string]), [true])
    for (let again = 0; again < 3; again++) {
      now += 6_000
      await engine.size('q')
      assert.equal(await command('HLEN', key('q:leased')), 1)
    }
    await command('DEL', key('dead:items'))
    now += 6_000
    assert.equal(await engine.size('q'), 0)
    assert.equal((await engine.peek('dead', 1))[0]?.reason, 'rejected')
  })

  it('keep what they hold when something else is where another addmode would put it', async () => {
    const engine = await made({ name: 'q', edited: 1 })
    for (const one of ['a', 'b']) await engine.add('q', one, one)
    await command('SET', key('q:order'), 'something else')
    await engine.define(defined({ name: 'q', addmode: 2, edited: 2 }))
    assert.equal(await command('LLEN', key('q:items')), 2)
  })

  it('have a name of any kind, also that of a key of ours', async () => {
    const names = ['clients', 'client', 'wake', '__proto__', 'q.items']
    const engine = await made(...names.map((name) => ({ name })))
    for (const name of names) {
      await engine.add(name, 'k', name)
      assert.equal((await engine.fetch(name))?.value, name)
    }
  })

  it('serve who has room behind who has none', async () => {
    const engine = await made({ name: 'q' })
    for (let n = 0; n < 5; n++) await engine.add('q', 'k', n)
    const consumer = { lease: 300_000, owner: 'x', inFlight: 1, wait: FOREVER, isEager: true }
    await engine.take('q', consumer)
    const next = engine.take('q', consumer)
    next.catch(() => {})
    for (const owner of ['fetch', 'other']) {
      const from = performance.now()
      const taken = await engine.take('q', { lease: 60_000, owner, inFlight: 1, wait: 4_000 })
      assert.equal(taken.length, 1, `${owner}: ${performance.now() - from} ms`)
    }
  })

  it('wake another process in place of one that has no room', async () => {
    const [one, other] = [await made({ name: 'q' }), await made({ name: 'q' })]
    const consumer = { lease: 60_000, owner: 'x', inFlight: 1, wait: FOREVER, isEager: true }
    await one.add('q', 'k', 1)
    const [taken] = await one.take('q', consumer)
    const again = one.take('q', consumer)
    // It is registered as waiting, and has the item again by the time that is over.
    await one.retry('q', [taken?.lease as string], 300)
    assert.equal((await again).length, 1)
    one.take('q', consumer).catch(() => {})
    const waiting = other.take('q', consumer)
    await eventually(async () => {
      const members = (await command('ZRANGE', key('q:waiting'), 0, -1)) as string[]
      assert.equal(members.length, 2)
    })
    const from = performance.now()
    await one.add('q', 'k', 2)
    assert.equal((await waiting).length, 1)
    assert.ok(performance.now() - from < 4_000, `${performance.now() - from} ms`)
  })

  it('answer fetches in their order, also where one reply does not hold all items', async () => {
    const engine = await made({ name: 'q' }, { name: 'other' })
    const long = 'x'.repeat(200_000)
    for (let n = 0; n < 70; n++) await engine.add('q', `${n}`, long)
    const fetch = () => engine.fetch('q').then((item) => Number(item?.key))
    const first = Array.from({ length: 60 }, fetch)
    const between = engine.add('other', 'k', 1)
    const asked = [...first, ...Array.from({ length: 10 }, fetch)]
    await between
    assert.deepEqual(
      await Promise.all(asked),
      Array.from({ length: 70 }, (_, n) => n),
    )
  })

  it('learn of a consumer that works as much as it may', async () => {
    const engine = await made({ name: 'q' })
    await engine.add('q', 'k', 1)
    const consumer = { lease: 300_000, owner: 'x', inFlight: 1, wait: FOREVER, isEager: true }
    await engine.take('q', consumer)
    engine.take('q', consumer).catch(() => {})
    const heard = async () => {
      const [client] = (await command('ZRANGE', key(':clients'), 0, 0)) as [string]
      return Number(await command('ZSCORE', key(':clients'), client))
    }
    const before = await heard()
    await eventually(async () => assert.ok((await heard()) > before))
  }).timeout(180_000)

  it('forget a lease whose item is gone', async () => {
    const engine = await made({ name: 'q', maxInFlight: 1 })
    await engine.add('q', 'k', 1)
    await engine.take('q', { lease: 1 })
    await command('DEL', key('q:leased'))
    await engine.add('q', 'k', 2)
    await eventually(async () => {
      assert.equal((await engine.take('q', { lease: 1_000, owner: 'x' })).length, 1)
    })
    assert.equal(await command('ZCARD', key('q:leases')), 1)
  })
})
