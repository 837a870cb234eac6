import assert from 'node:assert/strict'
import { MemoryEngine } from '../../../src/index.ts'
import { conformsAsEngine, defined } from '../../conformance/engine.ts'

conformsAsEngine('MemoryEngine', () => new MemoryEngine())

describe('MemoryEngine', () => {
  it('answers at once, never with a promise', () => {
    const engine = new MemoryEngine()
    assert.deepEqual(engine.define([defined('q')]), [])
    assert.equal(engine.add('q', 'k', 'v').size, 1)
    assert.equal(engine.size('q'), 1)
    assert.equal(engine.sizes().get('q'), 1)
    assert.equal(engine.fetch('q')?.value, 'v')
    assert.equal(engine.close(), undefined)
  })

  it('keeps values as they are given', () => {
    const engine = new MemoryEngine()
    engine.define([defined('q')])
    const values = [undefined, null, 0, false, '', Number.NaN, {}, [1], () => 1, Symbol('s')]
    for (const value of values) engine.add('q', 'k', value)
    for (const value of values) assert.ok(Object.is(engine.fetch('q')?.value, value))
  })
})
