/** docs/recipes.md: each recipe has a flow that is imported and tried, and the README leads to it. */
import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type FlowNode, PROJECT } from '../support/node-red.ts'
import { anchors, read, targets } from '../support/pages.ts'
import { RECIPES } from './recipes.ts'
import { SCENARIOS } from './scenarios.ts'

const PAGE = 'docs/recipes.md'
/** What tries the flows that need a server. */
const ELSEWHERE: Record<string, string> = {
  'kamailio/flows.json': 'test/examples/kamailio.test.ts',
  'redis/flows.json': 'test/examples/redis.test.ts',
  'needs-a-broker/offline-buffer.json': 'test/mqtt/offline-buffer.test.ts',
}

const nodesOf = (example: string): FlowNode[] =>
  JSON.parse(readFileSync(join(PROJECT, 'examples', example), 'utf8'))

describe('the recipes', () => {
  for (const { heading, example, steps } of RECIPES) {
    it(`"${heading}" has a flow with the buttons that it names, and somebody tries it`, () => {
      const nodes = nodesOf(example)
      const names = (type: string) =>
        nodes.filter((node) => node.type === type).map((one) => one.name)
      assert.ok(steps.length > 0 || example in ELSEWHERE, 'there is no button to press')
      for (const step of steps) {
        if ('press' in step) assert.ok(names('inject').includes(step.press), step.press)
        else assert.ok(names('debug').includes(step.debug), step.debug)
      }
      if (SCENARIOS[example.replace('.json', '')] !== undefined) return
      const [folder = '', file = ''] = example.split('/')
      const test = read(ELSEWHERE[example] ?? assert.fail(`nobody tries ${example}`))
      assert.ok(test.includes(folder) && test.includes(file), `${folder}/${file}`)
    })
  }

  it('has one for each row of what the README says one may want, under the same words', () => {
    const [, table = ''] = /^## I want to …\n([\s\S]*?)^## /m.exec(read('README.md')) ?? []
    const rows = [...table.matchAll(/^\| \[([^\]]*)\]\(([^)]*)\)/gm)]
    assert.ok(rows.length > 10, `${rows.length} rows`)
    assert.equal(rows.length, table.split('\n').filter((line) => /^\| [^-|]/.test(line)).length)
    const sections = RECIPES.map(({ heading }) => heading)
    for (const [, words = '', link = ''] of rows) {
      const heading = `${words[0]?.toUpperCase()}${words.slice(1)}`
      assert.ok(sections.includes(heading), heading)
      assert.ok(link.endsWith(`/${PAGE}#${anchors(`## ${heading}`)}`), link)
    }
  })

  it('link to every example', () => {
    const linked = targets(PAGE).map(({ path }) => path)
    for (const file of globSync('examples/**/*.json', { cwd: PROJECT })) {
      assert.ok(linked.includes(file), file)
    }
  })
})
