// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references as Node-RED writes them
import assert from 'node:assert/strict'
import { isMadeOf, namedQueue, usesOf } from '../../../../nodes/editor/sidebar/uses.ts'

describe('the nodes that use a queue', () => {
  it('are those that name it or use all, and those that may find its name at run time', () => {
    const shared = { type: 'mq-add', mqueue: 'config', queue: 'calls', queueType: 'queue' }
    const nodes = [
      { ...shared, id: 'named' },
      { id: 'old', type: 'mq-fetch', mqueue: 'config', queue: 'calls' },
      { ...shared, id: 'other queue', queue: 'lost' },
      { ...shared, id: 'other config', mqueue: 'config2' },
      { ...shared, id: 'other type', type: 'inject' },
      { ...shared, id: 'msg', queue: 'payload', queueType: 'msg' },
      { ...shared, id: 'all', queue: '', queueType: 'all' },
      { ...shared, id: 'environment', queue: '${QUEUE}' },
      { id: 'ack', type: 'mq-ack', mqueue: 'config' },
    ]
    const { certain, possible } = usesOf(nodes, 'config', 'calls')
    assert.deepEqual(
      certain.map(({ id }) => id),
      ['named', 'old', 'all'],
    )
    assert.deepEqual(
      possible.map(({ id }) => id),
      ['msg', 'environment'],
    )
  })

  it('name a queue, or do not know it yet', () => {
    assert.equal(namedQueue({ queue: 'calls', queueType: 'queue' }), 'calls')
    assert.equal(namedQueue({ queue: 'calls', queueType: 'jsonata' }), undefined)
    assert.equal(namedQueue({}), '')
  })
})

describe('a config node of the runtime', () => {
  it('is one of the editor, or is made of it for an instance of a subflow', () => {
    assert.ok(isMadeOf('abc', 'abc'))
    assert.ok(isMadeOf('instance-abc', 'abc'))
    assert.ok(isMadeOf('outer-inner-abc', 'abc'))
    assert.ok(!isMadeOf('xabc', 'abc'))
    assert.ok(!isMadeOf('abc-instance', 'abc'))
  })
})
