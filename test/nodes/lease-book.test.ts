import assert from 'node:assert/strict'
import { leaseBook } from '../../nodes/lease-book.ts'

describe('the leases that are known by the id of a message', () => {
  it('are those of the message until they are forgotten', () => {
    const msg = { _msgid: 'noted' }
    leaseBook.note(msg, ['q:1', 'q:2'], () => true)
    assert.deepEqual(leaseBook.find({ _msgid: 'noted' }), ['q:1', 'q:2'])
    leaseBook.forget(msg)
    assert.equal(leaseBook.find(msg), undefined)
  })

  it('are not known of a message without an id', () => {
    leaseBook.note({}, ['q:1'], () => true)
    leaseBook.forget({})
    assert.equal(leaseBook.find({}), undefined)
  })

  it('are cleared away once they have ended and there are many', () => {
    leaseBook.note({ _msgid: 'ended' }, ['q:1'], () => false)
    leaseBook.note({ _msgid: 'held' }, ['q:2'], () => true)
    const others = Array.from({ length: 3_000 }, (_, at) => ({ _msgid: `other ${at}` }))
    for (const other of others) leaseBook.note(other, ['q:3'], () => false)
    assert.deepEqual(leaseBook.find({ _msgid: 'held' }), ['q:2'])
    assert.equal(leaseBook.find({ _msgid: 'ended' }), undefined)
    for (const other of [...others, { _msgid: 'held' }]) leaseBook.forget(other)
  })
})
