// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references as Node-RED writes them
/** The test of a connection to Redis over real HTTP, from a real Node-RED to real servers. */
import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { config, TAB } from '../support/flows.ts'
import { freePort } from '../support/free-port.ts'
import { NodeRed } from '../support/node-red.ts'
import { HAS_REDIS, RedisServer } from '../support/redis-servers.ts'
import { requires } from '../support/required.ts'

const require = createRequire(import.meta.url)
const { hashSync } = createRequire(require.resolve('node-red'))('bcryptjs')

const users = ['*', ['mqueue.write'], ['mqueue.write', 'flows.write'], 'read'].map(
  (permissions, index) => ({ username: `u${index}`, password: hashSync('x', 4), permissions }),
)
const [ADMIN, QUEUES, FLOWS, READER] = users.map(({ username }) => username) as [
  string,
  string,
  string,
  string,
]

describe('the test of a connection to Redis', () => {
  requires(HAS_REDIS, 'apt-get install redis-server')
  let nodeRed: NodeRed
  let redis: RedisServer
  const tokens = new Map<string, string>()
  before(async () => {
    redis = await RedisServer.start({
      password: 'pass-secret',
      settings: { appendonly: 'yes' },
    })
    nodeRed = await NodeRed.start({
      flows: [TAB],
      env: { REDIS: `redis://:pass-secret@127.0.0.1:${redis.port}` },
      settings: { adminAuth: { type: 'credentials', users } },
    })
    for (const user of users) tokens.set(user.username, await nodeRed.login(user, 'x'))
    const stored = { ...config([]), credentials: { password: 'pass-secret' } }
    const headers = { Authorization: `Bearer ${tokens.get(ADMIN)}` }
    assert.ok((await nodeRed.post('flows', [TAB, stored], headers)).ok)
  })
  after(async () => {
    await nodeRed?.stop()
    await redis?.stop()
  })

  async function test(body: unknown, user = ADMIN, more: Record<string, string> = {}) {
    const headers = { Authorization: `Bearer ${tokens.get(user)}`, ...more }
    const response = await nodeRed.post('mqueue/test-connection', body, headers)
    const text = await response.text()
    assert.doesNotMatch(text, /secret/)
    return { status: response.status, ...(text.startsWith('{') ? JSON.parse(text) : {}) }
  }

  const redisUrl = () => `redis://127.0.0.1:${redis.port}`

  it('says what was found', async () => {
    const { version, ...found } = await test({ redisUrl: redisUrl(), password: 'pass-secret' })
    assert.match(version, /^\d+\.\d+/)
    assert.match(found.name, /^(Redis|Valkey)$/)
    const { status, ok, persistence, evicts, cautions } = found
    assert.deepEqual([status, ok, persistence, evicts, cautions], [200, true, 'log', undefined, []])
  })

  it('knows that snapshots will be taken before there was one', async () => {
    const own = await RedisServer.start()
    const found = () => test({ redisUrl: `redis://127.0.0.1:${own.port}` })
    try {
      const { persistence, cautions } = await found()
      assert.equal(persistence, 'none')
      assert.match(cautions.join(), /do not survive its restart/)
      await own.command('CONFIG', 'SET', 'save', '3600 1')
      assert.equal((await found()).persistence, 'snapshots')
    } finally {
      await own.stop()
    }
  })

  it('says what is wrong', async () => {
    for (const [body, reason] of [
      [{ redisUrl: `redis://127.0.0.1:${await freePort()}` }, /cannot be used: .*ECONNREFUSED/],
      [{ redisUrl: redisUrl(), password: 'wrong-secret' }, /WRONGPASS/],
      [{ redisUrl: redisUrl() }, /NOAUTH/],
      [{ redisUrl: 'http://secret' }, /^The Redis address cannot be used: /],
      [{ prefix: 'a:secret' }, /^The prefix cannot be used: /],
      [{ tls: 'missing' }, /TLS configuration is not deployed yet/],
      [{ password: {} }, /must be a text/],
    ] as const) {
      const { status, ok, message } = await test(body)
      assert.deepEqual([status, ok], [200, false])
      assert.match(message, reason)
    }
  })

  it('takes the password that is stored, and what the environment says', async () => {
    const stored = { id: 'config', redisUrl: redisUrl(), password: '__PWRD__' }
    assert.equal((await test(stored)).ok, true)
    assert.match((await test({ ...stored, id: 'other' })).message, /NOAUTH/)
    assert.equal((await test({ redisUrl: '${REDIS}' })).ok, true)
  })

  it('needs the permission to write, and that to deploy where stored things are sent', async () => {
    const open = { redisUrl: redisUrl(), password: 'pass-secret' }
    const stored = { ...open, id: 'config', password: '__PWRD__' }
    assert.equal((await test(open, READER)).status, 401)
    assert.equal((await test(open, QUEUES)).ok, true)
    for (const body of [stored, { redisUrl: '${REDIS}' }, { ...open, user: '$(HOME)' }]) {
      assert.equal((await test(body, QUEUES)).status, 401)
    }
    assert.equal((await test(stored, FLOWS)).ok, true)
    assert.equal((await nodeRed.post('mqueue/test-connection', open)).status, 401)
  })

  it('refuses other sites, what is not JSON, and too much of it', async () => {
    const text = JSON.stringify({ redisUrl: redisUrl() })
    const origin = await test(text, ADMIN, { Origin: 'http://other.example' })
    assert.deepEqual([origin.status, origin.ok], [403, false])
    assert.match(origin.message, /refused: it comes from another site/)
    assert.equal((await test(text, ADMIN, { 'Content-Type': 'text/plain' })).status, 415)
    assert.equal((await test({ redisUrl: 'x'.repeat(1_000_001) })).status, 413)
    for (const body of [[], {}, [[]]]) assert.equal((await test(body)).status, 200)
  })
})
