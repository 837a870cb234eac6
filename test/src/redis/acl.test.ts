/** The user of docs/redis.md: it may do what the engine does, and no more is asked for. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Clock } from '../../../src/index.ts'
import { RedisEngine } from '../../../src/redis/engine.ts'
import { leasesItems } from '../../conformance/consumers.ts'
import { conformsAsEngine, type Traits } from '../../conformance/engine.ts'
import { Reports } from '../../support/databases.ts'
import { PROJECT } from '../../support/node-red.ts'
import { ask, hasRedis, INSTALL_REDIS, type OwnRedis, ownRedis } from '../../support/own-redis.ts'
import { requires } from '../../support/required.ts'

const SHARED: Traits = { outlives: true, newestCounts: true }

describe('the user that docs/redis.md gives', () => {
  requires(hasRedis, INSTALL_REDIS)
  let redis: OwnRedis
  let prefixes = 0
  before(async () => {
    redis = await ownRedis()
    const page = readFileSync(join(PROJECT, 'docs/redis.md'), 'utf8')
    const [, line = ''] = /^ACL SETUSER (node-red .*)$/m.exec(page) ?? []
    assert.match(line, /-@all/)
    // Each test has a prefix of its own.
    const words = line.replaceAll('{mqueue}', '{mqueue*}').split(' ')
    assert.equal(await ask(redis.port, 'acl', 'setuser', ...words), 'OK')
  })
  after(() => redis?.stop())

  const make = (clock?: Clock) => {
    const redisUrl = `redis://node-red:password@127.0.0.1:${redis.port}`
    const place = { redisUrl, prefix: `mqueue${++prefixes}` }
    return new RedisEngine(place, new Reports(), clock, clock && (() => clock.now()))
  }

  conformsAsEngine('RedisEngine', () => make(), 0, SHARED)
  leasesItems('RedisEngine', make, 0, SHARED)

  describe('in the end', () => {
    it('was refused nothing', async () => {
      assert.equal(await ask(redis.port, 'acl', 'log'), '')
    })

    it('is allowed nothing that was not used', async () => {
      const used = await ask(redis.port, 'info', 'commandstats')
      const granted = await ask(redis.port, 'acl', 'getuser', 'node-red')
      for (const [, command = ''] of granted.matchAll(/\+([\w|]+)/g)) {
        // A sign of life is asked for when nothing else was for some seconds.
        if (command === 'ping') continue
        assert.ok(used.includes(`cmdstat_${command}:`), command)
      }
    })
  })
})
