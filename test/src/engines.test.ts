import assert from 'node:assert/strict'
import { createEngine, parseDefinitions } from '../../src/index.ts'
import { supported } from '../../src/supports.ts'

const report = { info() {}, warn() {}, error() {} }

describe('the kinds of engine', () => {
  it('include the queues of this process', async () => {
    const engine = createEngine('memory', { directory: '.', id: 'test', report })
    assert.ok(engine.supports.add)
    await engine.define(parseDefinitions([{ name: 'q' }]).definitions)
    await engine.add('q', 'k', 'v')
    assert.equal((await engine.fetch('q'))?.value, 'v')
    await engine.close()
  })

  it('say which there are where one is asked for that there is not', () => {
    assert.throws(() => createEngine('magic', { directory: '.', id: 'test', report }), {
      code: 'MQ_INVALID_DEFINITION',
      field: 'engine',
      message: /There is no engine "magic"; use "memory"/,
    })
  })

  it('sort out the definitions that they do not support, by queue and field, with what is allowed', () => {
    const parsed = parseDefinitions([{ name: 'a' }, { name: 'b', dbmode: 4 }, { name: '' }])
    const { definitions, errors } = supported(parsed, { add: true, leases: false, dbmodes: [0] })
    assert.deepEqual(
      definitions.map(({ name }) => name),
      ['a'],
    )
    assert.equal(errors.length, 2)
    const { code, queue, field, message } = errors[1] ?? ({} as never)
    assert.deepEqual([code, queue, field], ['MQ_INVALID_DEFINITION', 'b', 'dbmode'])
    assert.match(message, /Queue "b": with this engine, Storage \(dbmode\) must be 0$/)
    const two = supported(parsed, { add: true, leases: false, dbmodes: [0, 2, 3] })
    assert.match(two.errors[1]?.message ?? '', /Storage \(dbmode\) must be 0, 2 or 3$/)
  })
})
