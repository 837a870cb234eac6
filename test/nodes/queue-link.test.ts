import assert from 'node:assert/strict'
import { load, unload } from '../support/bench.ts'
import { config } from '../support/flows.ts'

const ALL = [
  ['mq-add', { payload: 1, topic: 'k' }],
  ['mq-fetch', {}],
  ['mq-size', {}],
] as const

describe('a flow node', () => {
  afterEach(unload)

  for (const [type, msg] of ALL) {
    describe(type, () => {
      async function errorOf(node: object, queues: object[] = [{ name: 'q' }], more: object = {}) {
        const { run } = await load([config(queues, more), { id: 'n', type, queue: 'q', ...node }])
        const { error, out, done } = await run('n', { ...msg, mqk: 'k', mqv: 'v' })
        assert.deepEqual([out, done], [[undefined, undefined], 1])
        assert.ok((error?.message ?? '').length > 20)
        return error?.code
      }

      it('answers MQ_UNKNOWN_QUEUE for a queue that is not defined, or none', async () => {
        assert.equal(await errorOf({ queue: 'nope' }), 'MQ_UNKNOWN_QUEUE')
        await unload()
        assert.equal(await errorOf({ queue: '' }), 'MQ_UNKNOWN_QUEUE')
        await unload()
        assert.equal(await errorOf({ queue: 'missing', queueType: 'msg' }), 'MQ_UNKNOWN_QUEUE')
        await unload()
        assert.equal(await errorOf({ queue: '(((', queueType: 'jsonata' }), 'MQ_UNKNOWN_QUEUE')
      })

      it('answers MQ_NO_CONFIG without a config node, or with another node for it', async () => {
        assert.equal(await errorOf({ mqueue: '' }), 'MQ_NO_CONFIG')
        await unload()
        assert.equal(await errorOf({ mqueue: 'gone' }), 'MQ_NO_CONFIG')
        await unload()
        assert.equal(await errorOf({ mqueue: 'catch' }), 'MQ_NO_CONFIG')
      })

      it('answers MQ_INVALID_DEFINITION for a queue with a bad definition', async () => {
        assert.equal(await errorOf({}, [{ name: 'q', size: 'x' }]), 'MQ_INVALID_DEFINITION')
        await unload()
        assert.equal(
          await errorOf({}, [{ name: 'q' }], { engine: 'magic' }),
          'MQ_INVALID_DEFINITION',
        )
      })

      it('finds the name of its queue in each place that can be set', async () => {
        const { run, node } = await load(
          [
            config([{ name: 'q' }, { name: '7' }]),
            { id: 'msg', type, queue: 'a.queue', queueType: 'msg' },
            { id: 'flow', type, queue: 'place', queueType: 'flow' },
            { id: 'global', type, queue: 'place', queueType: 'global' },
            { id: 'env', type, queue: 'MQ_TEST_QUEUE', queueType: 'env' },
            { id: 'jsonata', type, queue: '$lowercase(a.queue)', queueType: 'jsonata' },
          ],
          [{ name: 'MQ_TEST_QUEUE', value: 'q', type: 'str' }],
        )
        node('flow').context().flow.set('place', 'q')
        node('global').context().global.set('place', 'q')
        for (const id of ['msg', 'flow', 'global', 'env', 'jsonata']) {
          const queue = id === 'jsonata' ? 'Q' : 'q'
          const { error, done } = await run(id, { ...msg, a: { queue } })
          assert.deepEqual([id, error, done], [id, undefined, 1])
        }
        assert.equal((await run('msg', { ...msg, a: { queue: 7 } })).error, undefined)
        assert.equal((await run('msg', { ...msg, a: 5 })).error?.code, 'MQ_UNKNOWN_QUEUE')
      })
    })
  }
})

describe('a bad definition', () => {
  afterEach(unload)

  it('does not take the good ones down with it', async () => {
    const queues = [
      { name: 'a b' },
      { name: 'good' },
      { name: 'bad', addmode: 9 },
      { name: 'good' },
      [],
    ]
    const { run } = await load([
      config(queues),
      { id: 'add', type: 'mq-add', queue: 'good' },
      { id: 'all', type: 'mq-size', queueType: 'all' },
    ])
    assert.equal((await run('add', { payload: 1 })).error, undefined)
    assert.deepEqual((await run('all', {})).out[0]?.payload, { good: 1 })
  })

  it('takes the defaults of the node, and numbers as strings', async () => {
    const queues = [
      { name: 'a', size: '', addmode: '' },
      { name: 'b', size: '2', addmode: '0' },
    ]
    const { run } = await load([
      config(queues, { mqueueSize: '1', mqueueAddmode: '2' }),
      { id: 'a', type: 'mq-add', queue: 'a', dropped: true },
      { id: 'b', type: 'mq-add', queue: 'b', dropped: true },
    ])
    for (const id of ['a', 'b']) await run(id, { topic: 'k', payload: 1 })
    assert.equal((await run('a', { topic: 'k', payload: 2 })).out[1]?.mqreason, 'replaced')
    assert.equal((await run('a', { topic: 'l', payload: 3 })).out[1]?.mqreason, 'overflow')
    assert.equal((await run('b', { topic: 'k', payload: 2 })).out[1], undefined)
    assert.equal((await run('b', { topic: 'k', payload: 3 })).out[1]?.mqreason, 'overflow')
  })
})
