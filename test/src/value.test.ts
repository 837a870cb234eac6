import assert from 'node:assert/strict'
import { runInNewContext, runInThisContext } from 'node:vm'
import fc from 'fast-check'
import { assertKeepable, decode, encode, encodeAsText, encodeWhatCan } from '../../src/value.ts'

const invalid = { code: 'MQ_INVALID_VALUE' }

describe('a value in a row', () => {
  it('comes back as it was, whatever it is', () => {
    const anything = fc.anything({ withBigInt: true, withDate: true, withMap: true, withSet: true })
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), anything, (key, value) => {
        const back = decode(encode(key, value))
        assert.equal(back.key, key)
        assert.deepEqual(back.value, structuredClone(value))
      }),
    )
  })

  it('is a text that PostgreSQL takes: no NUL, no half of a pair', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (key, value) => {
        for (const text of Object.values(encode(key, value))) {
          assert.ok(text === null || (text.isWellFormed() && !text.includes('\0')))
        }
      }),
    )
  })

  it('stands there as Kamailio writes it when it is a plain text', () => {
    assert.deepEqual(encode('k', 'é'), { key: 'k', val: 'é', val_type: null })
    assert.deepEqual(encode('k', { a: [1] }), { key: 'k', val: '{"a":[1]}', val_type: 'json' })
    assert.equal(encode('\0', 'v').val_type, 'text+key')
    assert.equal(encode('k', { toJSON: 1 }).val_type, 'v8')
    assert.equal(encode('k', [1, undefined]).val_type, 'v8')
  })

  describe('of another realm, as a Function node makes it, stands there as one of this realm:', () => {
    const cases: [what: string, source: string, type: string][] = [
      ['an object', '({ a: { b: 1 } })', 'json'],
      ['a list of objects', '[1, { a: [{}] }]', 'json'],
      ['an object without a prototype', 'Object.assign(Object.create(null), { a: 1 })', 'json'],
      ['an object with names of its prototype', '({ hasOwnProperty: 1, constructor: 2 })', 'json'],
      ['an object with its own __proto__', 'JSON.parse(\'{"__proto__":{"x":1}}\')', 'json'],
      ['the arguments of a function', '(function () { return arguments })(1, "b")', 'json'],
      ['an object behind a proxy', 'new Proxy({ a: 1 }, {})', 'json'],
      ['an object with a map', '({ a: new Map([[{}, 1]]) })', 'v8'],
      ['a set', 'new Set([{}])', 'v8'],
      ['a date', 'new Date(0)', 'v8'],
      ['a regular expression', '/x/g', 'v8'],
      ['bytes', 'new Uint8Array([1, 2])', 'v8'],
      ['an object of a class', 'new (class Car { wheels = 4 })()', 'v8'],
    ]
    for (const [what, source, type] of cases) {
      it(what, () => {
        const [here, there] = [runInThisContext(source), runInNewContext(source)]
        assert.equal(encode('k', there).val_type, type)
        assert.deepEqual(encode('k', there), encode('k', here))
        assertKeepable(there)
      })
    }
  })

  it('that holds the same objects again and again is kept with each of them once', () => {
    let value: object = {}
    for (let i = 0; i < 60; i++) value = { a: value, b: value }
    const back = decode(encode('k', value)).value as { a: object; b: object }
    assert.equal(back.a, back.b)
    assertKeepable(value)
  })

  it('that nothing can keep is refused', () => {
    const deep: { in?: object } = {}
    for (let i = 0, at = deep; i < 20_000; i++) at = at.in = {}
    for (const value of [() => 1, { f() {} }, Symbol('s'), [new WeakMap()], deep]) {
      assert.throws(() => encode('k', value), invalid)
      assert.throws(() => assertKeepable(value), invalid)
    }
    assertKeepable({ at: new Date() })
  })

  it('is kept as far as it can be, where it cannot be refused any more', () => {
    const value = { text: 'kept', n: 1n, f() {} }
    assert.deepEqual(decode(encodeWhatCan('k', value)).value, { text: 'kept', n: '1' })
    assert.throws(() => encodeWhatCan('k', () => 1), invalid)
  })

  it('in a table without a column for its type is text or JSON', () => {
    assert.equal(encodeAsText('k', { at: new Date(0) }).val, '{"at":"1970-01-01T00:00:00.000Z"}')
    assert.equal(encodeAsText('k', undefined).val, 'null')
    for (const [key, value] of [
      ['k', 'a\0'],
      ['\ud800', 'v'],
    ] as const) {
      assert.throws(() => encodeAsText(key, value), invalid)
    }
  })
})
