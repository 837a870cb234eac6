import assert from 'node:assert/strict'
import fc from 'fast-check'
import { indented } from '../../../../nodes/editor/sidebar/indented.ts'
import { processorTime } from '../../../support/processor-time.ts'

describe('JSON with its parts below each other', () => {
  it('is what JSON.stringify writes', () => {
    fc.assert(
      fc.property(fc.json(), (json) => {
        const value = JSON.parse(json)
        assert.equal(indented(JSON.stringify(value)), JSON.stringify(value, null, 2))
      }),
    )
  })

  it('has every digit and every word that JSON has none for', () => {
    const text = '{"a":12345678901234567890,"b":NaN,"c":[undefined]}'
    const lines = '{\n  "a": 12345678901234567890,\n  "b": NaN,\n  "c": [\n    undefined\n  ]\n}'
    assert.equal(indented(text), lines)
  })

  it('takes a text that was cut, or is not JSON', () => {
    assert.equal(indented('{"a":"x'), '{\n  "a": "x')
    assert.equal(indented(']'), '\n]')
    assert.equal(indented('['), '[\n  ')
    assert.equal(indented('"\\'), '"\\')
    assert.equal(indented(''), '')
  })

  it('is made of a large text in no time', () => {
    const text = JSON.stringify(Array.from({ length: 100_000 }, (_, i) => `n${i}`))
    const took = processorTime(() => {
      assert.equal(indented(text).length, text.length + 100_000 * 3 + 1)
      assert.equal(indented('['.repeat(100_000)).split('\n').length, 100_001)
    })
    assert.ok(took < 2000, `${took} ms`)
  })
})
