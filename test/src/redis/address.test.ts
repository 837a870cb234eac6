import assert from 'node:assert/strict'
import { MqueueError } from '../../../src/index.ts'
import { parseRedisAddress, type RedisLocation } from '../../../src/redis/address.ts'
import { JUNK } from '../../support/junk.ts'

const at = (redisUrl?: unknown, more: RedisLocation = {}) =>
  parseRedisAddress({ redisUrl, ...more })

function refused(location: RedisLocation): MqueueError {
  try {
    parseRedisAddress(location)
  } catch (error) {
    assert.ok(error instanceof MqueueError)
    assert.equal(error.code, 'MQ_INVALID_DEFINITION')
    assert.ok(!error.message.includes('secret'), error.message)
    return error
  }
  throw new assert.AssertionError({ message: 'it was taken' })
}

describe('the address of a Redis', () => {
  it('that is blank is the server of this machine', () => {
    for (const blank of [undefined, null, '', '  ']) {
      const { kind, nodes, database, isTls, user, password, prefix, shown } = at(blank)
      assert.deepEqual([kind, nodes], ['single', [{ host: '127.0.0.1', port: 6379 }]])
      assert.deepEqual([database, isTls, user, password], [0, false, '', ''])
      assert.deepEqual([prefix, shown], ['mqueue', 'redis://127.0.0.1:6379/0'])
    }
  })

  for (const [text, shown] of [
    ['redis://redis.example', 'redis://redis.example:6379/0'],
    [' redis://redis.example:7000/3 ', 'redis://redis.example:7000/3'],
    ['rediss://redis.example/', 'rediss://redis.example:6379/0'],
    ['REDIS://redis_1/2', 'redis://redis_1:6379/2'],
    ['redis://[::1]:7000', 'redis://[::1]:7000/0'],
    ['redis://[fe80::1%eth0]', 'redis://[fe80::1%eth0]:6379/0'],
    ['redis+sentinel://a,b:1/calls', 'redis+sentinel://a:26379,b:1/calls/0'],
    ['rediss+sentinel://[::1],b/calls.1/4', 'rediss+sentinel://[::1]:26379,b:26379/calls.1/4'],
    ['redis+cluster://a:7000, b', 'redis+cluster://a:7000,b:6379'],
    ['rediss+cluster://a/0', 'rediss+cluster://a:6379'],
    ['redis://user:secret@a:1/1?prefix=calls', 'redis://a:1/1'],
  ] as const) {
    it(`reads ${text}`, () => {
      const address = at(text)
      assert.equal(address.shown, shown)
      const { kind, nodes, master, database, isTls } = at(address.shown)
      assert.deepEqual(
        [kind, nodes, master, database, isTls],
        [address.kind, address.nodes, address.master, address.database, address.isTls],
      )
    })
  }

  it('says what each kind needs', () => {
    const sentinel = at('rediss+sentinel://a,[::1]:5/calls/2')
    assert.deepEqual(
      [sentinel.kind, sentinel.master, sentinel.database, sentinel.isTls],
      ['sentinel', 'calls', 2, true],
    )
    assert.deepEqual(sentinel.nodes, [
      { host: 'a', port: 26379 },
      { host: '::1', port: 5 },
    ])
    const cluster = at('redis+cluster://a,b:7000')
    assert.deepEqual([cluster.kind, cluster.master, cluster.database], ['cluster', '', 0])
    assert.deepEqual(
      cluster.nodes.map(({ port }) => port),
      [6379, 7000],
    )
  })

  it('takes the credentials first, then the URL', () => {
    const url = 'redis://cl%40erk:p%3Ass:@h'
    assert.deepEqual([at(url).user, at(url).password], ['cl@erk', 'p:ss:'])
    assert.equal(at('redis://:only@h').password, 'only')
    const { user, password } = at(url, { user: 'other', password: 4711 })
    assert.deepEqual([user, password], ['other', '4711'])
  })

  it('takes the prefix first, then that of the URL', () => {
    assert.equal(at('redis://h?prefix=a.b').prefix, 'a.b')
    assert.equal(at('redis://h?prefix=').prefix, 'mqueue')
    assert.equal(at('redis://h?prefix=a', { prefix: ' ' }).prefix, 'a')
    assert.equal(at('redis://h?prefix=a', { prefix: 'b' }).prefix, 'b')
    assert.equal(at('redis://h', { prefix: 5 }).prefix, '5')
  })

  it('takes its secrets out of a text', () => {
    const { redact } = at('redis://inurl:p%40ss@h', { user: 'clerk', password: 'p@ss-more' })
    assert.equal(
      redact('clerk (p@ss-more, p%40ss-more), inurl and p@ss, but not clerks'),
      '*** (***, ***), *** and ***, but not clerks',
    )
    assert.equal(at('redis://h').redact('nothing is secret'), 'nothing is secret')
  })

  for (const [url, rule] of [
    ['secret', 'redisUrl'],
    ['http://secret', 'redisUrl'],
    ['redis:secret', 'redisUrl'],
    ['redis+other://secret', 'redisUrl'],
    ['redis://h/0#secret', 'redisUrl'],
    ['redis://h\ud800secret', 'redisUrl'],
    ['redis://', 'redisServer'],
    ['redis://u:secret@', 'redisServer'],
    ['redis://a,secret', 'redisServer'],
    ['redis://secret:0', 'redisServer'],
    ['redis://secret:65536', 'redisServer'],
    ['redis://secret:port', 'redisServer'],
    ['redis://::1', 'redisServer'],
    ['redis://[1:2:secret]', 'redisServer'],
    ['redis://[:::::]', 'redisServer'],
    ['redis+cluster://a,,secret', 'redisServer'],
    ['redis+sentinel://secret', 'redisMaster'],
    ['redis+sentinel://secret//0', 'redisMaster'],
    ['redis+sentinel://h/two secrets', 'redisMaster'],
    ['redis://h/secret', 'redisDatabase'],
    ['redis://h/1/secret', 'redisDatabase'],
    ['redis://h/1000000000', 'redisDatabase'],
    ['redis+sentinel://h/m/secret', 'redisDatabase'],
    ['redis+cluster://h/1', 'redisDatabase'],
    ['redis://h?password=secret', 'redisParameter'],
    ['redis://h?prefix=a&prefix=secret', 'redisParameter'],
    ['redis://u:100%secret@h', 'redisPercent'],
  ] as const) {
    it(`refuses ${JSON.stringify(url)} without showing it`, () => {
      const error = refused({ redisUrl: url })
      assert.deepEqual([error.field, error.rule], ['redisUrl', rule])
    })
  }

  it('refuses a prefix that no queue could be named', () => {
    for (const prefix of ['a:secret', '{secret}', 'x'.repeat(65), true, [], {}]) {
      const error = refused({ prefix })
      assert.deepEqual([error.field, error.rule], ['prefix', 'prefix'])
    }
    assert.equal(refused({ redisUrl: 'redis://h?prefix=a:secret' }).field, 'prefix')
  })

  it('takes anything or refuses it, as it may stand in a flow file', () => {
    for (const junk of JUNK) {
      for (const field of ['redisUrl', 'prefix', 'user', 'password']) {
        try {
          parseRedisAddress({ [field]: junk })
        } catch (error) {
          assert.ok(error instanceof MqueueError)
          assert.equal(error.field, field)
        }
      }
    }
    const error = refused({ user: ['secret'] })
    assert.deepEqual([error.field, error.rule], ['user', 'credential'])
  })
})
