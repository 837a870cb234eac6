/** What a public project has, and that its parts agree with each other. */
import assert from 'node:assert/strict'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { OLDEST } from '../nodes/right-node.ts'
import { PROJECT } from './support/node-red.ts'

const read = (file: string) => readFileSync(join(PROJECT, file), 'utf8')
const pack = JSON.parse(read('package.json'))

describe('the public project', () => {
  it('says in package.json where it is and where to report, at one place', () => {
    const [, home] = /^git\+(https:.*)\.git$/.exec(pack.repository.url) ?? []
    assert.ok(home)
    assert.equal(pack.homepage, `${home}#readme`)
    assert.equal(pack.bugs.url, `${home}/issues`)
    assert.ok(read('SECURITY.md').includes(`${home}/security/advisories/new`))
  })

  it('has changes that are not released, and then its versions by date', () => {
    const [first, ...released] = read('CHANGELOG.md').match(/^## .*$/gm) ?? []
    assert.equal(first, '## Unreleased')
    const dates = released.map((heading) => {
      const [, date = ''] = /^## \d+\.\d+\.\d+ - (\d{4}-\d\d-\d\d)$/.exec(heading) ?? []
      assert.ok(!Number.isNaN(Date.parse(date)), heading)
      return date
    })
    assert.deepEqual(dates, dates.toSorted().reverse())
    assert.ok(released[0]?.startsWith(`## ${pack.version} `), 'the newest is that of package.json')
  })

  it('has each change once, in the group of what was added, changed or fixed', () => {
    const [, unreleased = ''] = /^## Unreleased\n\n([\s\S]*?)^## /m.exec(read('CHANGELOG.md')) ?? []
    assert.deepEqual(unreleased.match(/^### .*$/gm), ['### Added', '### Changed', '### Fixed'])
    assert.match(unreleased, /^### /, 'no change stands above the groups')
    const changes: string[] = unreleased.match(/^- .*$/gm) ?? []
    assert.deepEqual(
      changes.filter((change, index) => changes.indexOf(change) !== index),
      [],
    )
  })

  it('is tried in CI on the oldest Node.js that is promised, and on the one of the tests', () => {
    const workflow = read('.github/workflows/ci.yml')
    const [own] = pack.devDependencies.node.match(/\d+/)
    assert.match(workflow, new RegExp(`^ +node: \\['${OLDEST}', '${own}'\\]$`, 'm'))
    assert.match(workflow, /^ +- run: \.ci\/run$/m)
  })

  it('has forms for issues and a template for pull requests', () => {
    for (const form of globSync('.github/ISSUE_TEMPLATE/*.yml', { cwd: PROJECT })) {
      if (form.endsWith('config.yml')) continue
      for (const key of ['name', 'description', 'body']) {
        assert.match(read(form), new RegExp(`^${key}:`, 'm'), form)
      }
    }
    assert.ok(existsSync(join(PROJECT, '.github/PULL_REQUEST_TEMPLATE.md')))
  })
})
