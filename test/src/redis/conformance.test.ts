/** What every engine does, done by the one whose queues are in Redis. */
import assert from 'node:assert/strict'
import type { Clock } from '../../../src/index.ts'
import { RedisEngine, type RedisPlace } from '../../../src/redis/engine.ts'
import { leasesItems } from '../../conformance/consumers.ts'
import { conformsAsEngine, defined, type Traits } from '../../conformance/engine.ts'
import { TEXTS, VALUES } from '../../conformance/storage.ts'
import { Reports } from '../../support/databases.ts'
import { drained } from '../../support/drain.ts'
import { REDIS_PROGRAMS, RedisServer } from '../../support/redis-servers.ts'
import { ownPrefixes, REDIS_URL } from '../../support/shared-redis.ts'

/** What is in Redis outlives the definitions, of which the newest counts. */
const SHARED: Traits = { outlives: true, newestCounts: true }

type Make = (clock?: Clock) => RedisEngine

/** Makes engines for each test, on the Redis that all share. */
function onRedis(): Make {
  const freshPrefix = ownPrefixes()
  return (clock) => made({ redisUrl: REDIS_URL, prefix: freshPrefix() }, clock)
}

/** Makes engines for each test, on their own Valkey. */
function onValkey(): Make {
  let server: RedisServer
  let count = 0
  before(async () => {
    server = await RedisServer.start({ program: 'valkey-server' })
  })
  after(() => server.stop())
  return (clock) => made({ redisUrl: server.url, prefix: `test-${++count}` }, clock)
}

function made(place: RedisPlace, clock?: Clock): RedisEngine {
  return new RedisEngine(place, new Reports(), clock, clock && (() => clock.now()))
}

describe('RedisEngine', () => {
  const make = onRedis()
  conformsAsEngine('RedisEngine', () => make(), 0, SHARED)
  leasesItems('RedisEngine', make, 0, SHARED)

  it('keeps every text as key and value, and the type of every value', async () => {
    const engine = make()
    await engine.define([defined('q')])
    await Promise.all(TEXTS.map((text) => engine.add('q', text, text)))
    await Promise.all(VALUES.map((value) => engine.add('q', 'value', value)))
    const items = await drained(engine)
    assert.deepStrictEqual(
      items.map(({ key, value }) => [key, value]),
      [...TEXTS.map((text) => [text, text]), ...VALUES.map((value) => ['value', value])],
    )
    await engine.close()
  })

  it('tells every text apart as a key', async () => {
    for (const addmode of [1, 2] as const) {
      const engine = make()
      await engine.define([defined('q', 0, addmode)])
      for (const text of TEXTS) await engine.add('q', text, text)
      assert.equal(await engine.size('q'), TEXTS.length)
      for (const text of TEXTS) {
        const reason = addmode === 1 ? 'duplicate' : 'replaced'
        assert.equal((await engine.add('q', text, 'again')).dropped?.reason, reason)
        assert.equal(await engine.remove('q', text), 1)
      }
      await engine.close()
    }
  })

  it('leaves a whole message as it is, except what ends with the process', async () => {
    const engine = make()
    await engine.define([defined('q')])
    const list = [1]
    const message = { _msgid: '1', payload: { list }, req: { socket() {} }, res: { send() {} } }
    await engine.add('q', 'k', message)
    list.push(2)
    const item = await engine.fetch('q')
    assert.deepEqual(item?.value, { _msgid: '1', payload: { list: [1] } })
    await engine.close()
  })

  it('refuses what nothing can keep, and nothing else with it', async () => {
    const engine = make()
    await engine.define([defined('q')])
    const good = engine.add('q', 'a', '1')
    for (const bad of [() => 1, { at: Symbol('s') }]) {
      await assert.rejects(async () => engine.add('q', 'k', bad), { code: 'MQ_INVALID_VALUE' })
    }
    await good
    assert.equal(await engine.size('q'), 1)
    await engine.close()
  })
})

if (REDIS_PROGRAMS.includes('valkey-server')) {
  describe('RedisEngine with a Valkey', () => {
    const make = onValkey()
    conformsAsEngine('RedisEngine', () => make(), 0, SHARED)
    leasesItems('RedisEngine', make, 0, SHARED)
  })
}
