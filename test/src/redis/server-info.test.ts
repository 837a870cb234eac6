import assert from 'node:assert/strict'
import { assertUsable, cautions, readInfo } from '../../../src/redis/server-info.ts'
import { freePort } from '../../support/free-port.ts'
import { HAS_REDIS, RedisServer } from '../../support/redis-servers.ts'
import { requires } from '../../support/required.ts'
import { command } from '../../support/shared-redis.ts'

const info = (...lines: string[]) => readInfo(['# Server', ...lines].join('\r\n'))
const isNeeded = /^Redis 7\.0 or later, or Valkey 7\.2 or later, is needed, and this is (.*)$/

describe('what a server says of itself', () => {
  for (const [name, version, ...lines] of [
    ['Redis', '7.0.15', 'redis_version:7.0.15'],
    ['Redis', '8.2.0', 'redis_version:8.2.0', 'server_name:redis'],
    ['Valkey', '7.2.5', 'redis_version:7.2.4', 'server_name:valkey', 'valkey_version:7.2.5'],
    ['Valkey', '7.2.4', 'redis_version:7.2.4', 'server_name:valkey'],
    ['Valkey', '8.0.1', 'redis_version:7.2.4', 'server_name:valkey', 'valkey_version:8.0.1'],
    ['Redis', '10.0.0', 'redis_version:10.0.0'],
  ] as const) {
    it(`is enough as ${name} ${version}`, () => {
      const found = info(...lines)
      assert.deepEqual([found.name, found.version], [name, version])
      assertUsable(found)
    })
  }

  for (const [found, ...lines] of [
    ['Redis 6.2.14', 'redis_version:6.2.14'],
    ['Redis 2.8', 'redis_version:2.8'],
    ['Valkey 7.0.0', 'redis_version:7.0.0', 'valkey_version:7.0.0'],
    ['Dragonfly df-v1.23.0', 'redis_version:7.4.0', 'dragonfly_version:df-v1.23.0'],
    ['KeyDB', 'redis_version:6.3.4', 'mvcc_depth:0'],
    ['of another kind'],
  ]) {
    it(`is not enough as ${found}`, () => {
      assert.throws(
        () => assertUsable(info(...lines)),
        ({ message }) => isNeeded.exec(message)?.[1] === found,
      )
    })
  }

  it('tells when it may evict queues: with a bound and a policy', () => {
    const evicts = (bound: number, policy: string) =>
      info(`maxmemory:${bound}`, `maxmemory_policy:${policy}`).evicts
    assert.equal(evicts(0, 'allkeys-lru'), undefined)
    assert.equal(evicts(1, 'noeviction'), undefined)
    assert.equal(evicts(1, 'allkeys-lru'), 'allkeys-lru')
  })

  it('tells of snapshots by the setting, or else by what it has saved or loaded', () => {
    const nothing = ['rdb_saves:0', 'rdb_last_bgsave_time_sec:-1', 'rdb_last_load_keys_loaded:0']
    assert.equal(info(...nothing).persistence, 'unknown')
    for (const line of [
      'rdb_saves:1',
      'rdb_last_bgsave_time_sec:0',
      'rdb_last_load_keys_loaded:7',
    ]) {
      assert.equal(info(line).persistence, 'snapshots')
    }
    assert.equal(readInfo(nothing.join('\n'), '3600 1').persistence, 'snapshots')
    assert.equal(readInfo('rdb_saves:1', '').persistence, 'none')
    assert.equal(readInfo('aof_enabled:1', '').persistence, 'log')
  })

  describe('in earnest', () => {
    requires(HAS_REDIS, 'apt-get install redis-server')
    const started: RedisServer[] = []
    afterEach(async () => {
      for (const server of started.splice(0)) await server.stop()
    })

    async function start(settings: Record<string, string> = {}): Promise<RedisServer> {
      const server = await RedisServer.start({ settings })
      started.push(server)
      return server
    }

    const infoOf = async (server: RedisServer) => {
      const { save } = await server.command('CONFIG', 'GET', 'save')
      return readInfo(await server.command('INFO'), save)
    }

    it('is all well where it keeps a log and evicts nothing', async () => {
      const found = await infoOf(await start({ appendonly: 'yes', maxmemory: '100mb' }))
      assertUsable(found)
      const { name, persistence, evicts, role } = found
      assert.ok(name === 'Redis' || name === 'Valkey')
      assert.deepEqual([persistence, evicts, role], ['log', undefined, 'master'])
      assert.deepEqual(cautions(found), [])
    })

    it('warns of a server that evicts and one that saves nothing', async () => {
      const server = await start({ maxmemory: '100mb', 'maxmemory-policy': 'allkeys-lfu' })
      const found = await infoOf(server)
      const [evicting, forgetting, ...more] = cautions(found)
      assert.match(evicting ?? '', /may evict .*allkeys-lfu.*noeviction/)
      assert.match(forgetting ?? '', /do not survive its restart.*appendonly/)
      assert.deepEqual(more, [])
    })

    it('knows snapshots once there was one', async () => {
      const server = await start({ 'maxmemory-policy': 'allkeys-lru' })
      const unsettled = async () => readInfo(await server.command('INFO'))
      assert.equal((await unsettled()).persistence, 'unknown')
      assert.match(cautions(await unsettled())[0] ?? '', /not known whether the queues survive/)
      await server.command('SAVE')
      const found = await unsettled()
      assert.equal(found.persistence, 'snapshots')
      assert.deepEqual(cautions(found), [])
    })

    it('tells a replica from its master, also where that is a node of a cluster', async () => {
      const master = await start({
        'cluster-enabled': 'yes',
        'cluster-port': `${await freePort()}`,
      })
      const replica = await start({ replicaof: `127.0.0.1 ${master.port}` })
      const [one, other] = [await infoOf(master), await infoOf(replica)]
      assert.equal(one.role, 'master')
      assert.equal(other.role, 'replica')
    })

    it('is read of the server that runs here', async () => {
      assertUsable(readInfo(await command('INFO')))
    })
  })
})
