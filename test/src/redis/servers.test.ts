/** The servers that the other tests stand on. */
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import {
  HAS_REDIS,
  REDIS_PROGRAMS,
  RedisCluster,
  RedisSentinels,
  RedisServer,
  startReplicated,
} from '../../support/redis-servers.ts'
import { requires } from '../../support/required.ts'

/** Whether a process lives. */
function lives(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

/** Stops servers, and looks for what is left of them. */
async function leavesNothing(
  servers: readonly RedisServer[],
  stop: () => Promise<void>,
): Promise<void> {
  const pids = servers.map(({ pid }) => pid)
  assert.ok(pids.every(lives))
  await stop()
  assert.ok(!pids.some(lives))
  assert.ok(!servers.some(({ directory }) => existsSync(directory)))
}

describe('a Redis of a test', function () {
  this.timeout(180_000)
  requires(HAS_REDIS, 'apt-get install redis-server')

  it('starts and ends', async () => {
    const server = await RedisServer.start({ settings: { maxmemory: '3mb' } })
    try {
      assert.equal(await server.info('maxmemory'), `${3 * 2 ** 20}`)
    } finally {
      await leavesNothing([server], () => server.stop())
    }
  })

  for (const program of REDIS_PROGRAMS) {
    it(`can be the installed ${program}`, async () => {
      const server = await RedisServer.start({ program })
      try {
        const name = program === 'redis-server' ? 'redis' : 'valkey'
        assert.match((await server.info(`${name}_version`)) ?? '', /^\d+\.\d/)
      } finally {
        await server.stop()
      }
    })
  }

  it('says why it does not start', async () => {
    await assert.rejects(RedisServer.start({ settings: { nonsense: 'yes' } }), /nonsense/)
  })

  it('keeps what its settings say over a restart and a kill', async () => {
    const settings = { appendonly: 'yes', appendfsync: 'always' }
    const server = await RedisServer.start({ settings })
    try {
      await server.command('SET', 'k', 'first')
      await server.restart()
      assert.equal(await server.command('GET', 'k'), 'first')
      await server.command('SET', 'k', 'second')
      await server.kill()
      await assert.rejects(server.command('PING'))
      server.launch()
      await server.answers()
      assert.equal(await server.command('GET', 'k'), 'second')
    } finally {
      await server.stop()
    }
  })

  it('does nothing while it is paused', async () => {
    const server = await RedisServer.start()
    try {
      server.pause()
      let isAnswered = false
      const asked = server.command('INCR', 'k').then((answer) => {
        isAnswered = true
        return answer
      })
      await new Promise((resolve) => setTimeout(resolve, 200))
      assert.equal(isAnswered, false)
      server.resume()
      assert.equal(await asked, 1)
    } finally {
      await server.stop()
    }
  })

  it('asks for a password, and knows users', async () => {
    const server = await RedisServer.start({ password: 'secret' })
    const users = await RedisServer.start({
      acl: ['user default on nopass ~* &* +@all', 'user worker on >secret ~* +ping'],
    })
    try {
      assert.equal(await server.command('PING'), 'PONG')
      assert.equal(await server.info('tcp_port'), `${server.port}`)
      assert.equal(String(await users.command('ACL', 'USERS')), 'default,worker')
    } finally {
      await server.stop()
      await users.stop()
    }
  })

  it('talks TLS', async () => {
    const server = await RedisServer.start({ tls: true })
    try {
      assert.match(server.url, /^rediss:/)
      assert.equal(await server.command('PING'), 'PONG')
    } finally {
      await server.stop()
    }
  })

  it('has a replica', async () => {
    const servers = await startReplicated()
    const [master, replica] = servers
    await assert.rejects(replica.command('SET', 'k', 'v'), /READONLY/)
    assert.equal(await master.info('connected_slaves'), '1')
    await leavesNothing(servers, async () => {
      for (const server of servers) await server.stop()
    })
  })

  it('is watched by sentinels', async () => {
    const all = await RedisSentinels.start()
    const address = await all.sentinels[0]?.command('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', 'main')
    assert.equal(String(address), `127.0.0.1,${all.master.port}`)
    await leavesNothing([...all.sentinels, all.master, all.replica], () => all.stop())
  })

  it('is a cluster, whose slots move', async () => {
    const cluster = await RedisCluster.start()
    try {
      const from = await cluster.serverOf('{p}:k')
      await from.command('SET', '{p}:k', 'v')
      const to = cluster.servers.find((server) => server !== from) as RedisServer
      await cluster.moveSlotOf('{p}:k', to)
      assert.equal(await cluster.serverOf('{p}:k'), to)
      assert.equal(await to.command('GET', '{p}:k'), 'v')
      await assert.rejects(from.command('GET', '{p}:k'), /MOVED/)
    } finally {
      await leavesNothing(cluster.servers, () => cluster.stop())
    }
  })
})
