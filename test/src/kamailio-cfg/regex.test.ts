/** Patterns of POSIX, as glibc matches them. */
import assert from 'node:assert/strict'
import { BudgetSpent, Regex } from '../../../src/kamailio-cfg/regex.ts'

const plenty = () => ({ left: 1_000_000 })

function found(pattern: string, text: string, flags = ''): string | undefined {
  const options = { ignoreCase: flags.includes('i'), lines: flags.includes('n') }
  const regex = Regex.compile(pattern, options, plenty())
  assert.ok(regex, `${pattern} cannot be read`)
  const match = regex.search(text, 0, true)
  return match === undefined ? undefined : text.slice(match.from, match.to)
}

describe('Regex', () => {
  const matching: [pattern: string, text: string, match: string | undefined, flags?: string][] = [
    ['b|bc|bcd', 'abcd', 'bcd'],
    ['(a|ab)(c|bcd)', 'abcd', 'abcd'],
    ['x*', 'aax', ''],
    ['x+y?', 'axxyy', 'xxy'],
    ['a{2}', 'aaa', 'aa'],
    ['a{2,}', 'aaaa', 'aaaa'],
    ['a{1,3}b', 'aaaaab', 'aaab'],
    ['(ab){0,1}c', 'abc', 'abc'],
    ['[a-c]+', 'xxcabd', 'cab'],
    ['[^a-c]+', 'abxyc', 'xy'],
    ['[]x]+', 'a]x]', ']x]'],
    ['[^]x]+', ']ab', 'ab'],
    ['[a-]+', 'b-a-', '-a-'],
    ['[[:digit:][:upper:]_]+', 'ab1A_b', '1A_'],
    ['\\.\\*', 'a.*', '.*'],
    ['\\w+\\W\\w', '--ab cd', 'ab c'],
    ['\\s\\S+', 'ab cd ', ' cd'],
    ['^b', 'a\nb', undefined],
    ['^b', 'a\nb', 'b', 'n'],
    ['a$', 'a\nb', undefined],
    ['a$', 'a\nb', 'a', 'n'],
    ['a.b', 'a\nb', 'a\nb'],
    ['a.b', 'a\nb', undefined, 'n'],
    ['a[^x]b', 'a\nb', undefined, 'n'],
    ['QUEUE[A-C]', 'queueb', 'queueb', 'i'],
    ['[^a]', 'A', undefined, 'i'],
    ['a||b', 'b', 'b'],
    ['()a', 'a', 'a'],
    ['((a*)*)*b', 'aaab', 'aaab'],
    ['a}]', 'a}]', 'a}]'],
  ]
  for (const [pattern, text, match, flags] of matching) {
    const what = match === undefined ? 'nothing' : JSON.stringify(match)
    it(`finds ${what} by ${pattern} in ${JSON.stringify(text)}`, () => {
      assert.equal(found(pattern, text, flags), match)
    })
  }

  for (const pattern of [
    ...['(', ')', 'a)', '*a', '|*', 'a{', 'a{x}', 'a{3,2}', '{2}', '[a', '[z-a]', '[[.a.]]'],
    ...['[[:word:]]', '[[:digit:', '(a)\\1', 'a\\b', '\\d', 'a\\', '+'],
    ...['(((a{20}){20}){20})', `${'a'.repeat(301)}`, '(((a*b){9}){9}){9}(c{30}){30}'],
  ]) {
    it(`does not read ${pattern.slice(0, 40)}`, () => {
      assert.equal(Regex.compile(pattern, {}, plenty()), undefined)
    })
  }

  it('ends when it may do no more', () => {
    const regex = Regex.compile('(a*)*b', {}, { left: 500 })
    assert.throws(() => regex?.search('a'.repeat(1000), 0, true), BudgetSpent)
  })
})
