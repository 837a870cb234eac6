/** The README is what a stranger meets on npm and in the Flow Library, which show it without the repository. */
import assert from 'node:assert/strict'
import { FLOW_TYPES } from './support/node-types.ts'
import { links, read } from './support/pages.ts'

const README = read('README.md')
const [FIRST = ''] = README.split('\n').filter((line) => line !== '' && !line.startsWith('#'))

describe('the README', () => {
  it('is short', () => {
    const words = README.split(/\s+/).filter((word) => word !== '').length
    assert.ok(words <= 1200, `${words} words`)
  })

  it('says in its first sentence what it is, to those who know neither SIP nor Kamailio', () => {
    assert.match(FIRST, /^\*\*Queues for Node-RED: .*\.\*\*$/)
    assert.doesNotMatch(FIRST, /SIP|Kamailio|mqueue/i)
  })

  it('has absolute links and pictures only, since a copy elsewhere has no others', () => {
    for (const link of links(README)) assert.match(link, /^https?:\/\//)
    assert.doesNotMatch(README, /!\[[^\]]*\]\(https:\/\/github\.com/, 'a picture comes from raw')
  })

  it('has the commands for contributors on its first screen, in one line', () => {
    const line = README.split('\n').findIndex((text) =>
      /`npm ci && npm start`.*`npm ci && npm test`/.test(text),
    )
    assert.ok(line > 0 && line < 30, `line ${line}`)
  })

  it('names each node as the palette does', () => {
    const rows = [...README.matchAll(/^\| (queue \w+) \| `([\w-]+)` \|/gm)]
    const named = rows.map(([, label, type]) => [type, label])
    const inPalette = FLOW_TYPES.map((type) => {
      const catalogue = JSON.parse(read(`nodes/locales/en-US/${type}.json`))
      return [type, catalogue[type].palette]
    })
    assert.deepEqual(named.toSorted(), inPalette.toSorted())
  })
})
