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
import { HAS_REDIS, RedisServer } from '../../support/redis-servers.ts'
import { requires } from '../../support/required.ts'

const SHARED: Traits = { outlives: true, newestCounts: true }

describe('the user that docs/redis.md describes', () => {
  requires(HAS_REDIS, 'apt-get install redis-server')
  let redis: RedisServer
  let prefixes = 0
  before(async () => {
    redis = await RedisServer.start()
    const page = readFileSync(join(PROJECT, 'docs/redis.md'), 'utf8')
    const [, line = ''] = /^ACL SETUSER (mqueue .*)$/m.exec(page) ?? []
    assert.match(line, /-@all/)
    // Each test has its own prefix.
    const words = line.replaceAll('{mqueue}', '{mqueue*}').split(' ')
    assert.equal(await redis.command('ACL', 'SETUSER', ...words), 'OK')
  })
  after(() => redis?.stop())

  const make = (clock?: Clock) => {
    const redisUrl = `redis://mqueue:password@127.0.0.1:${redis.port}`
    const place = { redisUrl, prefix: `mqueue${++prefixes}` }
    return new RedisEngine(place, new Reports(), clock, clock && (() => clock.now()))
  }

  conformsAsEngine('RedisEngine', () => make(), 0, SHARED)
  leasesItems('RedisEngine', make, 0, SHARED)

  describe('in the end', () => {
    it('was refused nothing but a look at the settings', async () => {
      const refused: { object: string }[] = await redis.command('ACL', 'LOG', 1_000)
      assert.deepEqual(
        refused.filter(({ object }) => object !== 'config|get'),
        [],
      )
    })

    it('is allowed nothing that was not used', async () => {
      const used = await redis.command('INFO', 'commandstats')
      const granted = JSON.stringify(await redis.command('ACL', 'GETUSER', 'mqueue'))
      for (const [, command = ''] of granted.matchAll(/\+([\w|]+)/g)) {
        // A sign of life is asked for when nothing else was for some seconds.
        if (command === 'ping') continue
        assert.ok(used.includes(`cmdstat_${command}:`), command)
      }
    })
  })
})
