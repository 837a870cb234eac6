/** Modules named by a pattern, as `modparam` takes them. */
import assert from 'node:assert/strict'
import { parseModparams } from '../../src/index.ts'

describe('a module named by a pattern', () => {
  for (const pattern of [
    'mqueue|htable',
    '^mqueue$',
    '(mqueue|x)',
    'mq[u-v]eue',
    'mqueu[^a]',
    'mqueu[[:alpha:]]',
    'm.*e',
    'mq+ueue',
    'mq{1}ueue',
    'mq{1,2}ueue',
    'mqu?u?eue',
    'MQUEUE',
  ]) {
    it(pattern, () => {
      const { definitions } = parseModparams(`modparam("${pattern}", "mqueue", "name=q;size=2")\n`)
      assert.deepEqual(
        definitions.map(({ name, size }) => [name, size]),
        [['q', 2]],
      )
    })
  }
})
