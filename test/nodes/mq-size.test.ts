import assert from 'node:assert/strict'
import { load, unload } from '../support/bench.ts'
import { config } from '../support/flows.ts'

async function sizing(size: object) {
  const bench = await load([
    config([{ name: 'q' }, { name: '__proto__', size: 5 }]),
    { id: 'add', type: 'mq-add', queue: 'q' },
    { id: 'size', type: 'mq-size', queue: 'q', ...size },
  ])
  return { ...bench, size: (msg: object = {}) => bench.run('size', { _msgid: 'id', ...msg }) }
}

describe('mq-size', () => {
  afterEach(unload)

  it('returns the size of a queue in the payload', async () => {
    const { size, run } = await sizing({})
    assert.deepEqual((await size({ topic: 't', payload: 'old' })).out[0], {
      _msgid: 'id',
      topic: 't',
      payload: 0,
    })
    await run('add', { payload: 1 })
    const { out, done } = await size()
    assert.deepEqual([out[0]?.payload, out[1], done], [1, undefined, 1])
  })

  it('returns it in another property', async () => {
    const { size } = await sizing({ sizeTo: 'queue.length' })
    assert.deepEqual((await size({ payload: 'mine' })).out[0], {
      _msgid: 'id',
      payload: 'mine',
      queue: { length: 0 },
    })
  })

  it('returns the sizes of all queues', async () => {
    const { size, run } = await sizing({ queueType: 'all', queue: '' })
    await run('add', { payload: 1 })
    const sizes = (await size()).out[0]?.payload as object
    assert.deepEqual(Object.entries(sizes), [
      ['q', 1],
      ['__proto__', 0],
    ])
  })

  it('refuses a property that cannot be set', async () => {
    const { size } = await sizing({ sizeTo: 'payload.size' })
    const { error, out } = await size({ payload: 'text' })
    assert.equal(error?.code, 'MQ_INVALID_VALUE')
    assert.equal(out[0], undefined)
  })
})

describe('mq-pv-free', () => {
  afterEach(unload)

  for (const [what, node] of [
    ['a queue', { queue: 'q' }],
    ['an unknown queue', { queue: 'nope' }],
    ['no queue', {}],
    ['no config node', { mqueue: '' }],
    ['a queue that cannot be read', { queue: '(((', queueType: 'jsonata' }],
  ] as const) {
    it(`deletes mqk and mqv for ${what}`, async () => {
      const { run } = await load([
        config([{ name: 'q' }]),
        { id: 'free', type: 'mq-pv-free', ...node },
      ])
      const { out, error, done } = await run('free', { _msgid: 'id', mqk: 1, mqv: 2, payload: 3 })
      assert.deepEqual(out[0], { _msgid: 'id', payload: 3 })
      assert.deepEqual([error, done], [undefined, 1])
    })
  }
})
