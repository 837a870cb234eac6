/** Where a Redis may be: behind Sentinel, in a cluster, behind TLS, and with no more rights than docs/redis.md asks for. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseDefinitions, RedisEngine, type RedisPlace, type Taken } from '../../../src/index.ts'
import { eventually } from '../../conformance/engine.ts'
import { Reports } from '../../support/databases.ts'
import { PROJECT } from '../../support/node-red.ts'
import {
  REDIS_PROGRAMS,
  RedisCluster,
  RedisSentinels,
  RedisServer,
} from '../../support/redis-servers.ts'

const { definitions } = parseDefinitions([
  { name: 'q', attempts: 2, deadLetter: 'dead' },
  { name: 'dead' },
  { name: 'keyed', addmode: 2 },
])

const errorsOf = ({ said }: Reports) => said.filter((text) => text.startsWith('error'))

/** An engine that works. */
async function start(place: RedisPlace, report = new Reports()): Promise<RedisEngine> {
  const engine = new RedisEngine(place, report)
  await engine.define(definitions)
  await engine.size('q')
  return engine
}

/** Does a bit of everything. */
async function work(engine: RedisEngine): Promise<void> {
  await engine.clear('q')
  for (const key of ['a', 'b', 'c']) await engine.add('q', key, { key })
  await engine.add('keyed', 'a', 1)
  assert.equal((await engine.add('keyed', 'a', 2)).dropped?.reason, 'replaced')
  const [a, b] = (await engine.take('q', { count: 2, lease: 60_000 })) as [Taken, Taken]
  assert.deepEqual(await engine.acknowledge('q', [a.lease as string]), [true])
  assert.deepEqual(await engine.reject('q', [b.lease as string]), [true])
  assert.equal((await engine.peek('dead', 1))[0]?.key, 'b')
  assert.equal((await engine.fetch('q'))?.key, 'c')
  const waiting = engine.take('q', { lease: 60_000, wait: 60_000 })
  await engine.add('q', 'late', 1)
  const [late] = await waiting
  assert.equal(late?.key, 'late')
  assert.deepEqual(await engine.release('q', [late?.lease as string]), [true])
  await engine.pause('q')
  await engine.resume('q')
  assert.equal((await engine.stats('q')).size, 1)
  assert.equal(await engine.remove('q', 'late'), 1)
  assert.equal(await engine.clear('dead'), 1)
  assert.equal((await engine.fetch('keyed'))?.value, 2)
}

for (const program of REDIS_PROGRAMS) {
  describe(`a place of ${program}`, function () {
    this.timeout(180_000)
    const ends: (() => unknown)[] = []
    afterEach(async () => {
      for (const end of ends.splice(0).reverse()) await end()
    })

    async function started(place: RedisPlace, report?: Reports): Promise<RedisEngine> {
      const engine = await start(place, report)
      ends.push(() => engine.close())
      return engine
    }

    it('is where Sentinel finds the master, and after a failure the next one', async () => {
      const sentinels = await RedisSentinels.start({ program })
      ends.push(() => sentinels.stop())
      const report = new Reports()
      const engine = await started({ redisUrl: sentinels.url }, report)
      await work(engine)
      const waiting = engine.take('q', { wait: Number.POSITIVE_INFINITY })
      waiting.catch(() => {})
      await sentinels.master.kill()
      await eventually(() => work(engine), 40_000)
      assert.equal(await sentinels.replica.info('role'), 'master')
    })

    it('is the one of a cluster that has its slot, also when the slot moves', async () => {
      const cluster = await RedisCluster.start({ program })
      ends.push(() => cluster.stop())
      const [place, report] = [{ redisUrl: cluster.url, prefix: 'here' }, new Reports()]
      const engine = await started(place, report)
      await work(engine)
      const other = await started(place)
      const waiting = other.take('q', { lease: 60_000, wait: Number.POSITIVE_INFINITY })
      const now = await cluster.serverOf('{here}::clients')
      const next = cluster.servers.find((server) => server !== now) as RedisServer
      await cluster.moveSlotOf('{here}::clients', next)
      await eventually(async () => {
        await engine.add('q', 'moved', 1)
      }, 30_000)
      assert.equal((await waiting)[0]?.key, 'moved')
      await eventually(() => work(engine), 30_000)
      assert.equal(await cluster.serverOf('{here}::clients'), next)
      assert.deepEqual(errorsOf(report), [])
    })

    it('is behind TLS, which checks the certificate', async () => {
      const server = await RedisServer.start({ program, tls: true })
      ends.push(() => server.stop())
      const redisUrl = server.url.replace(/^redis:/, 'rediss:')
      await work(await started({ redisUrl, tls: { ca: server.certificate } }))
      const report = new Reports()
      const engine = new RedisEngine({ redisUrl }, report)
      ends.push(() => engine.close())
      await engine.define(definitions)
      await assert.rejects(engine.size('q'), { code: 'MQ_UNAVAILABLE', message: /certificate/ })
      assert.equal(errorsOf(report).length, 1)
    })

    it('needs no more rights than docs/redis.md asks for', async () => {
      const page = readFileSync(join(PROJECT, 'docs/redis.md'), 'utf8')
      const [, rights] = /^ACL SETUSER mqueue on (?:'>.*?'|>\S+) (.*)$/m.exec(page) ?? []
      assert.ok(rights !== undefined, 'docs/redis.md has a line that begins with ACL SETUSER')
      const acl = ['user default on nopass -@all +ping', `user mqueue on >secret ${rights}`]
      const server = await RedisServer.start({
        program,
        acl: ['user admin on >admin ~* &* +@all', ...acl],
      })
      ends.push(() => server.stop())
      const redisUrl = `redis://127.0.0.1:${server.port}/0`
      await work(await started({ redisUrl, user: 'mqueue', password: 'secret' }))
      const report = new Reports()
      const other = new RedisEngine(
        { redisUrl, user: 'mqueue', password: 'secret', prefix: 'theirs' },
        report,
      )
      ends.push(() => other.close())
      await other.define(definitions)
      await assert.rejects(other.size('q'), { code: 'MQ_UNAVAILABLE', message: /NOPERM/ })
    })
  })
}
