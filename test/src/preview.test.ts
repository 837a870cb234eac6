/** Whatever is queued, as text for people. */
import assert from 'node:assert/strict'
import { runInNewContext } from 'node:vm'
import fc from 'fast-check'
import { cut, preview } from '../../src/preview.ts'
import { processorTime } from '../support/processor-time.ts'

const shown = (value: unknown, length = 200) => {
  const { text, kind, isCut } = preview(value, length)
  return [kind, text, isCut]
}

describe('a preview', () => {
  it('says what a value is, and what it holds', () => {
    for (const [value, kind, text] of [
      ['a "text"\nof two lines', 'text', 'a "text"\nof two lines'],
      ['', 'text', ''],
      [new String('boxed'), 'text', 'boxed'],
      [12.5, 'number', '12.5'],
      [Number.NaN, 'number', 'NaN'],
      [-0, 'number', '-0'],
      [2n ** 64n, 'number', '18446744073709551616'],
      [true, 'boolean', 'true'],
      [null, 'null', 'null'],
      [undefined, 'undefined', 'undefined'],
      [[1, 'two', [3n, null]], 'list', '[1,"two",[3,null]]'],
      [[undefined, Number.NaN], 'list', '[undefined,NaN]'],
      [new Array(2), 'list', '[undefined,undefined]'],
      [{ a: { b: ['"'] } }, 'object', '{"a":{"b":["\\""]}}'],
      [Object.create(null), 'object', '{}'],
      [new Map([['a', { b: 1 }]]), 'map', '[["a",{"b":1}]]'],
      [new Set([1, 'x']), 'set', '[1,"x"]'],
      [new Date(0), 'date', '1970-01-01T00:00:00.000Z'],
      [new Date(Number.NaN), 'date', 'Invalid Date'],
      [{ at: new Date(0) }, 'object', '{"at":"1970-01-01T00:00:00.000Z"}'],
      [new RangeError('too far'), 'error', 'RangeError: too far'],
      [{ error: new Error('"no"') }, 'object', '{"error":"Error: \\"no\\""}'],
      [/a+/g, 'object', '/a+/g'],
      [() => 1, 'function', '[Function]'],
      [Symbol('s'), 'symbol', 'Symbol(s)'],
      [{ toJSON: () => ({ told: 1 }) }, 'object', '{"told":1}'],
      [{ toJSON: () => 'told' }, 'object', '"told"'],
    ] as const) {
      assert.deepEqual(shown(value), [kind, text, false])
    }
  })

  it('shows what is binary in base 16', () => {
    for (const [value, text] of [
      [Buffer.from('hello'), '68656c6c6f'],
      [new Uint8Array([1, 255]), '01ff'],
      [new Uint8Array([1, 2, 3, 4]).subarray(1, 3), '0203'],
      [new Uint16Array([1]), '0100'],
      [new Uint8Array([7]).buffer, '07'],
      [new DataView(new Uint8Array([8, 9]).buffer, 1), '09'],
      [new SharedArrayBuffer(2), '0000'],
      [new Uint8Array(0), ''],
    ] as const) {
      assert.deepEqual(shown(value), ['binary', text, false])
    }
    assert.deepEqual(shown({ b: Buffer.from('hi') }), ['object', '{"b":"6869"}', false])
  })

  it('knows the values of other realms, such as those of a Function node', () => {
    const values = '[{ a: [1] }, [], new Date(0), new Map(), new Error("no"), new Uint8Array([1])]'
    const kinds = Array.from(runInNewContext(values), (value) => preview(value, 200).kind)
    assert.deepEqual(kinds, ['object', 'list', 'date', 'map', 'error', 'binary'])
  })

  it('leaves the request and the response of a whole message out', () => {
    const message = { _msgid: '1', req: { secret: 1 }, res: {}, payload: { req: 2 } }
    assert.equal(preview(message, 200).text, '{"_msgid":"1","payload":{"req":2}}')
    assert.equal(preview({ req: 1 }, 200).text, '{"req":1}')
  })

  it('shows an object within itself once, and one that is there twice twice', () => {
    const circular: Record<string, unknown> = { a: 1 }
    circular.self = circular
    const twice = [1]
    assert.equal(preview(circular, 200).text, '{"a":1,"self":[Circular]}')
    assert.equal(preview([twice, twice], 200).text, '[[1],[1]]')
  })

  it('is cut behind so many characters, and says so', () => {
    for (const value of [
      'x'.repeat(11),
      { abcdefgh: 1 },
      ['aaaaaaaaaaaaa'],
      Buffer.alloc(6),
      { b: Buffer.alloc(6) },
      new Error('too long'),
      10n ** 11n,
      new Map([['key', 'value']]),
    ]) {
      const { text, isCut } = preview(value, 10)
      assert.deepEqual([text.length, isCut], [10, true], text)
    }
    assert.deepEqual(shown('x'.repeat(10), 10), ['text', 'xxxxxxxxxx', false])
    assert.deepEqual(shown([1, 2, 3], 7), ['list', '[1,2,3]', false])
    assert.deepEqual(shown(Buffer.alloc(5), 10), ['binary', '0000000000', false])
  })

  it('never cuts a character in two', () => {
    assert.deepEqual(cut('a😀', 2), { text: 'a', isCut: true })
    assert.deepEqual(cut('😀b', 2), { text: '😀', isCut: true })
    assert.deepEqual(cut('\ud83d\ud83d', 1), { text: '\ud83d', isCut: true })
    assert.deepEqual(cut('a', 0), { text: '', isCut: true })
    for (let length = 0; length < 30; length++) {
      for (const value of ['😀'.repeat(20), { '😀': '😀'.repeat(20) }, [Error('😀'.repeat(20))]]) {
        assert.ok(preview(value, length).text.isWellFormed(), `${length}`)
      }
    }
  })

  it('takes no longer for a large value than for what it shows of it', () => {
    let deep: unknown[] = []
    for (let i = 0; i < 100_000; i++) deep = [deep]
    const large = [
      'x'.repeat(100_000_000),
      new Array(2 ** 32 - 1),
      new Uint8Array(500_000_000),
      1n << (1n << 27n),
      deep,
      { text: '"'.repeat(10_000_000) },
    ]
    // What is joined of pieces is made one when it is first looked at.
    preview(large[0], 1)
    const took = processorTime(() => {
      for (const value of large) assert.equal(preview(value, 200).isCut, true)
    })
    assert.ok(took < 10_000, `${took} ms`)
    assert.equal(preview(deep, 1_000_000).isCut, true)
  })

  it('shows the last digits of an integer that has very many', () => {
    assert.deepEqual(shown(-(16n ** 1000n) - 255n), [
      'number',
      `-0x…${'ff'.padStart(32, '0')}`,
      true,
    ])
  })

  it('says why a value does not let itself be read', () => {
    const hostile = {
      get a() {
        throw new Error('not today')
      },
    }
    assert.deepEqual(shown(hostile), ['unreadable', 'not today', false])
    const silent = new Proxy(
      {},
      {
        ownKeys() {
          throw Object.create(null)
        },
      },
    )
    assert.deepEqual(shown(silent), ['unreadable', '', false])
    const { proxy, revoke } = Proxy.revocable({}, {})
    revoke()
    assert.equal(preview(proxy, 200).kind, 'unreadable')
  })

  it('is what JSON says of whatever JSON can hold', () => {
    fc.assert(
      fc.property(fc.jsonValue({ stringUnit: 'binary' }), (value) => {
        const { text } = preview([value], 1_000_000)
        assert.equal(JSON.stringify(JSON.parse(text)), JSON.stringify([value]))
      }),
      { examples: [[JSON.parse('{"__proto__":{"a":1},"constructor":[]}')]] },
    )
  })

  it('of anything is no longer than asked for, and the beginning of the whole', () => {
    fc.assert(
      fc.property(
        fc.anything({
          withBigInt: true,
          withDate: true,
          withMap: true,
          withSet: true,
          withTypedArray: true,
          withNullPrototype: true,
          withSparseArray: true,
          withBoxedValues: true,
        }),
        fc.nat(50),
        (value, length) => {
          const { text, isCut } = preview(value, length)
          const whole = preview(value, 100_000)
          assert.ok(text.length <= length)
          assert.equal(isCut, whole.text.length > length || whole.isCut)
          assert.ok(whole.text.startsWith(text.replace(/(\\u?[0-9a-f]{0,3}|[\ud800-\udbff])$/, '')))
        },
      ),
    )
  })
})
