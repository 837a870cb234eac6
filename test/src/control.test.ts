/** What people do with queues, whoever asks, in both engines. */
import assert from 'node:assert/strict'
import { type Action, type Answers, control, type Requests } from '../../src/control.ts'
import { parseDefinition } from '../../src/definition.ts'
import type { MqueueError } from '../../src/errors.ts'
import type { LeasingEngine } from '../../src/leasing.ts'
import { LocalEngine } from '../../src/local/engine.ts'
import { RedisEngine } from '../../src/redis/engine.ts'
import { ownPrefixes, REDIS_URL } from '../support/shared-redis.ts'

describe('what people do with a queue of this process', () => {
  does(() => new LocalEngine())

  it('is done at once', () => {
    const engine = new LocalEngine()
    engine.define([parseDefinition({ name: 'q' })])
    engine.add('q', 'a', 1)
    assert.equal(control(engine, 'q', 'clear', {}), 1)
    assert.equal(control(engine, 'q', 'pause', {}), true)
    engine.close()
  })
})

describe('what people do with a queue in Redis', () => {
  const prefix = ownPrefixes()
  does(() => new RedisEngine({ redisUrl: REDIS_URL, prefix: prefix() }))
})

function does(make: () => LeasingEngine): void {
  let engine: LeasingEngine
  beforeEach(async () => {
    engine = make()
    const queues = [{ name: 'q', deadLetter: 'dead' }, { name: 'dead' }]
    await engine.define(queues.map((queue) => parseDefinition(queue)))
    for (const key of ['a', 'b', 'a', 'c']) await engine.add('q', key, key)
  })
  afterEach(() => engine?.close())

  const act = async <A extends Action>(
    action: A,
    request: Requests[A],
    queue = 'q',
  ): Promise<Answers[A]> => control(engine, queue, action, request)
  const keys = async (queue = 'q') =>
    (await act('peek', { count: 9 }, queue)).map(({ key }) => key).join('')

  it('looks at items, from a place on, and at one of them', async () => {
    assert.equal(await keys(), 'abac')
    const [item, ...others] = await act('peek', { count: 1, from: 1 })
    assert.deepEqual([item?.key, item?.attempt, others.length], ['b', 0, 0])
    const found = await act('find', { item: item?.id as string })
    assert.deepEqual([found?.id, found?.value], [item?.id, 'b'])
  })

  it('removes the items of a key, one item, or all', async () => {
    assert.equal(await act('remove', { key: 'a' }), 2)
    const [, c] = await act('peek', { count: 9 })
    assert.equal(await act('remove-item', { item: c?.id as string }), true)
    assert.equal(await act('remove-item', { item: c?.id as string }), false)
    assert.equal(await act('find', { item: c?.id as string }), undefined)
    assert.equal(await keys(), 'b')
    assert.equal(await act('clear', {}), 1)
    const { size, added, dropped } = await act('stats', {})
    assert.deepEqual([size, added, dropped], [0, 4, { removed: 4 }])
  })

  it('pauses and resumes', async () => {
    assert.equal(await act('pause', {}), true)
    assert.equal((await act('stats', {})).paused, true)
    assert.deepEqual(await engine.take('q', { lease: 60_000 }), [])
    assert.equal(await act('resume', {}), false)
    assert.equal((await engine.take('q', { lease: 60_000 })).length, 1)
  })

  it('sends dead letters back, one or all', async () => {
    const taken = await engine.take('q', { count: 3, lease: 60_000 })
    const leases = taken.map(({ lease }) => lease as string)
    await engine.reject('q', leases)
    assert.equal(await keys('dead'), 'aba')
    const [, b] = await act('peek', { count: 9 }, 'dead')
    assert.equal((await act('send-back', { item: b?.id }, 'dead')).sent, 1)
    assert.equal(await keys(), 'cb')
    assert.equal((await act('send-back', {}, 'dead')).sent, 2)
    assert.equal(await keys(), 'cbaa')
  })

  it('says when there is no such queue', async () => {
    for (const [action, request] of [
      ['peek', { count: 1 }],
      ['find', { item: '1' }],
      ['remove', { key: 'a' }],
      ['remove-item', { item: '1' }],
      ['clear', {}],
      ['pause', {}],
      ['resume', {}],
      ['stats', {}],
      ['send-back', {}],
    ] as const) {
      const isUnknown = (error: MqueueError) => error.code === 'MQ_UNKNOWN_QUEUE'
      await assert.rejects(act<Action>(action, request as never, 'none'), isUnknown, action)
    }
  })
}
