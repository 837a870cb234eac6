/** The pages for people: whatever they link to or show is there. */
import assert from 'node:assert/strict'
import { existsSync, globSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { parseModparams } from '../src/modparam.ts'
import { isLabel } from './support/labels.ts'
import { PROJECT } from './support/node-red.ts'
import { anchors, italics, links, PAGES, read, targets } from './support/pages.ts'

describe('the pages', () => {
  for (const page of PAGES) {
    it(`${page} leads to files and headings that exist`, () => {
      for (const { link, path, anchor } of targets(page)) {
        assert.ok(existsSync(join(PROJECT, path)), `${link}: there is no ${path}`)
        if (anchor === '') continue
        assert.ok(anchors(read(path)).includes(anchor), `${link}: no such heading in ${path}`)
      }
    })
  }

  it('name no other branch, and no repository that is almost this one', () => {
    for (const page of PAGES) {
      const own = targets(page).map(({ link }) => link)
      const others = links(read(page)).filter(
        (link) => /node-red-mqueue/.test(link) && !own.includes(link),
      )
      const known =
        /^https:\/\/github\.com\/mqueue\/node-red-mqueue(\.git|\/(issues|discussions|security|pulls|compare|releases|actions)\b.*)?$/
      for (const link of others) assert.match(link, known, page)
    }
  })

  it('show every picture that there is, and no other; none is large', () => {
    const shown = PAGES.flatMap((page) => targets(page)).map(({ path }) => path)
    for (const file of globSync('docs/images/*', { cwd: PROJECT })) {
      assert.ok(shown.includes(file), `no page shows ${file}`)
      const most = file === 'docs/images/animation.png' ? 1_500_000 : 200_000
      assert.ok(statSync(join(PROJECT, file)).size < most, file)
    }
  })

  it('call what is in the editor by the words that stand there', () => {
    for (const page of ['README.md', 'docs/nodes.md', 'docs/redis.md']) {
      for (const words of italics(read(page)).flatMap((text) => text.split(' › '))) {
        assert.ok(isLabel(words), `${page}: nothing in the editor is called "${words}"`)
      }
    }
  })

  it('have a kamailio.cfg that can be imported', () => {
    const [, cfg = ''] =
      /```\n(loadmodule "mqueue\.so"\nmodparam[^`]*)```/.exec(read('docs/kamailio.md')) ?? []
    const { definitions, errors } = parseModparams(cfg)
    assert.deepEqual(errors, [])
    assert.deepEqual(
      definitions.map(({ name }) => name),
      ['jobs'],
    )
  })
})
