import assert from 'node:assert/strict'
import { runInNewContext, runInThisContext } from 'node:vm'
import fc from 'fast-check'
import { asJson } from '../../src/as-json.ts'

/** What JSON holds of a value, and how many characters were counted. */
function counted(value: unknown): { json: unknown; characters: number } {
  let characters = 0
  const json = asJson(value, (more) => {
    characters += more
  })
  return { json, characters }
}

describe('what JSON can hold of a value', () => {
  it('is the value itself, where JSON can hold it', () => {
    fc.assert(
      fc.property(fc.jsonValue({ stringUnit: 'binary' }), (value) => {
        assert.equal(JSON.stringify(asJson(value)), JSON.stringify(value))
      }),
      { examples: [[JSON.parse('{"__proto__":{"a":1},"constructor":[]}')]] },
    )
  })

  it('is JSON, and no longer than was counted, of whatever value', () => {
    const anything = fc.anything({
      withBigInt: true,
      withBoxedValues: true,
      withDate: true,
      withMap: true,
      withNullPrototype: true,
      withObjectString: true,
      withSet: true,
      withSparseArray: true,
      withTypedArray: true,
    })
    fc.assert(
      fc.property(anything, (value) => {
        const { json, characters } = counted(value)
        const text = JSON.stringify(json)
        assert.equal(JSON.stringify(JSON.parse(text)), text)
        assert.ok(text.length <= characters, `${text} was counted as ${characters}`)
      }),
    )
  })

  it('is counted to the character, of a text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        // The comma behind it counts too.
        assert.equal(counted(text).characters, JSON.stringify(text).length + 1)
      }),
    )
    for (let code = 0; code < 0x10000; code++) {
      const text = String.fromCharCode(code)
      assert.equal(counted(text).characters, JSON.stringify(text).length + 1, `code ${code}`)
    }
  })

  describe('is what comes nearest, of this realm and of another', () => {
    const cases: [source: string, json: unknown][] = [
      ['new Map([["a", { b: 1 }]])', [['a', { b: 1 }]]],
      ['({ set: new Set([1, new Set([2])]) })', { set: [1, [2]] }],
      ['[new TypeError("e")]', [{ name: 'TypeError', message: 'e' }]],
      ['Object.assign(new Error("e"), { toJSON: () => "told" })', 'told'],
      ['({ toJSON() { return this }, a: 1 })', { a: 1 }],
      ['new Date(0)', '1970-01-01T00:00:00.000Z'],
      ['10n ** 20n', '100000000000000000000'],
      ['new String("s")', 's'],
      ['new Float32Array([1.5])', { 0: 1.5 }],
      ['[undefined, () => 1, Symbol("s"), NaN, Infinity]', [null, null, null, null, null]],
      ['({ a: undefined, b() {}, c: 1 })', { c: 1 }],
      ['((it) => { it.self = [it]; return it })({})', { self: ['[Circular]'] }],
      ['((it) => [it, it])({ a: 1 })', [{ a: 1 }, { a: 1 }]],
      ['({ _msgid: "id", req: 1, res: 2, in: { req: 3 } })', { _msgid: 'id', in: { req: 3 } }],
    ]
    for (const [source, json] of cases) {
      it(source, () => {
        assert.deepEqual(asJson(runInThisContext(source)), json)
        assert.deepEqual(asJson(runInNewContext(source)), json)
      })
    }
  })

  it('is asked for only as long as its length is counted', () => {
    const tooLong = new Error('too long')
    const most = (limit: number) => (characters: number) => {
      limit -= characters
      if (limit < 0) throw tooLong
    }
    let asked = 0
    const lazy = { toJSON: () => ++asked }
    for (const value of [
      new Array(1_000_000).fill(lazy),
      new Map(Array.from({ length: 1000 }, (_, i) => [i, lazy])),
      { text: 'x'.repeat(1000), lazy },
      { escapes: '\0'.repeat(200), lazy },
      { buffer: Buffer.alloc(300), lazy },
      { bytes: new Uint8Array(2 ** 30), lazy },
      { integer: 1n << 200_000_000n, lazy },
      { ['x'.repeat(1000)]: 1, lazy },
    ]) {
      assert.throws(() => asJson(value, most(1000)), tooLong)
    }
    assert.ok(asked < 500, `asked ${asked} times`)
  })
})
