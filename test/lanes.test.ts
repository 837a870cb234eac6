/** What `npm test` does with the tests of a project that is made for it. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { PROJECT } from './support/node-red.ts'

const PASSES = (what: string) => `import { used } from '${what}'; it('passes', () => used())`
const FAILS = `it('fails', () => { throw new Error('as it should') })`
const BREAKS_OFF = `it('breaks off', () => process.exit(3))`

describe('npm test', function () {
  this.timeout(180_000)
  let directory: string
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'mqueue-lanes-'))
    symlinkSync(join(PROJECT, 'node_modules'), join(directory, 'node_modules'), 'junction')
    write('package.json', '{ "type": "module" }')
    write('src/used.ts', 'export function used() {\n  return 1\n}\n')
    covered(100)
  })
  afterEach(() => rmSync(directory, { recursive: true, force: true }))

  function write(file: string, text: string): void {
    mkdirSync(dirname(join(directory, file)), { recursive: true })
    writeFileSync(join(directory, file), text)
  }

  /** Asks for a coverage of so many percent. */
  function covered(lines: number): void {
    const settings = { all: true, include: ['src/**'], 'check-coverage': true, lines }
    write('.c8rc.json', JSON.stringify({ ...settings, 'temp-directory': 'coverage/tmp' }))
  }

  function run(...lanes: string[]): { status: number | null; output: string } {
    const env = { ...process.env, NODE_V8_COVERAGE: '' }
    const args = [join(PROJECT, 'scripts/test.ts'), ...lanes]
    const { status, stdout } = spawnSync(process.execPath, args, { cwd: directory, env })
    return { status, output: String(stdout) }
  }

  it('runs every test once, adds up the lanes, and measures what all of them cover', () => {
    write('test/one.test.ts', PASSES('../src/used.ts'))
    write('test/src/sql/two.test.ts', PASSES('../../../src/used.ts'))
    write('test/new/folder/three.test.ts', `it('passes', () => {})`)
    const { status, output } = run()
    assert.match(
      output,
      /All files +\| +100 [\s\S]*\n {2}3 passing\n {2}0 failing\n {2}0 pending\n$/,
    )
    assert.equal(status, 0, output)
  })

  it('prints one lane after the other, and what failed below all of them', () => {
    write('test/one.test.ts', FAILS)
    write('test/browser/two.test.ts', BREAKS_OFF)
    write('test/nodes/three.test.ts', PASSES('../../src/used.ts'))
    const { status, output } = run()
    const titles = [...output.matchAll(/^=== (\w+)/gm)].map(([, name]) => name)
    assert.deepEqual(titles, ['quick', 'browser', 'nodes', 'quick', 'browser'])
    assert.match(output, /as it should[\s\S]*=== browser\n {2}it ended with code 3\n/)
    assert.match(output, /\n {2}1 passing\n {2}2 failing\n {2}0 pending\n$/)
    assert.equal(status, 1)
  })

  it('counts a lane without its sums as failed, whatever its code is and whatever it prints', () => {
    write('test/one.test.ts', `it('breaks off', () => process.exit(0))`)
    write(
      'test/browser/two.test.ts',
      `it('breaks off', () => { console.log('  5 passing\\n  0 failing'); process.exit(3) })`,
    )
    write('test/nodes/three.test.ts', PASSES('../../src/used.ts'))
    const { status, output } = run()
    assert.match(output, /=== quick\n {2}it ended with code 0\n/)
    assert.match(output, /=== browser\n {2}it ended with code 3\n/)
    assert.match(output, /\n {2}1 passing\n {2}2 failing\n {2}0 pending\n$/)
    assert.equal(status, 1)
  })

  it('counts what the lanes have done, not what their tests print', () => {
    const says = `console.log('  7 passing\\n  8 failing\\n  9 pending')`
    write('test/one.test.ts', `it('passes', () => { ${says} }); it.skip('is left out')`)
    const { status, output } = run('quick')
    assert.match(output, /\n {2}1 passing\n {2}0 failing\n {2}1 pending\n$/)
    assert.equal(status, 0)
  })

  it('fails where too little is covered', () => {
    write('src/unused.ts', 'export function unused() {\n  return 1\n}\n')
    write('test/one.test.ts', PASSES('../src/used.ts'))
    const { status, output } = run()
    assert.match(output, /1 passing\n {2}0 failing\n {2}0 pending\n {2}the coverage is too low\n$/)
    assert.equal(status, 1)
  })

  it('runs some lanes alone, whatever they cover', () => {
    write('test/one.test.ts', FAILS)
    write('test/nodes/two.test.ts', `it('passes', () => {})`)
    const { status, output } = run('nodes')
    assert.match(
      output,
      /^\n=== nodes: 1 files\n[\s\S]*\n {2}1 passing\n {2}0 failing\n {2}0 pending\n$/,
    )
    assert.equal(status, 0)
  })
})
