import assert from 'node:assert/strict'
import { History } from '../../../../nodes/editor/sidebar/history.ts'

const START = 1_764_250_000_000
const at = (seconds: number) => START + seconds * 1000

/** A history of a queue that was seen at some seconds, with what was added and taken by then. */
function seen(...samples: [seconds: number, added: number, taken: number][]): History {
  const history = new History()
  for (const [seconds, added, taken] of samples) history.note(at(seconds), { added, taken })
  return history
}

/** The values of a line that are known, with how many of the oldest are not. */
function known(line: number[]): [unknown: number, ...values: number[]] {
  const first = line.findIndex((value) => !Number.isNaN(value))
  return first < 0 ? [line.length] : [first, ...line.slice(first).map((value) => round(value))]
}

const round = (value: number) => Math.round(value * 100) / 100

describe('what a queue did lately', () => {
  it('is not known before it was seen twice', () => {
    assert.equal(new History().rates(), undefined)
    const history = seen([0, 1000, 900])
    assert.equal(history.rates(), undefined)
    assert.deepEqual(known(history.lines().added), [100])
  })

  it('is what its counters grew by, a second', () => {
    const history = seen([0, 10, 0], [1, 14, 1], [2, 18, 2])
    assert.deepEqual(history.rates(), { added: 4, taken: 1 })
  })

  it('is a rate whatever time lay between', () => {
    const history = seen([0, 0, 0], [2.5, 10, 5])
    assert.deepEqual(history.rates(), { added: 4, taken: 2 })
  })

  it('is over the last five seconds, so that it comes to nothing soon', () => {
    const samples = [0, 1, 2, 3, 4, 5].map((s): [number, number, number] => [s, s * 10, 0])
    const history = seen(...samples)
    assert.equal(history.rates()?.added, 10)
    for (const [second, added] of [
      [6, 8],
      [8, 4],
      [10, 0],
    ] as const) {
      for (let s = history.time / 1000 - START / 1000 + 1; s <= second; s++) {
        history.note(at(s), { added: 50, taken: 0 })
      }
      assert.equal(history.rates()?.added, added)
    }
  })

  it('shows a time in which nobody asked as its average', () => {
    const history = seen([0, 0, 0], [1, 3, 0], [61, 123, 60])
    const { added, taken } = history.lines()
    const [, ...values] = known(added)
    assert.equal(values.length, 21)
    for (const value of values.slice(2)) assert.equal(value, 2)
    assert.deepEqual(new Set(known(taken).slice(3)), new Set([1]))
  })

  it('begins again where the counters fell, and does not know what happened between', () => {
    const history = seen([0, 100, 100], [3, 130, 130], [12, 5, 5], [15, 8, 5])
    const [, ...values] = known(history.lines().added)
    assert.deepEqual(new Set(values), new Set([10, Number.NaN, 1]))
    assert.ok([...values, ...known(history.lines().taken)].every((value) => !(value < 0)))
  })

  it('goes on where the clock of the runtime is set back, and begins again', () => {
    const history = seen([1000, 10, 0], [1001, 20, 0], [0, 30, 0], [1, 33, 0])
    assert.deepEqual(history.rates(), { added: 3, taken: 0 })
    assert.equal(known(history.lines().added)[0], 99)
  })

  it('takes two answers of one second for one', () => {
    const history = seen([0, 0, 0], [1, 5, 0], [1.4, 5, 0], [2, 10, 0])
    assert.deepEqual(history.rates(), { added: 5, taken: 0 })
  })

  it('forgets what is older than five minutes', () => {
    const history = seen([0, 0, 0], [1, 1000, 0])
    for (let s = 2; s <= 400; s++) history.note(at(s), { added: 1000, taken: 0 })
    const { added } = history.lines()
    assert.equal(added.length, 100)
    assert.ok(added.every((value) => value === 0))
  })

  it('fills its whole span after a gap that is longer', () => {
    const history = seen([0, 0, 0], [3000, 6000, 0])
    assert.ok(history.lines().added.every((value) => value === 2))
  })
})
