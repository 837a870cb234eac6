// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references as Node-RED writes them
import assert from 'node:assert/strict'
import { compareQueues } from '../../../nodes/editor/compare-queues.ts'

describe('the queues of a Kamailio, beside those of the list', () => {
  it('are missing where the list has not got them, in their order', () => {
    const { missing, surplus, unusable } = compareQueues(['b', 'calls', 'a', 'b'], ['calls'])
    assert.deepEqual([missing, surplus, unusable], [['b', 'a'], [], []])
  })

  it('leave those over that Kamailio has not got', () => {
    assert.deepEqual(compareQueues(['a'], ['x', 'a', 'A']).surplus, ['x', 'A'])
  })

  it('are not known of a row without a name, and of one that the environment names', () => {
    const { missing, surplus } = compareQueues(['a'], ['', '${QUEUE}'])
    assert.deepEqual([missing, surplus], [['a'], []])
  })

  it('cannot be used where their names are none here', () => {
    const names = ['a b', 'x'.repeat(65), '${HOME}', '<b>', 'é', '']
    const { missing, unusable } = compareQueues(['ok', ...names], [])
    assert.deepEqual([missing, unusable], [['ok'], names])
  })
})
