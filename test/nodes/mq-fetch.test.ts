import assert from 'node:assert/strict'
import { load, unload } from '../support/bench.ts'
import { config } from '../support/flows.ts'
import { until } from '../support/node-red.ts'

async function fetching(fetch: object = {}, add: object = {}) {
  const bench = await load([
    config([{ name: 'q', size: 0, addmode: 0 }]),
    { id: 'add', type: 'mq-add', queue: 'q', ...add },
    { id: 'fetch', type: 'mq-fetch', queue: 'q', ...fetch },
    { id: 'size', type: 'mq-size', queue: 'q' },
  ])
  return {
    ...bench,
    add: (msg: object) => bench.run('add', msg),
    fetch: (msg: object = {}) => bench.run('fetch', Object.assign(msg, { _msgid: 'trigger' })),
    size: async () => (await bench.run('size', {})).out[0]?.payload,
  }
}

describe('mq-fetch', () => {
  afterEach(unload)

  it('sends the oldest item on the first output, with what is left', async () => {
    const { add, fetch } = await fetching()
    await add({ topic: 'a', payload: { n: 1 } })
    await add({ topic: 'b', payload: 2 })
    const { out, done } = await fetch({ payload: 'mine', topic: 'my topic' })
    assert.deepEqual(out[0], {
      _msgid: 'trigger',
      payload: 'mine',
      topic: 'my topic',
      mqk: 'a',
      mqv: { n: 1 },
      mqsize: 1,
    })
    assert.deepEqual([out[1], done], [undefined, 1])
  })

  it('sends on the second output when the queue is empty, without mqk and mqv', async () => {
    const { fetch } = await fetching()
    const { out, done } = await fetch({ mqk: 'old', mqv: 'old', mqsize: 9, other: 1 })
    assert.deepEqual(out[1], { _msgid: 'trigger', mqsize: 0, other: 1 })
    assert.deepEqual([out[0], done], [undefined, 1])
  })

  it('keeps an empty text apart from nothing', async () => {
    const { add, fetch } = await fetching()
    await add({ topic: '', payload: '' })
    const { out } = await fetch()
    assert.deepEqual([out[0]?.mqk, out[0]?.mqv], ['', ''])
  })

  it('sets other properties where they are named', async () => {
    const { add, fetch } = await fetching({ keyTo: 'topic', valueTo: 'payload' })
    await add({ topic: 'k', payload: 'v' })
    assert.deepEqual((await fetch({ mqk: 1 })).out[0], {
      _msgid: 'trigger',
      mqk: 1,
      topic: 'k',
      payload: 'v',
      mqsize: 0,
    })
    assert.deepEqual((await fetch({ topic: 'old', payload: 'old' })).out[1], {
      _msgid: 'trigger',
      mqsize: 0,
    })
  })

  it('sets properties within properties', async () => {
    const { add, fetch } = await fetching({ keyTo: 'item.key', valueTo: 'msg.item.values[1]' })
    await add({ topic: 'k', payload: 'v' })
    const { out } = await fetch({ item: { other: 1, values: ['u'] } })
    assert.deepEqual(out[0]?.item, { other: 1, key: 'k', values: ['u', 'v'] })
    await add({ topic: 'k', payload: 'v' })
    assert.deepEqual((await fetch()).out[0]?.item, {
      key: 'k',
      values: Object.assign([], { 1: 'v' }),
    })
  })

  it('frees an element of a list without moving the others', async () => {
    const { fetch } = await fetching({ keyTo: 'list[0]', valueTo: 'list[1]' })
    const { out } = await fetch({ list: ['a', 'b', 'c'] })
    assert.deepEqual(out[1]?.list, [undefined, undefined, 'c'])
    const { out: none } = await fetch({ list: 'text' })
    assert.equal(none[1], undefined)
  })

  it('decorates a message that is frozen', async () => {
    const { add, fetch, node, received } = await fetching()
    await add({ topic: 'k', payload: 'v' })
    node('fetch').receive(Object.freeze({ _msgid: 'frozen', own: 1 }) as never)
    const item = () => received.find(({ what, msg }) => what === 0 && msg.own === 1)
    await until(() => item() !== undefined, 'the item')
    const sent = item()
    assert.deepEqual([sent?.msg.mqk, sent?.msg.mqv], ['k', 'v'])
    assert.equal((await fetch()).out[1]?.mqsize, 0)
  })

  describe('fetches nothing where the item has nowhere to go', () => {
    const readOnly = (name: string) =>
      Object.defineProperty({}, name, { value: 1, enumerable: true })
    const cases: [what: string, node: object, msg: object, code: string][] = [
      ['a text in the key', { keyTo: 'payload.key' }, { payload: 'text' }, 'MQ_INVALID_KEY'],
      ['a number in the value', { valueTo: 'a.b.c' }, { a: { b: 5 } }, 'MQ_INVALID_VALUE'],
      ['null in the value', { valueTo: 'a.b' }, { a: null }, 'MQ_INVALID_VALUE'],
      ['the same property twice', { keyTo: 'x', valueTo: 'x' }, {}, 'MQ_INVALID_VALUE'],
      ['one property inside the other', { keyTo: 'x', valueTo: 'x.y' }, {}, 'MQ_INVALID_VALUE'],
      ['an expression that is none', { keyTo: 'a[' }, {}, 'MQ_INVALID_KEY'],
      ['nothing in the key', { keyTo: 'a.b' }, { a: undefined }, 'MQ_INVALID_KEY'],
      ['a frozen object', { valueTo: 'a.b' }, { a: Object.freeze({}) }, 'MQ_INVALID_VALUE'],
      ['a frozen property', { valueTo: 'a.b' }, { a: Object.freeze({ b: 1 }) }, 'MQ_INVALID_VALUE'],
      ['the length of a list', { valueTo: 'a.length' }, { a: [1] }, 'MQ_INVALID_VALUE'],
      ['bytes', { valueTo: 'a[0]' }, { a: Buffer.from('a') }, 'MQ_INVALID_VALUE'],
      ['a read-only property', {}, readOnly('mqv'), 'MQ_INVALID_VALUE'],
      ['a read-only size', {}, readOnly('mqsize'), 'MQ_INVALID_VALUE'],
      ['a prototype', { valueTo: '__proto__.b' }, {}, 'MQ_INVALID_VALUE'],
      ['the place of the size', { valueTo: 'mqsize' }, {}, 'MQ_INVALID_VALUE'],
      ['one property spelled twice', { keyTo: 'a["b"]', valueTo: 'a.b' }, {}, 'MQ_INVALID_VALUE'],
    ]
    for (const [what, node, msg, code] of cases) {
      it(what, async () => {
        const { add, fetch, size } = await fetching(node)
        await add({ topic: 'k', payload: 'v' })
        const { out, error, done } = await fetch(msg)
        assert.equal(error?.code, code)
        assert.deepEqual([out, done], [[undefined, undefined], 1])
        assert.equal(await size(), 1)
      })
    }
  })

  describe('restoring a whole message', () => {
    const queued = { _msgid: 'queued', topic: 't', payload: { n: 1 } }

    it('sends the queued message, filled up from the trigger', async () => {
      const { add, fetch } = await fetching({ restore: true }, { valueType: 'fullmsg' })
      const req = {}
      await add({ ...queued, req })
      const { out, done } = await fetch({ payload: 'mine', own: 1, mqk: 'old', mqv: 'old' })
      assert.deepEqual(out[0], { ...queued, req, own: 1, mqk: 't', mqsize: 0 })
      assert.equal(out[0]?.req, req)
      assert.deepEqual([out[1], done], [undefined, 1])
    })

    it('leaves the key out where the queued message does not take it', async () => {
      const { add, fetch } = await fetching(
        { restore: true, keyTo: 'payload.key' },
        { valueType: 'fullmsg' },
      )
      await add({ _msgid: 'queued', topic: 't', payload: 'text' })
      const { out } = await fetch()
      assert.deepEqual(out[0], { _msgid: 'queued', topic: 't', payload: 'text', mqsize: 0 })
    })

    it('does not, unless it is asked to', async () => {
      const { add, fetch } = await fetching({}, { valueType: 'fullmsg' })
      await add({ ...queued })
      const { out } = await fetch({ own: 1 })
      assert.deepEqual(out[0]?.mqv, queued)
      assert.equal(out[0]?._msgid, 'trigger')
    })

    it('does as always with a value that is not a message', async () => {
      const { add, fetch } = await fetching({ restore: 'true' })
      await add({ topic: 'k', payload: { payload: 1 } })
      const { out } = await fetch({ own: 1 })
      assert.deepEqual(out[0], {
        _msgid: 'trigger',
        own: 1,
        mqk: 'k',
        mqv: { payload: 1 },
        mqsize: 0,
      })
    })
  })
})

describe('mq-fetch of several items', () => {
  afterEach(unload)

  async function withThree(fetch: object) {
    const bench = await fetching(fetch)
    for (const topic of ['a', 'b', 'c']) await bench.add({ topic, payload: `${topic}!` })
    return bench
  }

  it('sends a message for each, as a sequence that a Join node brings together', async () => {
    const { fetch, received } = await withThree({ count: '2', as: 'sequence', valueTo: 'payload' })
    const trigger = { mine: { n: 1 } }
    await fetch(trigger)
    const sent = received.filter(({ what }) => what === 0).map(({ msg }) => msg as never)
    const seen = sent.map(({ mqk, payload, mqsize, mine }) => ({ mqk, payload, mqsize, mine }))
    assert.deepEqual(seen, [
      { mqk: 'a', payload: 'a!', mqsize: 2, mine: { n: 1 } },
      { mqk: 'b', payload: 'b!', mqsize: 1, mine: { n: 1 } },
    ])
    const parts = sent.map(({ parts }) => parts as Record<string, unknown>)
    assert.equal(typeof parts[0]?.id, 'string')
    assert.deepEqual(parts, [
      { id: parts[0]?.id, index: 0, count: 2, type: 'array', len: 1, property: 'payload' },
      { id: parts[0]?.id, index: 1, count: 2, type: 'array', len: 1, property: 'payload' },
    ])
    const ids = sent.map(({ _msgid }) => _msgid)
    assert.equal(new Set(ids).size, 2, 'each has another id')
  })

  it('sends lists, and all that there is where it is asked for all', async () => {
    const { fetch } = await withThree({ count: 'all', as: 'list' })
    const { out } = await fetch()
    const { mqk, mqv, mqsize } = out[0] as Record<string, unknown>
    assert.deepEqual([mqk, mqv, mqsize], [['a', 'b', 'c'], ['a!', 'b!', 'c!'], 0])
    assert.equal((await fetch()).out[1]?.mqsize, 0)
  })

  for (const wrong of [
    { count: 0 },
    { count: 1_001 },
    { count: 'some' },
    { as: 'rows', count: 2 },
    { wait: -1 },
    { lease: 86_401 },
  ]) {
    it(`takes nothing with ${JSON.stringify(wrong)}`, async () => {
      const { fetch, size } = await withThree(wrong)
      const { error, out } = await fetch()
      assert.deepEqual([error?.code, out[0], await size()], ['MQ_INVALID_VALUE', undefined, 3])
    })
  }
})
