// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references as Node-RED writes them
import assert from 'node:assert/strict'
import { checkDbUrl, checkDefinitions, isReference, persists } from '../../../nodes/editor/check.ts'

const rules = (queues: unknown, defaults = {}) =>
  checkDefinitions(queues, defaults).errors.map(({ rule, row }) => [rule, row])

describe('what the dialog of the config node checks', () => {
  it('is what the runtime checks, row by row', () => {
    const queues = [{ name: 'a' }, { name: 'b c' }, { name: 'd', size: '-1' }, { name: 'a' }]
    assert.deepEqual(rules(queues), [
      ['name', 1],
      ['size', 2],
      ['taken', 3],
    ])
    assert.deepEqual(rules([], { mqueueSize: 'many' }), [['defaultSize', undefined]])
    assert.deepEqual(rules({}), [['list', undefined]])
    assert.deepEqual(rules([null]), [['object', 0]])
  })

  it('takes references to the environment for good, in every field', () => {
    const all = { name: '${N}', size: '${S}', addmode: '${A}', dbmode: '${D}' }
    assert.deepEqual(rules([all], { mqueueSize: '${S}', mqueueAddmode: '$(A)' }), [])
    assert.deepEqual(rules('${QUEUES}'), [])
    assert.deepEqual(rules([all, { ...all, name: '${M}' }]), [])
    assert.deepEqual(rules([{ ...all, name: 'calls-${N}' }]), [['name', 0]])
  })

  it('finds that two references to one variable are one name', () => {
    assert.deepEqual(rules([{ name: '${N}' }, { name: '${N}' }]), [['taken', 1]])
  })

  it('takes references for good in the fields that Kamailio lacks too', () => {
    const fields = ['whenFull', 'attempts', 'retryDelay', 'deadLetter', 'maxInFlight', 'edited']
    for (const field of fields) {
      assert.deepEqual(rules([{ name: 'a', [field]: '${X}' }]), [], field)
      assert.deepEqual(rules([{ name: 'a', [field]: 'x${X}' }]), [[field, 0]], field)
    }
  })

  it('finds a dead letter queue that is not defined, unless only the environment knows', () => {
    assert.deepEqual(rules([{ name: 'a', deadLetter: 'b' }]), [['deadLetter', 0]])
    assert.deepEqual(rules([{ name: 'a', deadLetter: 'b' }, { name: 'b' }]), [])
    assert.deepEqual(rules([{ name: 'a', deadLetter: 'b' }, { name: '${N}' }]), [])
    assert.deepEqual(rules([{ name: 'a', deadLetter: '${N}' }, { name: '${N}' }]), [])
    assert.deepEqual(rules([{ name: '${N}', deadLetter: '${N}' }]), [['deadLetter', 0]])
  })

  it('returns the definitions that do not depend on the environment', () => {
    const queues = [
      { name: '${N}' },
      { name: 'a', size: 5 },
      { name: 'b' },
      { name: 'c', dbmode: '${D}' },
    ]
    const named = (defaults: object) =>
      checkDefinitions(queues, defaults).definitions.map(({ name }) => name)
    assert.deepEqual(named({}), ['a', 'b'])
    assert.deepEqual(named({ mqueueSize: '${S}' }), ['a'])
  })

  it('leaves the address of the database alone while it is good, blank or a reference', () => {
    for (const good of ['', undefined, '${URL}', 'sqlite:q.db', 'mysql://db/mq']) {
      assert.equal(checkDbUrl(good), undefined)
    }
    assert.equal(checkDbUrl('db.example')?.rule, 'dbUrl')
    assert.equal(checkDbUrl('${URL}/mq')?.rule, 'dbUrl')
    for (const junk of [null, 5, [], { toString: 1 }]) {
      assert.equal(checkDbUrl(junk)?.rule, 'dbUrl')
      checkDefinitions([{ name: junk, size: junk, addmode: junk, dbmode: junk }], {})
    }
  })

  it('knows which queues need a database', () => {
    for (const dbmode of [undefined, '', ' ', 0, '0']) assert.equal(persists({ dbmode }), false)
    for (const dbmode of [1, '4', '${D}', 9, true, {}]) assert.equal(persists({ dbmode }), true)
  })

  it('knows what Node-RED replaces', () => {
    for (const text of ['${A}', '$(A)', '${a.b}']) assert.equal(isReference(text), true, text)
    for (const text of ['', 'A', '$A', '${A} ', 'x${A}', '${A B}', 5]) {
      assert.equal(isReference(text), false, String(text))
    }
  })
})
