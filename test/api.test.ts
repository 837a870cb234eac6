/** The pages of the library's API: they say what the doc comments say. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PROJECT } from './support/node-red.ts'

const TOOL = join(PROJECT, 'scripts/api')
const PAGES = join(PROJECT, 'docs/api')
const TYPEDOC = join(TOOL, 'node_modules/typedoc/bin/typedoc')

const pagesIn = (directory: string) => globSync('**/*.md', { cwd: directory }).sort()

describe('docs/api', function () {
  this.timeout(300_000)
  let written: string

  before(() => {
    if (!existsSync(TYPEDOC)) {
      const args = ['ci', '--prefix', TOOL, '--ignore-scripts', '--no-audit', '--no-fund']
      execFileSync('npm', args, { stdio: 'ignore' })
    }
    written = mkdtempSync(join(tmpdir(), 'mqueue-api-'))
    execFileSync(process.execPath, [TYPEDOC, '--out', written], { cwd: TOOL, stdio: 'pipe' })
  })
  after(() => rmSync(written, { recursive: true, force: true }))

  it('has what the doc comments say; where it has not, `npm run api` writes it again', () => {
    const pages = pagesIn(written)
    assert.ok(pages.includes('classes/Queue.md'), pages.join())
    assert.deepEqual(pagesIn(PAGES), pages)
    for (const page of pages) {
      const [own, wanted] = [PAGES, written].map((place) => readFileSync(join(place, page), 'utf8'))
      assert.equal(own, wanted, page)
    }
  })

  it('has a page for each export', () => {
    const index = readFileSync(join(PAGES, 'README.md'), 'utf8')
    const exported = readFileSync(join(PROJECT, 'src/index.ts'), 'utf8')
      .replace(/\/\*\*[\s\S]*?\*\//g, '')
      .matchAll(/\b(\w+)(?=,?\s*(?:,|\}))/g)
    // What has two names stands there under one of them, and again under the other.
    for (const [, name] of exported) assert.match(index, new RegExp(`^(- \\[|### )${name}\\b`, 'm'))
  })
})
