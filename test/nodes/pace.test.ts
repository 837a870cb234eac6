import assert from 'node:assert/strict'
import { Pace } from '../../nodes/pace.ts'

describe('a pace', () => {
  it('has room for so many in a window, and says how long until there is more', () => {
    const pace = new Pace()
    assert.deepEqual([pace.room(2, 60_000), pace.wait(2, 60_000)], [2, 0])
    pace.count(2)
    assert.equal(pace.room(2, 60_000), 0)
    const wait = pace.wait(2, 60_000)
    assert.ok(wait > 0 && wait <= 60_000, `${wait} ms`)
  })

  it('has room again when the window is over, also after very many', () => {
    const pace = new Pace()
    pace.count(5_000)
    const until = performance.now() + 2
    while (performance.now() <= until);
    assert.equal(pace.room(3, 1), 3)
    pace.count(1)
    assert.equal(pace.room(3, 60_000), 2)
  })

  it('belongs to a node over a deploy, until the node is deleted', () => {
    const pace = Pace.of('paced')
    pace.count(1)
    assert.equal(Pace.of('paced').room(1, 60_000), 0)
    Pace.forget('paced')
    assert.equal(Pace.of('paced').room(1, 60_000), 1)
    Pace.forget('paced')
  })
})
