/** The score card of the Flow Library, as node-red-dev fills it in. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { installPacked, type PackedUserDir } from '../support/packed.ts'

const HERE = import.meta.dirname
const TOOL = join(HERE, 'node_modules/node-red-dev/bin/run')
const NETWORK = { P08: 'similar names', N01: 'unique types', D02: 'bad packages', D03: 'newest' }

type ScoreCard = Record<string, { test?: boolean }>

describe('node-red-dev validate', function () {
  this.timeout(300_000)
  let packed: PackedUserDir
  before(() => {
    if (!existsSync(TOOL)) {
      const args = ['ci', '--prefix', HERE, '--ignore-scripts', '--no-audit', '--no-fund']
      execFileSync('npm', args, { stdio: 'ignore' })
    }
    packed = installPacked()
  })
  after(() => packed.remove())

  it('has nothing to say against the package', () => {
    const root = join(packed.userDir, 'node_modules/@mqueue/node-red-mqueue')
    const file = join(packed.userDir, 'score-card.json')
    const stub = join(HERE, 'without-network.cjs')
    const output = execFileSync(
      process.execPath,
      ['--require', stub, TOOL, 'validate', '-p', root, '-o', file],
      { stdio: 'pipe' },
    ).toString()
    assert.ok(existsSync(file), output)
    const { package: _, ...checks }: ScoreCard = JSON.parse(readFileSync(file, 'utf8'))
    const told = Object.entries(checks).filter(([check]) => !(check in NETWORK))
    assert.deepEqual(
      told.map(([check, { test }]) => [check, test]).sort(),
      ['D01', 'N02', 'P01', 'P03', 'P04', 'P05', 'P06', 'P07'].map((check) => [check, true]),
    )
  })
})
