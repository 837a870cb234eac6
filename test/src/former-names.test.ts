import assert from 'node:assert/strict'
import { formerNames } from '../../src/former-names.ts'
import { parseDefinitions } from '../../src/index.ts'

/** Rows written as `name` or `name#id`. */
function rows(text: string) {
  const inputs = text.split(' ').map((row) => {
    const [name, id] = row.split('#')
    return { name, id }
  })
  return parseDefinitions(inputs).definitions
}

describe('the former names of queues', () => {
  for (const [before, now, expected] of [
    ['a b', 'a b', 'a<a b<b'],
    ['a#1 b#2', 'c#1 b#2', 'c<a b<b'],
    ['a#1 b#2', 'b#1 a#2', 'b<a a<b'],
    ['a#1 b#2', 'a#2', 'a<b'],
    ['a#1', 'a#2', 'a<a'],
    ['a#1', 'a', 'a<a'],
    ['a', 'a#1', 'a<a'],
    ['a', 'a#a', 'a<a'],
    ['a', 'b#a', 'b<a'],
    ['a b', 'b#a a#b', 'b<a a<b'],
    ['a b', 'b#a', 'b<a'],
    ['a b', 'b#a a', 'a<a b<b'],
    ['x#a a', 'y#a', 'y<x'],
    ['a#1', 'b#1 a#1', 'a<a'],
    ['a#1', 'b', ''],
  ] as const) {
    it(`are ${expected || 'none'} from ${before} to ${now}`, () => {
      const found = [...formerNames(rows(before), rows(now))].map(([name, old]) => `${name}<${old}`)
      assert.deepEqual(found.sort(), expected.split(' ').filter(Boolean).sort())
    })
  }
})
