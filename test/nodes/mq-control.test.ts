import assert from 'node:assert/strict'
import { load, unload } from '../support/bench.ts'
import { config } from '../support/flows.ts'

async function controlling(settings: object) {
  const bench = await load([
    config([{ name: 'q' }]),
    { id: 'add', type: 'mq-add', queue: 'q' },
    { id: 'fetch', type: 'mq-fetch', queue: 'q' },
    { id: 'lease', type: 'mq-fetch', queue: 'q', lease: 60 },
    { id: 'control', type: 'mq-control', queue: 'q', ...settings },
  ])
  for (const [topic, payload] of [
    ['a', { n: 1 }],
    ['b', 2],
    ['a', 3],
  ]) {
    await bench.run('add', { topic, payload })
  }
  const control = (msg: object = {}) => bench.run('control', { _msgid: 'id', ...msg })
  return {
    ...bench,
    control,
    /** What the answer to a message is. */
    asked: async (msg: object = {}): Promise<unknown> => (await control(msg)).out[0]?.payload,
    fetched: async () => (await bench.run('fetch', {})).out[0]?.mqv,
  }
}

describe('mq-control', () => {
  afterEach(unload)

  it('peeks at the oldest items, which stay as they are whatever the flow does', async () => {
    const { control, fetched } = await controlling({ count: '2' })
    const { out, done } = await control({ topic: 'mine' })
    const seen = out[0]?.payload as { key: string; value: unknown; age: number; attempt: number }[]
    assert.deepEqual(
      seen.map(({ key, value, attempt }) => [key, value, attempt]),
      [
        ['a', { n: 1 }, 0],
        ['b', 2, 0],
      ],
    )
    assert.ok(seen.every(({ age }) => age >= 0))
    assert.deepEqual([out[0]?.topic, done], ['mine', 1])
    ;(seen[0]?.value as { n: number }).n = 9
    assert.deepEqual(await fetched(), { n: 1 })
  })

  it('peeks at ten items by default', async () => {
    const { asked, run } = await controlling({})
    for (let n = 0; n < 12; n++) await run('add', { topic: 'k', payload: n })
    assert.equal(((await asked()) as unknown[]).length, 10)
  })

  for (const count of [0, -1, 1.5, 'many']) {
    it(`refuses to peek at ${count} items`, async () => {
      const { control } = await controlling({ count })
      const { error, out } = await control()
      assert.deepEqual([error?.code, out[0]], ['MQ_INVALID_VALUE', undefined])
    })
  }

  it('removes all items of a key, and says how many', async () => {
    const { asked, fetched } = await controlling({ action: 'remove' })
    assert.equal(await asked({ topic: 'a' }), 2)
    assert.equal(await asked({ topic: 'a' }), 0)
    assert.equal(await fetched(), 2)
  })

  it('removes by a number or a boolean, as mq-add writes keys', async () => {
    const { asked, run } = await controlling({ action: 'remove' })
    for (const topic of [7, true]) {
      await run('add', { topic, payload: 'x' })
      assert.equal(await asked({ topic }), 1)
    }
  })

  for (const topic of [undefined, null, {}]) {
    it(`removes nothing when the key is ${topic === undefined ? topic : JSON.stringify(topic)}`, async () => {
      const { control, fetched } = await controlling({ action: 'remove' })
      const { error, out } = await control({ topic })
      assert.deepEqual([error?.code, out[0]], ['MQ_INVALID_KEY', undefined])
      assert.deepEqual(await fetched(), { n: 1 })
    })
  }

  it('clears, and says how many', async () => {
    const { control, fetched } = await controlling({ action: 'clear', resultTo: 'queue.gone' })
    assert.deepEqual((await control({ payload: 'mine' })).out[0], {
      _msgid: 'id',
      payload: 'mine',
      queue: { gone: 3 },
    })
    assert.equal(await fetched(), undefined)
  })

  it('pauses and resumes what leases, by the action in the message', async () => {
    const { control, run } = await controlling({ action: 'what', actionType: 'msg' })
    const leased = async () => (await run('lease', {})).out[0]?.mqk
    await control({ what: 'pause' })
    assert.equal(await leased(), undefined)
    await control({ what: 'resume' })
    assert.equal(await leased(), 'a')
  })

  it('returns the counts of the queue', async () => {
    const { asked, run } = await controlling({ action: 'stats' })
    await run('fetch', {})
    await run('lease', {})
    const { size, leased, added, fetched, paused } = (await asked()) as Record<string, unknown>
    assert.deepEqual([size, leased, added, fetched, paused], [1, 1, 3, 1, false])
  })

  for (const what of ['explode', '', undefined, 5]) {
    it(`refuses ${JSON.stringify(what)} as an action of the message`, async () => {
      const { control } = await controlling({ action: 'what', actionType: 'msg' })
      const { error, out } = await control({ what })
      assert.deepEqual([error?.code, out[0]], ['MQ_INVALID_VALUE', undefined])
    })
  }
})
