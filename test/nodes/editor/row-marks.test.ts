import assert from 'node:assert/strict'
import { markRows } from '../../../nodes/editor/row-marks.ts'

const NOW = 1000
const NONE = { mqueueSize: 0, mqueueAddmode: 0 }

/** What `markRows` makes of a list, with ids `id-1`, `id-2`, … */
function marked(before: object[], after: object[], defaults: object[] = [NONE, NONE]) {
  let ids = 0
  const [old = {}, now = {}] = defaults
  return markRows({ queues: before, defaults: old }, { queues: after, defaults: now }, NOW, () => {
    ids += 1
    return `id-${ids}`
  })
}

describe('what the dialog writes into each queue besides its fields', () => {
  it('is an id and the time for a new queue', () => {
    const kept = { name: 'a', id: 'a1', edited: 7 }
    assert.deepEqual(marked([kept, {}], [kept, { name: 'b', size: '' }]), [
      kept,
      { name: 'b', size: '', id: 'id-1', edited: NOW },
    ])
  })

  it('is its name as its id for a queue that has none, by which the runtime knows it', () => {
    const queue = { name: 'a', size: 5, attempts: '3' }
    assert.deepEqual(marked([queue], [queue]), [{ ...queue, id: 'a' }])
    assert.deepEqual(marked([{ ...queue, id: ' ' }], [{ ...queue, id: ' ' }]), [
      { ...queue, id: 'a' },
    ])
    assert.deepEqual(marked([queue], [{ ...queue, name: 'b' }]), [
      { ...queue, name: 'b', id: 'a', edited: NOW },
    ])
  })

  it('is another id where its name is the id of another queue, or comes from the environment', () => {
    const [other, queue, named] = [{ name: 'b', id: 'a' }, { name: 'a' }, { name: `\${NAME}` }]
    const ids = marked([other, queue, named], [other, queue, named]).map(({ id }) => id)
    assert.deepEqual(ids, ['a', 'id-1', 'id-2'])
  })

  for (const [field, value] of Object.entries({
    name: 'b',
    size: 6,
    addmode: 2,
    dbmode: 4,
    attempts: 3,
    retryDelay: '1,5',
    deadLetter: 'lost',
    maxInFlight: 2,
    whenFull: 'refuse',
  })) {
    it(`is the time when its ${field} was changed, and its id stays`, () => {
      const before = { name: 'a', size: 5, addmode: '', dbmode: 0, id: 'a1', edited: 7 }
      const after = { ...before, [field]: value }
      assert.deepEqual(marked([before], [after]), [{ ...after, edited: NOW }])
    })
  }

  it('is the time when the default that it takes was changed', () => {
    const queues = [
      { name: 'a', size: '', id: 'a1', edited: 7 },
      { name: 'b', size: 5, id: 'b1', edited: 7 },
    ]
    const edited = (...defaults: object[]) =>
      marked(queues, queues, defaults).map((row) => row.edited)
    assert.deepEqual(edited(NONE, { ...NONE, mqueueSize: 9 }), [NOW, 7])
    assert.deepEqual(edited(NONE, { ...NONE, mqueueAddmode: '2' }), [NOW, NOW])
    assert.deepEqual(edited({}, { mqueueSize: '0', mqueueAddmode: ' ' }), [7, 7])
  })

  it('is nothing more for a number that was written as a text', () => {
    const [row] = marked([{ name: 'a', size: '5', id: 'x' }], [{ name: 'a', size: 5, id: 'x' }])
    assert.deepEqual(row, { name: 'a', size: 5, id: 'x' })
  })
})
