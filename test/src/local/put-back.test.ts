/** Items that come back to a queue in memory. */
import assert from 'node:assert/strict'
import { type Addmode, Queue } from '../../../src/index.ts'
import { defined } from '../../conformance/engine.ts'

const keysOf = (queue: Queue<number>) => [...queue].map(({ key }) => key).join('')

type Taken = ReturnType<Queue<number>['taken']>

describe('an item that is put back', () => {
  for (const addmode of [0, 1, 2] as const) {
    it(`goes where it was, in whatever order they come (addmode ${addmode})`, () => {
      const queue = new Queue<number>(defined('q', 0, addmode as Addmode))
      for (const key of 'abcde') queue.add(key, 1)
      const taken = [1, 2, 3].map(() => {
        const item = queue.fetch()
        return queue.taken(item as { key: string; value: number })
      })
      const [a, b, c] = taken
      for (const item of [b, c, a]) if (item !== undefined) queue.putBack(item)
      assert.equal(keysOf(queue), 'abcde')
      assert.equal(queue.peek()?.key, 'a')
    })
  }

  it('makes room at the head, across blocks and in an empty queue', () => {
    const queue = new Queue<number>(defined('q'))
    const count = 600
    for (let i = 0; i < count; i++) queue.add(`${i}`, i)
    const taken = Array.from({ length: count }, () => {
      const item = queue.fetch()
      return queue.taken(item as { key: string; value: number })
    })
    assert.equal(queue.peek(), undefined)
    for (const item of taken.toReversed()) queue.putBack(item)
    for (let i = 0; i < count; i++) assert.equal(queue.fetch()?.value, i)
    const fresh = new Queue<number>(defined('q'))
    fresh.putBack({ id: 1, key: 'k', value: 1, added: 0 })
    assert.equal(keysOf(fresh), 'k')
  })

  // Were each search to begin at the head, this would take a minute and more.
  for (const order of ['oldest', 'youngest'] as const) {
    it(`finds its place at once where its neighbours come back before it, the ${order} first`, () => {
      const queue = new Queue<number>(defined('q', 0, 2))
      const count = 200_000
      for (let i = 0; i < count; i++) queue.add(`${i}`, i)
      const taken = Array.from({ length: count }, () => {
        const item = queue.fetch()
        return queue.taken(item as { key: string; value: number })
      })
      for (const item of order === 'oldest' ? taken : taken.toReversed()) queue.putBack(item)
      for (let i = 0; i < count; i++) assert.equal(queue.fetch()?.value, i)
    })
  }

  it('finds its place when the one that came back last has been taken, replaced or removed', () => {
    const queue = new Queue<number>(defined('q', 0, 2))
    for (const key of 'abcdef') queue.add(key, 1)
    const taken = [1, 2, 3, 4, 5].map(() => {
      const item = queue.fetch()
      return queue.taken(item as { key: string; value: number })
    })
    const [a, b, c, d, e] = taken as [Taken, Taken, Taken, Taken, Taken]
    for (const item of [b, d]) queue.putBack(item)
    queue.add('d', 2)
    queue.putBack(c)
    assert.equal(keysOf(queue), 'bcfd')
    assert.equal(queue.fetch()?.key, 'b')
    assert.equal(queue.fetch()?.key, 'c')
    for (const item of [e, a]) queue.putBack(item)
    assert.equal(keysOf(queue), 'aefd')
  })

  it('meets its key again: addmode 1 keeps it, addmode 2 the one that was queued', () => {
    for (const [addmode, left, reason] of [
      [1, 1, 'duplicate'],
      [2, 2, 'replaced'],
    ] as const) {
      const queue = new Queue<number>(defined('q', 0, addmode))
      queue.add('a', 1)
      const item = queue.fetch()
      const taken = queue.taken(item as { key: string; value: number })
      queue.add('a', 2)
      assert.equal(queue.putBack(taken)?.reason, reason)
      assert.deepEqual([queue.size, queue.peek()?.value], [1, left])
    }
  })

  it('is the oldest of a full queue, and goes', () => {
    const queue = new Queue<number>(defined('q', 2))
    queue.add('a', 1)
    const item = queue.fetch()
    const taken = queue.taken(item as { key: string; value: number })
    for (const key of 'bc') queue.add(key, 1)
    assert.deepEqual(queue.putBack(taken), { key: 'a', value: 1, reason: 'overflow' })
    assert.equal(keysOf(queue), 'bc')
  })
})
