import assert from 'node:assert/strict'
import { globSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { parseModparams } from '../src/modparam.ts'
import { PROJECT } from './support/node-red.ts'

const README = readFileSync(join(PROJECT, 'README.md'), 'utf8')

describe('the README', () => {
  it('shows every picture that there is, and no other; none is large', () => {
    const shown = [...README.matchAll(/\]\((docs\/images\/[^)]*)\)|src="([^"]*)"/g)].map(
      ([, markdown, html]) => markdown ?? html,
    )
    const there = globSync('docs/images/*.png', { cwd: PROJECT })
    assert.deepEqual(shown.toSorted(), there.toSorted())
    for (const file of there) assert.ok(statSync(join(PROJECT, file)).size < 150_000, file)
  })

  it('has a kamailio.cfg that can be imported', () => {
    const [, cfg = ''] = /```\n(loadmodule[^`]*)```/.exec(README) ?? []
    const { definitions, errors } = parseModparams(cfg)
    assert.deepEqual(errors, [])
    assert.deepEqual(
      definitions.map(({ name }) => name),
      ['jobs'],
    )
  })

  it('lists every example', () => {
    for (const file of globSync('*.json', { cwd: join(PROJECT, 'examples') })) {
      assert.ok(README.includes(`\`${file.replace('.json', '')}\``), file)
    }
  })
})
