import assert from 'node:assert/strict'
import { PassThrough } from 'node:stream'
import { inspect } from 'node:util'
import { createContext, runInContext, runInNewContext } from 'node:vm'
import { load, unload } from '../support/bench.ts'
import { config } from '../support/flows.ts'
import type { FlowNode } from '../support/node-red.ts'

const FETCH = { id: 'fetch', type: 'mq-fetch', queue: 'q' }

async function adding(add: object, queue: object = {}, more: FlowNode[] = []) {
  const bench = await load([
    config([{ name: 'q', size: 0, addmode: 0, ...queue }]),
    { id: 'add', type: 'mq-add', queue: 'q', ...add },
    FETCH,
    ...more,
  ])
  return {
    ...bench,
    add: (msg: object) => bench.run('add', msg),
    /** Takes the oldest item: its key and value, or undefined. */
    async fetch() {
      const [msg] = (await bench.run('fetch', {})).out
      return msg === undefined ? undefined : { key: msg.mqk, value: msg.mqv, size: msg.mqsize }
    },
  }
}

describe('mq-add', () => {
  afterEach(unload)

  it('queues topic and payload, and passes the message on with the size', async () => {
    const { add, fetch } = await adding({})
    const { out, done } = await add({ topic: 'k', payload: 'v', other: 1 })
    const { _msgid, ...msg } = out[0] ?? {}
    assert.deepEqual(msg, { topic: 'k', payload: 'v', other: 1, mqsize: 1 })
    assert.equal(out[1], undefined)
    assert.equal(done, 1)
    assert.equal((await add({ topic: 'l', payload: 'w' })).out[0]?.mqsize, 2)
    assert.deepEqual(await fetch(), { key: 'k', value: 'v', size: 1 })
    assert.deepEqual(await fetch(), { key: 'l', value: 'w', size: 0 })
  })

  describe('takes the key', () => {
    const cases: [what: string, add: object, msg: object, key: string][] = [
      ['of a number', {}, { topic: 5.5 }, '5.5'],
      ['of a boolean', {}, { topic: false }, 'false'],
      ['of an empty text', {}, { topic: '' }, ''],
      ['of __proto__', {}, { topic: '__proto__' }, '__proto__'],
      ['of nothing', {}, {}, ''],
      ['of null', {}, { topic: null }, ''],
      ['from a property within a property', { key: 'a.b[0]' }, { a: { b: ['k'] } }, 'k'],
      ['from a property that has no parent', { key: 'a.b' }, {}, ''],
      ['from a property whose parent is null', { key: 'a.b.c' }, { a: { b: null } }, ''],
      ['from a property of a text', { key: 'a.length' }, { a: 'four' }, '4'],
      ['from a property that another names', { key: 'a[msg.b]' }, { a: { c: 'k' }, b: 'c' }, 'k'],
      ['from one that another names, without a parent', { key: 'a.d[msg.b]' }, { b: 'c' }, ''],
      ['from a property written with msg.', { key: 'msg.topic' }, { topic: 'k' }, 'k'],
      ['from a text', { key: 'fixed', keyType: 'str' }, {}, 'fixed'],
      ['from an empty text', { key: '', keyType: 'str' }, {}, ''],
      ['from a number', { key: '7', keyType: 'num' }, {}, '7'],
      ['from a boolean', { key: 'true', keyType: 'bool' }, {}, 'true'],
      ['from JSON', { key: '"j"', keyType: 'json' }, {}, 'j'],
      ['from JSONata', { key: 'topic & "!"', keyType: 'jsonata' }, { topic: 'k' }, 'k!'],
      ['from an environment variable', { key: 'MQ_TEST_KEY', keyType: 'env' }, {}, 'from env'],
    ]
    before(() => {
      process.env.MQ_TEST_KEY = 'from env'
    })
    for (const [what, node, msg, key] of cases) {
      it(what, async () => {
        const { add, fetch } = await adding(node)
        assert.equal((await add({ payload: 1, ...msg })).done, 1)
        assert.equal((await fetch())?.key, key)
      })
    }

    it('from flow and global context', async () => {
      for (const keyType of ['flow', 'global'] as const) {
        const { add, fetch, node } = await adding({ key: 'place', keyType })
        node('add').context()[keyType].set('place', `in ${keyType}`)
        await add({ payload: 1 })
        assert.equal((await fetch())?.key, `in ${keyType}`)
        await unload()
      }
    })

    it('from the time', async () => {
      const { add, fetch } = await adding({ key: '', keyType: 'date' })
      await add({ payload: 1 })
      assert.ok(Math.abs(Number((await fetch())?.key) - Date.now()) < 60_000)
    })
  })

  describe('refuses a key', () => {
    const cases: [what: string, add: object, msg: object, queue?: object][] = [
      ['that is an object', {}, { topic: {} }],
      ['that is a list', {}, { topic: ['k'] }],
      ['that is a buffer', {}, { topic: Buffer.from('k') }],
      ['that is a function', {}, { topic: () => 'k' }],
      ['that is a symbol', {}, { topic: Symbol('k') }],
      ['that is missing under addmode 1', {}, {}, { addmode: 1 }],
      ['that is null under addmode 2', {}, { topic: null }, { addmode: 2 }],
      ['from JSON that is none', { key: '{', keyType: 'json' }, {}],
      ['from JSONata that is none', { key: '(((', keyType: 'jsonata' }, {}],
      ['from JSONata that fails', { key: '$error("no")', keyType: 'jsonata' }, {}],
      ['from a type that does not exist', { key: 'k', keyType: 'magic' }, {}],
      ['from an expression that is none', { key: 'a[', keyType: 'msg' }, {}],
      ['that is a promise', {}, { topic: Promise.resolve('k') }],
      ['from binary data', { key: '[1,2]', keyType: 'bin' }, {}],
    ]
    for (const [what, node, msg, queue] of cases) {
      it(what, async () => {
        const { add, fetch } = await adding(node, queue)
        const { out, error, done } = await add({ payload: 1, ...msg })
        assert.equal(error?.code, 'MQ_INVALID_KEY')
        assert.deepEqual([out, done], [[undefined, undefined], 1])
        assert.equal(await fetch(), undefined)
      })
    }
  })

  describe('keeps the type of a value', () => {
    class Car {
      wheels = 4
    }
    const values: [what: string, value: unknown][] = [
      ['an empty text', ''],
      ['zero', 0],
      ['false', false],
      ['a big integer', 10n ** 30n],
      ['an object', { a: { b: [1, { c: 2 }] } }],
      ['a list', [1, 'two', { three: 3 }]],
      ['a buffer', Buffer.from('bytes')],
      ['a date', new Date(0)],
      ['a map', new Map([['k', { v: 1 }]])],
      ['a set', new Set([1])],
      ['a typed array', new Float64Array([1.5])],
      ['a regular expression', /x/g],
      ['an object of a class', new Car()],
      ['an object without a prototype', Object.assign(Object.create(null), { a: 1 })],
      ['an object of another realm', runInNewContext('({ a: { b: 1 } })')],
      ['an object with its own __proto__', JSON.parse('{"__proto__":{"x":1}}')],
    ]
    for (const [what, value] of values) {
      it(`that is ${what}`, async () => {
        const { add, fetch } = await adding({})
        await add({ payload: value })
        assert.deepEqual((await fetch())?.value, value)
      })
    }

    it('that cannot be copied: an error, a function, a stream, a URL', async () => {
      const { add, fetch } = await adding({})
      const values = [new Error('e'), () => 1, new PassThrough(), new URL('http://127.0.0.1')]
      for (const value of values) {
        await add({ payload: value })
        assert.equal((await fetch())?.value, value)
      }
    })

    it('that holds itself', async () => {
      const { add, fetch } = await adding({})
      const value: Record<string, unknown> = { name: 'loop' }
      value.self = value
      await add({ payload: value })
      const copy = (await fetch())?.value as typeof value
      assert.equal(copy.self, copy)
      assert.notEqual(copy, value)
    })

    it('that is a text of 50 MB', async () => {
      const { add, fetch } = await adding({})
      const text = 'x'.repeat(50_000_000)
      await add({ payload: text })
      assert.equal((await fetch())?.value, text)
    })
  })

  describe('takes the value', () => {
    const cases: [what: string, add: object, value: unknown][] = [
      ['from a text', { value: 'x', valueType: 'str' }, 'x'],
      ['from a number', { value: '1.5', valueType: 'num' }, 1.5],
      ['from a boolean', { value: 'false', valueType: 'bool' }, false],
      ['from JSON', { value: '{"a":[1]}', valueType: 'json' }, { a: [1] }],
      ['from binary data', { value: '[1,2]', valueType: 'bin' }, Buffer.from([1, 2])],
      ['from JSONata', { value: '{"sum": n + 1}', valueType: 'jsonata' }, { sum: 3 }],
      ['from a property', { value: 'n', valueType: 'msg' }, 2],
    ]
    for (const [what, node, value] of cases) {
      it(what, async () => {
        const { add, fetch } = await adding(node)
        await add({ n: 2 })
        assert.deepEqual((await fetch())?.value, value)
      })
    }

    it('that is the whole message, as it came', async () => {
      const { add, fetch } = await adding({ valueType: 'fullmsg', value: '' })
      const req = { socket: {} }
      const res = { _res: {} }
      await add({ _msgid: 'id', topic: 'k', payload: { a: 1 }, req, res })
      const value = (await fetch())?.value as Record<string, unknown>
      assert.deepEqual(value, { _msgid: 'id', topic: 'k', payload: { a: 1 }, req, res })
      assert.equal(value.req, req)
      assert.equal(value.res, res)
    })

    it('that is msg.res itself, which is shared, as Node-RED does', async () => {
      const { add, fetch } = await adding({ value: 'res' })
      const res = { _res: { socket: {} } }
      await add({ res })
      assert.equal((await fetch())?.value, res)
    })
  })

  describe('refuses a value', () => {
    const cases: [what: string, add: object, msg: object][] = [
      ['that is missing', {}, {}],
      ['that is null', {}, { payload: null }],
      ['that is missing within a property', { value: 'a.b' }, { a: 1 }],
      ['that is a promise, which may never settle', {}, { payload: new Promise(() => {}) }],
      ['from JSONata that fails', { value: '$error("reason")', valueType: 'jsonata' }, {}],
      ['from JSON that is none', { value: '{', valueType: 'json' }, {}],
      ['from binary data that is none', { value: '{}', valueType: 'bin' }, {}],
      ['from a type that does not exist', { value: 'x', valueType: 'magic' }, {}],
    ]
    for (const [what, node, msg] of cases) {
      it(what, async () => {
        const { add, fetch } = await adding(node)
        const { out, error, done } = await add(msg)
        assert.equal(error?.code, 'MQ_INVALID_VALUE')
        assert.deepEqual([out, done], [[undefined, undefined], 1])
        assert.equal(await fetch(), undefined)
      })
    }
  })

  describe('reports a message that Node-RED cannot copy, without what cannot be copied:', () => {
    const nested = (levels: number) => {
      let deep: object = {}
      for (let i = 1; i < levels; i++) deep = { deep }
      return deep
    }
    const cases: [what: string, payload: unknown, add?: object, code?: string][] = [
      ...[2000, 3000, 5000, 10_000, 100_000].map(
        (levels) => [`a value ${levels} levels deep`, nested(levels)] as [string, unknown],
      ),
      ['one that has nothing to do with it', nested(10_000), { value: 'none' }],
      ['one for no queue', nested(10_000), { queue: 'x', value: 'topic' }, 'MQ_UNKNOWN_QUEUE'],
      ['a list', [[nested(10_000)]]],
      ['a map', new Map([[1, nested(10_000)]])],
      ['one that looks like a map', { a: { [Symbol.toStringTag]: 'Map' } }, { value: 'none' }],
    ]
    for (const [what, payload, node, code = 'MQ_INVALID_VALUE'] of cases) {
      it(what, async () => {
        const { add, fetch, received } = await adding(node ?? {})
        const [req, res] = [{ of: 'http in' }, { to: 'http response' }]
        const { error, done, out } = await add({ topic: 'k', payload, more: { a: [1] }, req, res })
        assert.equal(error?.code, code)
        assert.deepEqual([out, done], [[undefined, undefined], 1])
        const caught = received.find((one) => one.what === 'error')?.msg
        assert.deepEqual([caught?.topic, caught?.more], ['k', { a: [1] }])
        assert.deepEqual([caught?.req, caught?.res], [req, res])
        if (caught?.payload !== undefined && typeof caught.payload === 'string') {
          assert.match(caught.payload, /^\(left out, since Node-RED cannot copy it: /)
        }
        await add({ payload: { a: { b: 1 } }, none: 1 })
        assert.equal((await fetch()) !== undefined, code === 'MQ_INVALID_VALUE')
      })
    }

    it('goes on after a message that does not even say what it has', async () => {
      const { add, fetch, node } = await adding({})
      const ownKeys = () => {
        throw new Error('closed')
      }
      node('add').receive(new Proxy({ _msgid: 'id', payload: nested(10_000) }, { ownKeys }))
      assert.equal(await fetch(), undefined)
      assert.equal((await add({ payload: 1 })).done, 1)
    })

    it('one that does not let itself be read, or that is frozen', async () => {
      const { add } = await adding({})
      const unreadable = {
        topic: 'k',
        get payload() {
          throw new Error('the reason')
        },
      }
      assert.match((await add(unreadable)).error?.message ?? '', /the reason/)
      const frozen = Object.freeze({ _msgid: 'id', topic: 'k', payload: nested(10_000) })
      assert.equal((await add(frozen)).error?.code, 'MQ_INVALID_VALUE')
    })
  })

  describe('queues a copy', () => {
    for (const [what, make] of [
      ['a flat object', () => ({ n: 1 })],
      ['a nested object', () => ({ n: 1, in: { n: 1 } })],
      ['a list', () => [1, { n: 1 }]],
      ['a buffer', () => Buffer.from('abc')],
      ['a list inside of a map', () => new Map([['k', [1]]])],
    ] as const) {
      it(`of ${what}`, async () => {
        const { add, fetch } = await adding({})
        const payload = make()
        const { out } = await add({ payload })
        for (const value of [payload, out[0]?.payload]) {
          if (value instanceof Map) value.get('k').push(2)
          else if (Buffer.isBuffer(value)) value[0] = 0
          else Object.assign(value as object, { n: 2, 0: 2, in: 2 })
        }
        assert.deepEqual((await fetch())?.value, make())
      })
    }

    describe('of what another realm made, as a Function node does:', () => {
      // What is made, what is done to it once it is queued, and what must come out all the same.
      const cases: [what: string, make: string, change: string][] = [
        ['a flat object', '({ n: 1 })', 'it.n = 2'],
        ['a nested object', '({ a: { n: 1 } })', 'it.a.n = 2'],
        ['a list', '[{ n: 1 }]', 'it[0].n = 2'],
        ['a map', 'new Map([["k", { n: 1 }]])', 'it.get("k").n = 2'],
        ['a set', 'new Set([1])', 'it.add(2)'],
        ['a date', 'new Date(0)', 'it.setTime(1)'],
        ['bytes', 'new Uint8Array([1])', 'it[0] = 2'],
        ['a buffer of bytes', 'new Uint8Array([1]).buffer', 'new Uint8Array(it)[0] = 2'],
        ['a view of bytes', 'new DataView(new ArrayBuffer(1))', 'it.setInt8(0, 2)'],
        ['a regular expression', '/x/g', 'it.compile("y")'],
        ['an object of a class', 'new (class Car { a = { n: 1 } })()', 'it.a.n = 2'],
        ['an object without a prototype', '({ __proto__: null, a: { n: 1 } })', 'it.a.n = 2'],
        ['one with a __proto__', 'JSON.parse(\'{"a":{"__proto__":{"n":1}}}\')', 'it.a.b = 2'],
      ]
      for (const [what, make, change] of cases) {
        it(what, async () => {
          const { add, fetch } = await adding({ value: 'payload.it' })
          const realm = createContext()
          const made = runInContext(`it = ${make}`, realm)
          await add({ payload: { it: made } })
          const prototype = Object.getPrototypeOf(made)
          runInContext(change, realm)
          const value = (await fetch())?.value as object
          assert.equal(inspect(value), inspect(runInContext(make, createContext())))
          assert.notEqual(inspect(value), inspect(made))
          if (what !== 'a flat object') assert.equal(Object.getPrototypeOf(value), prototype)
        })
      }
    })

    it('of a whole message, without what this node adds', async () => {
      const { add, fetch } = await adding({ valueType: 'fullmsg' })
      const { out } = await add({ _msgid: 'id', payload: { n: 1 } })
      Object.assign(out[0]?.payload as object, { n: 2 })
      assert.deepEqual((await fetch())?.value, { _msgid: 'id', payload: { n: 1 } })
    })
  })

  describe('tells of dropped items on the second output', () => {
    const dropped = (msg: object | undefined) => {
      const { _msgid, ...rest } = (msg ?? {}) as Record<string, unknown>
      return rest
    }

    it('overflow: the oldest item', async () => {
      const { add } = await adding({ dropped: true }, { size: 1 })
      assert.equal((await add({ topic: 'a', payload: { n: 1 } })).out[1], undefined)
      const { out, done } = await add({ topic: 'b', payload: 2 })
      assert.equal(out[0]?.mqsize, 1)
      assert.deepEqual(dropped(out[1]), {
        mqk: 'a',
        mqv: { n: 1 },
        mqreason: 'overflow',
        mqueue: 'q',
      })
      assert.equal(done, 1)
    })

    it('replaced: the older item of a key', async () => {
      const { add } = await adding({ dropped: true }, { addmode: 2 })
      await add({ topic: 'a', payload: 1 })
      const { out } = await add({ topic: 'a', payload: 2 })
      assert.deepEqual(dropped(out[1]), { mqk: 'a', mqv: 1, mqreason: 'replaced', mqueue: 'q' })
    })

    it('duplicate: the new item, as a copy', async () => {
      const { add, fetch } = await adding({ dropped: 'true' }, { addmode: 1 })
      await add({ topic: 'a', payload: 1 })
      const { out } = await add({ topic: 'a', payload: { n: 2 } })
      assert.deepEqual(dropped(out[1]), {
        mqk: 'a',
        mqv: { n: 2 },
        mqreason: 'duplicate',
        mqueue: 'q',
      })
      assert.notEqual(out[1]?.mqv, out[0]?.payload)
      assert.equal((await fetch())?.value, 1)
    })

    it('or not, when that output is off', async () => {
      const { add } = await adding({ dropped: false }, { size: 1 })
      await add({ payload: 1 })
      assert.equal((await add({ payload: 2 })).out[1], undefined)
    })
  })

  it('says once for each queue that items with an empty key are one item under addmode 1 and 2', async () => {
    const { run, node } = await load([
      config([
        { name: 'all' },
        { name: 'oldest', addmode: 1 },
        { name: 'newest', addmode: 2 },
        { name: 'small', addmode: 2, size: 1 },
      ]),
      { id: 'add', type: 'mq-add', queue: 'queue', queueType: 'msg' },
    ])
    const warned: string[] = []
    const add = node('add')
    add.warn = (text: string) => warned.push(text)
    for (let time = 0; time < 3; time++) {
      for (const queue of ['all', 'oldest', 'newest'])
        await run('add', { queue, topic: '', payload: 1 })
      for (const topic of ['', 'a']) await run('add', { queue: 'small', topic, payload: 1 })
    }
    const one = 'all items with an empty key are one item, and'
    const advice =
      'An Inject node has the empty topic, unless you set one. Choose another key in this node, or set msg.topic before it.'
    assert.deepEqual(warned, [
      `Queue "oldest": ${one} only the first one is kept (addmode 1). ${advice}`,
      `Queue "newest": ${one} the newest replaces the one that waits (addmode 2). ${advice}`,
    ])
  })

  it('answers once when both the key and the value fail, one of them later', async () => {
    const { add } = await adding({
      key: '$uppercase(topic)',
      keyType: 'jsonata',
      value: 'payload[msg.index]',
    })
    const { error, done } = await add({ topic: 5, payload: ['v'] })
    assert.match(error?.code ?? '', /^MQ_INVALID_(KEY|VALUE)$/)
    assert.equal(done, 1)
  })

  it('says why an expression failed', async () => {
    const { add } = await adding({ key: '$error("the reason")', keyType: 'jsonata' })
    assert.match((await add({ payload: 1 })).error?.message ?? '', /the reason/)
  })

  it('sends a dropped message as it was queued, live objects included', async () => {
    const { add } = await adding({ valueType: 'fullmsg', dropped: true }, { size: 1 })
    const res = { _res: new PassThrough() }
    await add({ _msgid: 'first', res })
    const { out } = await add({ _msgid: 'second' })
    const { mqv, mqreason } = out[1] ?? {}
    assert.equal(mqreason, 'overflow')
    assert.equal((mqv as { res: unknown }).res, res)
  })

  it('keeps the order of messages, however long their keys take to find', async () => {
    const slowFirst = '$number(topic) < 3 ? $reduce([1..500], function($a, $b){$a + $b}) : topic'
    const { node, fetch, received } = await adding({ key: slowFirst, keyType: 'jsonata' })
    for (let n = 1; n <= 6; n++) node('add').receive({ topic: String(n), payload: n })
    const { until } = await import('../support/node-red.ts')
    await until(
      () => received.filter(({ what }) => what === 'complete').length === 6,
      'all to be done',
    )
    for (let n = 1; n <= 6; n++) assert.equal((await fetch())?.value, n)
  })

  it('goes on in order after a message whose key fails', async () => {
    const failsOnce = 'topic = "1" ? $error("no") : topic'
    const { node, fetch, received } = await adding({ key: failsOnce, keyType: 'jsonata' })
    for (let n = 1; n <= 3; n++) node('add').receive({ topic: String(n), payload: n })
    const { until } = await import('../support/node-red.ts')
    const ends = () => received.filter(({ what }) => what === 'complete' || what === 'error').length
    await until(() => ends() === 3, 'all to be done')
    assert.deepEqual((await fetch())?.value, 2)
    assert.deepEqual((await fetch())?.value, 3)
  })
})

describe('mq-add to a full queue that refuses', () => {
  afterEach(unload)

  async function full(add: object) {
    const bench = await load([
      config([{ name: 'q', size: 1, whenFull: 'refuse' }]),
      { id: 'add', type: 'mq-add', queue: 'q', ...add },
      { id: 'fetch', type: 'mq-fetch', queue: 'q' },
    ])
    await bench.run('add', { topic: 'old', payload: 1 })
    const { out, error, done } = await bench.run('add', { topic: 'new', payload: 2 })
    assert.equal(done, 1)
    assert.equal((await bench.run('fetch', {})).out[0]?.mqk, 'old')
    return { out, error }
  }

  it('sends what was refused on its second output, and nothing on the first', async () => {
    const { out, error } = await full({ dropped: true })
    const { mqk, mqv, mqreason, mqueue } = out[1] as Record<string, unknown>
    assert.deepEqual([mqk, mqv, mqreason, mqueue], ['new', 2, 'full', 'q'])
    assert.deepEqual([out[0], error], [undefined, undefined])
  })

  it('fails with MQ_FULL where it has no second output', async () => {
    const { out, error } = await full({})
    assert.equal(error?.code, 'MQ_FULL')
    assert.match(error.message, /"q" is full/)
    assert.deepEqual(out, [undefined, undefined])
  })
})
