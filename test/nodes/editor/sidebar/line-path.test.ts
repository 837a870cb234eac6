import assert from 'node:assert/strict'
import { pathOf, scaleOf } from '../../../../nodes/editor/sidebar/line-path.ts'

const GAP = Number.NaN

describe('the line of a sparkline', () => {
  it('goes from left to right, with the most at the top', () => {
    assert.equal(pathOf([0, 5, 10], 100, 20, 10), 'M0 20L50 10L100 0')
  })

  it('has a gap where nothing is known, and a dot for a value alone', () => {
    assert.equal(pathOf([GAP, 10, GAP, 0, 0], 100, 20, 10), 'M25 0h0.1M75 20L100 20')
    assert.equal(pathOf([GAP, GAP], 100, 20, 10), '')
    assert.equal(pathOf([], 100, 20, 10), '')
    assert.equal(pathOf([3], 100, 20, 3), 'M0 0h0.1')
  })

  it('stays within the picture', () => {
    assert.equal(pathOf([50, 50], 100, 20, 10), 'M0 0L100 0')
  })

  it('is short, whatever the numbers are', () => {
    const path = pathOf([1 / 3, 2 / 3, 1e9], 100, 20, 1e9)
    assert.match(path, /^[ML\d. ]+$/)
    assert.ok(path.length < 40, path)
  })

  it('is as high as the most of both counters, and not less than one a second', () => {
    assert.equal(scaleOf([1, GAP, 7], [3]), 7)
    assert.equal(scaleOf([GAP], [0.2]), 1)
    assert.equal(scaleOf(), 1)
  })
})
