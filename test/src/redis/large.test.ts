/** Items in Redis that are large together, and many at once. */
import assert from 'node:assert/strict'
import { parseDefinitions, type Taken } from '../../../src/index.ts'
import { RedisEngine } from '../../../src/redis/engine.ts'
import { eventually } from '../../conformance/engine.ts'
import { Reports } from '../../support/databases.ts'
import { ownPrefixes, REDIS_URL } from '../../support/shared-redis.ts'

/** More than a server holds back for who is subscribed to something (32 MB), in values of 1 MB. */
const MANY = 40
const LARGE = 'x'.repeat(1_000_000)
const LEASE = 600_000

describe('a queue in Redis', function () {
  this.timeout(180_000)
  const freshPrefix = ownPrefixes()
  let engine: RedisEngine
  let edited = 0

  beforeEach(async () => {
    engine = new RedisEngine({ redisUrl: REDIS_URL, prefix: freshPrefix() }, new Reports())
    await define(MANY)
  })
  afterEach(() => engine.close())

  function define(size: number, addmode = 0) {
    const inputs = [{ name: 'q', size, addmode, edited: ++edited }]
    return engine.define(parseDefinitions(inputs).definitions)
  }

  const numbers = (count: number) => Array.from({ length: count }, (_, i) => i)

  async function fill(): Promise<void> {
    for (const i of numbers(MANY)) await engine.add('q', `${i}`, `${LARGE}${i}`)
  }

  const keysOf = (items: readonly ({ key: string } | undefined)[]) =>
    items.map((item) => Number(item?.key))

  /** Takes until nothing is left. */
  async function takeAll(): Promise<Taken[]> {
    const all: Taken[] = []
    for (;;) {
      const some = await engine.take('q', { count: 1_000, lease: LEASE })
      if (some.length === 0) return all
      all.push(...some)
    }
  }

  it('returns large items that are fetched in one turn', async () => {
    await fill()
    const items = await Promise.all(numbers(MANY).map(() => engine.fetch('q')))
    assert.deepEqual(keysOf(items), numbers(MANY))
    assert.equal(items.at(-1)?.value, `${LARGE}${MANY - 1}`)
  })

  it('hands out large items on a lease, and takes them back', async () => {
    await fill()
    const items = await takeAll()
    assert.deepEqual(keysOf(items), numbers(MANY))
    await engine.release(
      'q',
      items.map(({ lease }) => lease as string),
    )
    assert.deepEqual(keysOf(await takeAll()), numbers(MANY))
  })

  it('shows large items', async () => {
    await fill()
    assert.deepEqual(keysOf(await engine.peek('q', MANY)), numbers(MANY))
  })

  it('finds, takes and removes one large item among many, wherever it has moved to', async () => {
    await fill()
    const seen = await engine.peek('q', MANY)
    const id = (i: number) => seen[i]?.id as string
    for (let i = 0; i < 3; i++) await engine.fetch('q')
    assert.equal((await engine.find('q', id(MANY - 1)))?.key, `${MANY - 1}`)
    assert.equal(await engine.removeItem('q', id(20)), true)
    assert.equal(await engine.find('q', id(20)), undefined)
    const [taken] = await engine.take('q', { lease: LEASE, asFetch: true, item: id(30) })
    assert.equal(taken?.key, '30')
    await engine.release('q', [taken?.lease as string])
    // It is before all others now, which are behind where they were seen.
    assert.equal((await engine.find('q', id(3)))?.key, '3')
    assert.equal((await engine.find('q', id(30)))?.key, '30')
    assert.equal(await engine.find('q', id(0)), undefined)
  })

  it('tells of large items that small ones drop', async () => {
    await fill()
    const adds = await Promise.all(numbers(MANY).map(() => engine.add('q', 'k', 'small')))
    assert.deepEqual(keysOf(adds.map(({ dropped }) => dropped)), numbers(MANY))
  })

  it('tells of large items that no longer fit', async () => {
    await fill()
    const [dropped] = await define(1)
    assert.deepEqual(keysOf(dropped?.items ?? []), numbers(MANY - 1))
    assert.equal(await engine.size('q'), 1)
  })

  for (const addmode of [0, 1, 2]) {
    it(`does thousands of operations in one turn, in order (addmode ${addmode})`, async () => {
      const count = 3_000
      await define(0, addmode)
      const adds = await Promise.all(numbers(count).map((i) => engine.add('q', `${i}`, i)))
      assert.deepEqual(
        adds.map(({ size }) => size),
        numbers(count).map((i) => i + 1),
      )
      const taken = await takeAll()
      assert.deepEqual(keysOf(taken), numbers(count))
      const leases = taken.map(({ lease }) => lease as string)
      const released = await engine.release('q', leases.toReversed())
      assert.ok(released.every((held) => held))
      const fetches = await Promise.all(numbers(count + 1).map(() => engine.fetch('q')))
      assert.equal(fetches.pop(), undefined)
      assert.deepEqual(keysOf(fetches), numbers(count))
      assert.deepEqual(
        fetches.map((item) => item?.size),
        numbers(count).toReversed(),
      )
    })
  }

  for (const how of ['leases', 'retries'] as const) {
    it(`takes a thousand items back in order, whose ${how} end at once`, async () => {
      const count = 1_000
      await define(0)
      await Promise.all(numbers(count).map((i) => engine.add('q', `${i}`, i)))
      const taken = await engine.take('q', { count, lease: how === 'leases' ? 500 : LEASE })
      assert.equal(taken.length, count)
      if (how === 'retries') {
        const leases = taken.map(({ lease }) => lease as string)
        await engine.retry('q', leases, 500)
      }
      await eventually(async () => assert.equal(await engine.size('q'), count))
      assert.deepEqual(keysOf(await engine.peek('q', count)), numbers(count))
    })
  }
})
