import assert from 'node:assert/strict'
import { MemoryEngine, parseDefinitions } from '../../src/index.ts'
import { answerRpc, changes, reads } from '../../src/rpc.ts'
import { defined } from '../conformance/engine.ts'

function engineWith(...queues: string[]): MemoryEngine {
  const engine = new MemoryEngine()
  engine.define(queues.map((name) => defined(name)))
  return engine
}

const call = (method: string, params?: unknown, id: unknown = 1) => ({
  jsonrpc: '2.0',
  method,
  ...(params === undefined ? {} : { params }),
  id,
})

async function ask(engine: MemoryEngine, method: string, params?: unknown) {
  const response = await answerRpc(call(method, params), new Map([['id', engine]]))
  assert.ok(response !== undefined && !Array.isArray(response))
  assert.deepEqual([response.jsonrpc, response.id], ['2.0', 1])
  const { result, error } = response
  return error === undefined ? { result } : { fault: `${error.code} ${error.message}` }
}

describe('answerRpc', () => {
  describe('mqueue.get_size', () => {
    it('returns name and size, 0 for an empty queue', async () => {
      const engine = engineWith('q')
      assert.deepEqual(await ask(engine, 'mqueue.get_size', ['q']), {
        result: { name: 'q', size: 0 },
      })
      engine.add('q', 'k', 'v')
      assert.deepEqual(await ask(engine, 'mqueue.get_size', { name: 'q' }), {
        result: { name: 'q', size: 1 },
      })
    })

    it('takes the first of a list, and the first member of an object, as Kamailio does', async () => {
      const engine = engineWith('q')
      for (const params of [['q', 'other'], { whatever: 'q', name: 'other' }]) {
        assert.deepEqual(await ask(engine, 'mqueue.get_size', params), {
          result: { name: 'q', size: 0 },
        })
      }
    })

    it('answers 400 for no or a bad name, 404 for an unknown queue', async () => {
      const engine = engineWith('q')
      for (const params of [undefined, [], {}, [5], [true], [null], [['q']], 'q', 5]) {
        const answer = await ask(engine, 'mqueue.get_size', params)
        assert.deepEqual(answer, { fault: '400 No queue name' }, JSON.stringify(params))
      }
      assert.deepEqual(await ask(engine, 'mqueue.get_size', ['']), {
        fault: '400 Invalid queue name',
      })
      assert.deepEqual(await ask(engine, 'mqueue.get_size', ['x']), { fault: '404 No such queue' })
    })
  })

  it('mqueue.get_sizes returns all sizes in the order of the definitions, whatever its parameters', async () => {
    const engine = engineWith('z', 'a')
    engine.add('a', 'k', 'v')
    const result = [
      { name: 'z', size: 0 },
      { name: 'a', size: 1 },
    ]
    for (const params of [undefined, [], ['z'], { a: 1 }]) {
      assert.deepEqual(await ask(engine, 'mqueue.get_sizes', params), { result })
    }
    assert.deepEqual(await ask(engineWith(), 'mqueue.get_sizes'), { result: [] })
  })

  it('mqueue.get_sizes is not told when a batch asks for more than an answer can hold', async () => {
    const names = Array.from({ length: 1000 }, (_, i) => `${i}`.padStart(64, 'q'))
    const batch = Array.from({ length: 1000 }, (_, id) => call('mqueue.get_sizes', [], id))
    const engines = new Map([['id', engineWith(...names)]])
    const responses = (await answerRpc(batch, engines)) as { error?: { code: number } }[]
    assert.ok(JSON.stringify(responses).length < 65_000_000)
    const refused = responses.filter(({ error }) => error?.code === 500).length
    assert.ok(refused > 0 && refused < 1000, `${refused} refused`)
  })

  describe('mqueue.fetch', () => {
    it('returns the oldest item, with an empty key or value as well', async () => {
      const engine = engineWith('q')
      engine.add('q', 'k', 'v')
      engine.add('q', '', '')
      assert.deepEqual(await ask(engine, 'mqueue.fetch', ['q']), { result: { key: 'k', val: 'v' } })
      assert.deepEqual(await ask(engine, 'mqueue.fetch', ['q']), { result: { key: '', val: '' } })
      assert.deepEqual(await ask(engine, 'mqueue.fetch', ['q']), { fault: '404 Empty queue' })
    })

    it('answers 500 for no or a bad name and for an unknown queue', async () => {
      const engine = engineWith('q')
      assert.deepEqual(await ask(engine, 'mqueue.fetch'), { fault: '500 No queue name' })
      assert.deepEqual(await ask(engine, 'mqueue.fetch', ['']), { fault: '500 Invalid queue name' })
      assert.deepEqual(await ask(engine, 'mqueue.fetch', ['x']), { fault: '500 No such queue' })
    })

    it('returns a value of any type as JSON, and never fails on it', async () => {
      const engine = engineWith('q')
      const loop: Record<string, unknown> = { name: 'loop' }
      loop.self = loop
      const values: [value: unknown, json: unknown][] = [
        [5, 5],
        [false, false],
        [{ a: [1, null] }, { a: [1, null] }],
        [Buffer.from('ab'), { type: 'Buffer', data: [97, 98] }],
        [new Date(0), '1970-01-01T00:00:00.000Z'],
        [10n, '10'],
        [loop, { name: 'loop', self: '[Circular]' }],
        [() => 1, null],
        [Number.NaN, null],
      ]
      for (const [value] of values) engine.add('q', 'k', value)
      for (const [, val] of values) {
        assert.deepEqual(await ask(engine, 'mqueue.fetch', ['q']), { result: { key: 'k', val } })
      }
    })

    it('returns the content of maps, sets and errors, which JSON would leave empty', async () => {
      const engine = engineWith('q')
      engine.add('q', 'k', { map: new Map([['a', 1]]), set: new Set([2]), error: new Error('e') })
      assert.deepEqual(await ask(engine, 'mqueue.fetch', ['q']), {
        result: {
          key: 'k',
          val: { map: [['a', 1]], set: [2], error: { name: 'Error', message: 'e' } },
        },
      })
    })

    it('leaves the request and the response of a whole message where they are', async () => {
      const engine = engineWith('q')
      engine.add('q', 'k', { _msgid: 'id', payload: { req: 1 }, req: { headers: {} }, res: {} })
      assert.deepEqual(await ask(engine, 'mqueue.fetch', ['q']), {
        result: { key: 'k', val: { _msgid: 'id', payload: { req: 1 } } },
      })
    })

    describe('leaves an item queued that cannot be written as JSON', () => {
      let doubling: object = {}
      for (let i = 0; i < 60; i++) doubling = { a: doubling, b: doubling }
      const cases: [what: string, value: unknown][] = [
        ['a text that is too long', 'x'.repeat(65_000_000)],
        ['a buffer that is too long', Buffer.alloc(160_000_000)],
        ['a list that is too long', new Array(20_000_000).fill(0)],
        ['a list of long numbers', new Array(4_000_000).fill(-0.1234567890123456)],
        ['a text of control characters', '\0'.repeat(11_000_000)],
        ['a text of half characters', '\ud800'.repeat(11_000_000)],
        ['a text of quotes', '"'.repeat(33_000_000)],
        ['texts that are too long together', new Array(20).fill('\\'.repeat(2_000_000))],
        ['a member whose name is too long', { ['\n'.repeat(33_000_000)]: 1 }],
        ['a buffer within an object', { bytes: Buffer.alloc(20_000_000) }],
        ['a value that holds the same object again and again', doubling],
        [
          'a value that does not let itself be read',
          {
            toJSON() {
              throw new Error('no')
            },
          },
        ],
      ]
      for (const [what, value] of cases) {
        it(what, async () => {
          const engine = engineWith('q')
          engine.add('q', 'k', value)
          const { fault } = await ask(engine, 'mqueue.fetch', ['q'])
          assert.match(fault ?? '', /^500 /)
          assert.equal(engine.fetch('q')?.value, value)
        })
      }

      for (const key of ['x'.repeat(90_000_000), '\0'.repeat(11_000_000)]) {
        it(`whose key would be written with ${JSON.stringify(key).length} characters`, async () => {
          const engine = engineWith('q')
          engine.add('q', key, 'v')
          const { fault } = await ask(engine, 'mqueue.fetch', ['q'])
          assert.match(fault ?? '', /^500 .*too long/)
          assert.equal(engine.fetch('q')?.key, key)
        })
      }

      it('of a batch whose answer would be too long', async () => {
        const engine = engineWith('q')
        const text = 'x'.repeat(1_000_000)
        for (let i = 0; i < 100; i++) engine.add('q', `${i}`, text)
        const batch = Array.from({ length: 100 }, (_, id) => call('mqueue.fetch', ['q'], id))
        const responses = (await answerRpc(batch, new Map([['id', engine]]))) as {
          error?: { code: number }
        }[]
        const refused = responses.filter(({ error }) => error?.code === 500).length
        assert.ok(refused > 0 && refused < 100)
        assert.equal(engine.size('q'), refused)
      })
    })

    it('takes nothing when nobody waits for the answer', async () => {
      const engine = engineWith('q')
      engine.add('q', 'k', 'v')
      await answerRpc(call('mqueue.fetch', ['q']), new Map([['id', engine]]), AbortSignal.abort())
      assert.equal(engine.size('q'), 1)
    })

    it('takes nothing for a notification', async () => {
      const engine = engineWith('q')
      engine.add('q', 'k', 'v')
      const notification = { jsonrpc: '2.0', method: 'mqueue.fetch', params: ['q'] }
      const engines = new Map([['id', engine]])
      assert.equal(await answerRpc(notification, engines), undefined)
      assert.equal(await answerRpc([notification, notification], engines), undefined)
      assert.equal(engine.size('q'), 1)
    })
  })

  describe('mqueue.add', () => {
    const full = () => {
      const engine = new MemoryEngine()
      const inputs = [
        { name: 'q', size: 1 },
        { name: 'one', addmode: 1 },
        { name: 'full', size: 1, whenFull: 'refuse' },
      ]
      engine.define(parseDefinitions(inputs).definitions)
      return engine
    }

    it('adds an item, told by place or by name, and says what did not stay', async () => {
      const engine = full()
      const added = await ask(engine, 'mqueue.add', ['q', 'a', { n: 1 }])
      assert.deepEqual(added, { result: { size: 1 } })
      const named = await ask(engine, 'mqueue.add', { name: 'q', key: 7, value: 'v' })
      const dropped = { key: 'a', val: { n: 1 }, reason: 'overflow' }
      assert.deepEqual(named, { result: { size: 1, dropped } })
      assert.deepEqual(engine.fetch('q'), { key: '7', value: 'v', size: 0 })
      const notification = { jsonrpc: '2.0', method: 'mqueue.add', params: ['q', '', 0] }
      assert.equal(await answerRpc(notification, new Map([['id', engine]])), undefined)
      assert.equal(engine.size('q'), 1)
    })

    it('answers 400 for what cannot be added, 404 for no such queue, 409 for a full one', async () => {
      const engine = full()
      assert.match((await ask(engine, 'mqueue.add', ['q', 'a'])).fault ?? '', /^400 .* no value/)
      assert.match((await ask(engine, 'mqueue.add', ['q', {}, 1])).fault ?? '', /^400 A key is/)
      assert.match(
        (await ask(engine, 'mqueue.add', ['one', null, 1])).fault ?? '',
        /^400 .* no key/,
      )
      assert.deepEqual(await ask(engine, 'mqueue.add', []), { fault: '400 No queue name' })
      assert.deepEqual(await ask(engine, 'mqueue.add', ['x', 'a', 1]), {
        fault: '404 No such queue',
      })
      await ask(engine, 'mqueue.add', ['full', 'a', 1])
      assert.deepEqual(await ask(engine, 'mqueue.add', ['full', 'b', 2]), {
        fault: '409 Queue full',
      })
      assert.equal(engine.size('full'), 1)
    })
  })

  describe('mqueue.stats', () => {
    it('tells what a queue has and has done, or all of them', async () => {
      const engine = engineWith('q', 'r')
      for (let i = 0; i < 3; i++) engine.add('q', `${i}`, i)
      await ask(engine, 'mqueue.fetch', ['q'])
      engine.take('q', { lease: 1_000 })
      const { result } = await ask(engine, 'mqueue.stats', ['q'])
      const { oldest, ...counts } = result as { oldest: number }
      assert.ok(oldest >= 0)
      const none = { waiting: 0, paused: false, fetched: 1, dropped: {} }
      const expected = { name: 'q', size: 1, leased: 1, added: 3, acknowledged: 0, ...none }
      assert.deepEqual(counts, expected)
      for (const params of [undefined, [], {}]) {
        const all = (await ask(engine, 'mqueue.stats', params)).result as { name: string }[]
        assert.deepEqual(
          all.map(({ name }) => name),
          ['q', 'r'],
        )
      }
      assert.deepEqual(await ask(engine, 'mqueue.stats', ['x']), { fault: '404 No such queue' })
    })
  })

  describe('an item whose answer is not sent', () => {
    it('comes back, and one whose answer is sent is gone', async () => {
      for (const [isSent, left] of [
        [false, 'ab'],
        [true, ''],
      ] as const) {
        const engine = engineWith('q')
        for (const key of 'ab') engine.add('q', key, 1)
        const body = [call('mqueue.fetch', ['q'], 1), call('mqueue.fetch', ['q'], 2)]
        let conclude: ((isSent: boolean) => Promise<void>) | undefined
        const engines = new Map([['id', engine]])
        await answerRpc(body, engines, undefined, (one) => {
          conclude = one
        })
        assert.equal(engine.size('q'), 0)
        await conclude?.(isSent)
        const seen = await engine.peek('q', 9)
        assert.equal(seen.map(({ key }) => key).join(''), left)
        assert.equal(engine.leased('q'), 0)
      }
    })

    it('is fetched whatever is paused, in flight or has no attempt left', async () => {
      const engine = new MemoryEngine()
      engine.define(parseDefinitions([{ name: 'q', attempts: 1, maxInFlight: 1 }]).definitions)
      for (const key of 'abc') engine.add('q', key, key)
      const [a] = await engine.take('q', { lease: 1_000 })
      await engine.retry('q', [a?.lease as string], 0)
      engine.take('q', { lease: 1_000 })
      engine.pause('q')
      assert.deepEqual(await ask(engine, 'mqueue.fetch', ['q']), { result: { key: 'c', val: 'c' } })
    })
  })

  describe('with several config nodes', () => {
    it('lists the queues of the good ones where one is bad', async () => {
      const bad = new MemoryEngine()
      const { definitions, errors } = parseDefinitions('no list')
      bad.define(definitions, errors)
      const engines = new Map([
        ['bad', bad],
        ['good', engineWith('q')],
      ])
      const { result } = (await answerRpc(call('mqueue.get_sizes'), engines)) as { result: unknown }
      assert.deepEqual(result, [{ name: 'q', size: 0 }])
      assert.match((await ask(bad, 'mqueue.get_sizes')).fault ?? '', /^500 .*must be a list/)
    })

    const both = () => [engineWith('a', 'shared'), engineWith('shared', 'b')] as const

    it('finds a queue that only one of them defines, and lists those of all', async () => {
      const [one, two] = both()
      two.add('b', 'k', 'v')
      const engines = new Map([
        ['one', one],
        ['two', two],
      ])
      assert.deepEqual(await answerRpc(call('mqueue.get_size', ['b']), engines), {
        jsonrpc: '2.0',
        id: 1,
        result: { name: 'b', size: 1 },
      })
      const sizes = (await answerRpc(call('mqueue.get_sizes'), engines)) as {
        result: { name: string }[]
      }
      assert.deepEqual(
        sizes.result.map(({ name }) => name),
        ['a', 'shared', 'shared', 'b'],
      )
    })

    it('answers 400 and the candidates for a queue of several, and takes nothing', async () => {
      const [one, two] = both()
      one.add('shared', 'k', 'v')
      const engines = new Map([
        ['one', one],
        ['two', two],
      ])
      for (const method of ['mqueue.get_size', 'mqueue.fetch']) {
        const { error } = (await answerRpc(call(method, ['shared']), engines)) as {
          error: { code: number; message: string }
        }
        assert.equal(error.code, 400)
        assert.match(error.message, /one, two/)
      }
      assert.equal(one.size('shared'), 1)
    })
  })

  it('counts a queue with a bad definition, or of a closed engine, as unknown', async () => {
    const engine = engineWith('q')
    engine.close()
    assert.deepEqual(await ask(engine, 'mqueue.get_size', ['q']), { fault: '404 No such queue' })
  })

  it('tells what else an engine has to say', async () => {
    const engine = engineWith('q')
    engine.close()
    assert.deepEqual(await ask(engine, 'mqueue.get_sizes'), { fault: '500 The queues are closed.' })
  })

  describe('as JSON-RPC 2.0 has it', () => {
    const engines = new Map([['id', engineWith('q')]])
    const codeOf = (response: unknown) => (response as { error: { code: number } }).error.code

    it('refuses what is not a request', async () => {
      for (const body of [
        {},
        5,
        'x',
        null,
        true,
        [],
        { jsonrpc: '1.0', method: 'mqueue.get_sizes', id: 1 },
        { method: 'mqueue.get_sizes', id: 1 },
        { jsonrpc: '2.0', method: 5, id: 1 },
        { jsonrpc: '2.0', id: 1 },
        { jsonrpc: '2.0', method: 'mqueue.get_sizes', id: {} },
      ]) {
        assert.equal(codeOf(await answerRpc(body, engines)), -32600, JSON.stringify(body))
      }
    })

    it('does not know other methods, those of every object included', async () => {
      for (const method of ['mqueue.put', '', 'toString', '__proto__', 'rpc.discover']) {
        assert.equal(codeOf(await answerRpc(call(method), engines)), -32601, method)
      }
    })

    it('echoes ids of every kind', async () => {
      for (const id of [1, 0, -1.5, 'a', '', null]) {
        const response = await answerRpc(call('mqueue.get_sizes', undefined, id), engines)
        assert.equal((response as { id: unknown }).id, id)
      }
    })

    it('answers a batch with a list, without notifications, even of one', async () => {
      const size = call('mqueue.get_size', ['q'], 'a')
      const notification = { jsonrpc: '2.0', method: 'mqueue.get_sizes' }
      const result = { name: 'q', size: 0 }
      const response = { jsonrpc: '2.0', id: 'a', result }
      assert.deepEqual(await answerRpc([size], engines), [response])
      const mixed = (await answerRpc([notification, 1, size], engines)) as unknown[]
      assert.equal(mixed.length, 2)
      assert.equal(codeOf(mixed[0]), -32600)
      assert.deepEqual(mixed[1], response)
    })

    it('takes a batch in order, and at most 1,000 calls', async () => {
      const engine = engineWith('q')
      for (let i = 0; i < 1000; i++) engine.add('q', `${i}`, i)
      const fetches = Array.from({ length: 1000 }, (_, i) => call('mqueue.fetch', ['q'], i))
      const own = new Map([['id', engine]])
      assert.equal(codeOf(await answerRpc([...fetches, fetches[0]], own)), -32600)
      assert.equal(engine.size('q'), 1000)
      const responses = (await answerRpc(fetches, own)) as { result: { val: number } }[]
      assert.deepEqual(
        responses.map(({ result }) => result.val),
        Array.from({ length: 1000 }, (_, i) => i),
      )
    })
  })

  it('knows which requests change a queue and which read', () => {
    const fetch = call('mqueue.fetch', ['q'])
    const size = call('mqueue.get_size', ['q'])
    assert.deepEqual([changes(fetch), reads(fetch)], [true, false])
    assert.deepEqual([changes(size), reads(size)], [false, true])
    assert.deepEqual([changes([size, fetch]), reads([size, fetch])], [true, true])
    for (const body of [[], {}, null, 5, [1]]) {
      assert.deepEqual([changes(body), reads(body)], [false, true])
    }
  })
})
