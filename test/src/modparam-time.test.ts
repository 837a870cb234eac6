/** However hostile a text is, the time to read it grows as its length does. */
import assert from 'node:assert/strict'
import { parseModparams } from '../../src/index.ts'
import { processorTime } from '../support/processor-time.ts'

const HOSTILE: Record<string, string> = {
  'texts that are not closed': 'modparam("mqueue", "mqueue", "name=a\n',
  'texts in quotes of both kinds': `modparam('mqueue', "mqueue", 'name="a\n`,
  'calls that go on for ever': 'modparam("mqueue", ',
  'calls without quotes on one line': 'modparam(mqueue ',
  'comments within comments': '/* ',
  'conditions within conditions': '#!ifdef A\n',
  'conditions that cannot be decided':
    '#!ifdef KAMAILIO_9\nmodparam("mqueue", "mqueue", "name=a")\n',
  'directives that are none': '#!else          ',
  'names that are defined by themselves': '#!trydef A A A\nA\n',
  'names that grow': '#!trydef A B B\n#!trydef B C C\n#!trydef C D D\n#!trydef D A A\nA\n',
  'substitutions with a nested pattern':
    '#!subst "/(a*)*b/e/g"\nmodparam("mqueue", "mqueue", "name=aaaaaaaaaaaaaaaaaaaa")\n',
  'modules with a nested pattern': 'modparam("(m*)*(((q|u)*)*)*e{30}", "mqueue", "x")\n',
  'files that are included': 'include_file "x"\n#!redef A 5\n',
  'variables that are not closed': '$(a',
  'definitions of one queue': 'modparam("mqueue", "mqueue", "name=a;;    ")\n',
}

describe('the time to read a configuration', function () {
  this.timeout(180_000)
  for (const [what, unit] of Object.entries(HOSTILE)) {
    it(`grows as the text does, with ${what}`, () => {
      const text = (length: number) => unit.repeat(Math.ceil(length / unit.length))
      const short = fastest(text(50_000), 4)
      const long = fastest(text(500_000), 2)
      // Ten times as long; quadratic would be a hundred times. What is very short, we cannot compare.
      assert.ok(long < 40 * Math.max(short, 10), `${short.toFixed(0)} ms, ${long.toFixed(0)} ms`)
    })
  }
})

/** The shortest of some times, in ms. */
function fastest(text: string, rounds: number): number {
  const times = Array.from({ length: rounds }, () => processorTime(() => parseModparams(text)))
  return Math.min(...times)
}
