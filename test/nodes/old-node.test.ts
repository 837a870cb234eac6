/** A Node-RED that runs on a Node.js that is too old: npm only warns of it. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { isTooOld, OLDEST } from '../../nodes/right-node.ts'
import { config, probe, TAB } from '../support/flows.ts'
import { LINES, type Line, NodeRed, PROJECT } from '../support/node-red.ts'
import { TYPES } from '../support/node-types.ts'
import { hasSqlite, usesSqlite } from '../support/node-under-test.ts'
import { OLD_NODE } from '../support/old-node.ts'
import { requires } from '../support/required.ts'

const NAME = '@mqueue/node-red-mqueue'
const SENTENCE =
  /need Node\.js 22\.9 or later, and this is Node\.js \d+\.\d+\.\d+\. Install a newer/g

describe('an old Node.js', () => {
  const { engines, 'node-red': set } = JSON.parse(
    readFileSync(join(PROJECT, 'package.json'), 'utf8'),
  )

  it('is one before that of package.json', () => {
    assert.equal(engines.node, `>=${OLDEST}`)
    for (const version of ['18.20.4', '22.8.9', '9.30.0']) assert.ok(isTooOld(version), version)
    for (const version of ['22.9.0', '22.10.1', '24.0.0']) assert.ok(!isTooOld(version), version)
  })

  it('is looked for before anything is imported, in what Node-RED loads of each node', () => {
    for (const type of TYPES) {
      assert.equal(set.nodes[type], `dist/nodes/palette/${type}.js`)
      const text = readFileSync(join(PROJECT, `nodes/palette/${type}.ts`), 'utf8')
      assert.doesNotMatch(text, /^(import|export)\b/m, 'it is CommonJS')
      const imported = [...text.matchAll(/import\('(.*\.ts)'\)/g)].map(([, from]) => from)
      assert.deepEqual(imported, ['../right-node.ts', `../${type}.ts`])
    }
    const text = readFileSync(join(PROJECT, 'nodes/right-node.ts'), 'utf8')
    assert.doesNotMatch(text, /^import (?!type)/m)
  })

  describe('in Node-RED 4.1', () => {
    requires(OLD_NODE !== undefined, 'apt-get install nodejs')

    it('is reported in one sentence, and no node is loaded', async () => {
      const { file: node = '', version } = OLD_NODE ?? {}
      const add = { id: 'add', type: 'mq-add', z: 'tab', mqueue: 'config', queue: 'q', wires: [] }
      const flows = [TAB, config([{ name: 'q' }]), add]
      const nodeRed = await NodeRed.launch({ line: '4.1', node, flows })
      try {
        await nodeRed.logged(/Waiting for missing types/)
        await nodeRed.logged(/Server now running/)
        assert.equal(nodeRed.log.match(SENTENCE)?.length, 1, nodeRed.log)
        assert.ok(nodeRed.log.includes(`this is Node.js ${version}.`))
        const answer = await fetch(`${nodeRed.url}/nodes`, {
          headers: { Accept: 'application/json' },
        })
        const sets = (await answer.json()) as { module: string; types: string[]; err?: unknown }[]
        const ours = sets.filter(({ module }) => module === NAME)
        assert.deepEqual(ours.flatMap(({ types }) => types).sort(), TYPES.toSorted())
        for (const { err } of ours) assert.ok(err, 'its page is not sent to the editor')
        const rest = nodeRed.log.match(/Error: Not loaded: Node\.js \S+ is too old\.$/gm)
        assert.equal(rest?.length, TYPES.length - 1, nodeRed.log)
      } finally {
        await nodeRed.stop()
      }
    })
  })
})

describe('a Node.js before 22.12, which cannot require an ES module', () => {
  for (const line of Object.keys(LINES) as Line[]) {
    it(`loads the nodes into Node-RED ${line}, and they work`, async () => {
      const env = { NODE_OPTIONS: '--no-experimental-require-module' }
      const flows = [
        TAB,
        config([{ name: 'q' }]),
        ...probe({ id: 'add', type: 'mq-add', queue: 'q' }),
      ]
      const nodeRed = await NodeRed.start({ line, env, flows })
      try {
        assert.doesNotMatch(nodeRed.log, /ERR_REQUIRE_ESM|types/)
        const { msg } = await nodeRed.ask('add', { topic: 'k', payload: 1 })
        assert.equal(msg?.mqsize, 1)
      } finally {
        await nodeRed.stop()
      }
    })
  }
})

describe('the Node.js that the tests run Node-RED on', () => {
  it('has SQLite from 22.13 on', () => {
    for (const version of ['22.9.0', '22.12.9']) assert.ok(!hasSqlite(version), version)
    for (const version of ['22.13.0', '23.0.0', '24.1.0']) assert.ok(hasSqlite(version), version)
  })

  it('needs SQLite for a queue with a dbmode and no other database', () => {
    const of = (queue: object, more: object = {}) => usesSqlite(config([queue], more))
    assert.ok(!of({ name: 'q' }) && !of({ name: 'q', dbmode: '0' }))
    assert.ok(of({ name: 'q', dbmode: 4 }) && of({ name: 'q', dbmode: '1' }))
    assert.ok(of({ name: 'q', dbmode: 4 }, { dbUrl: 'sqlite:/tmp/q.sqlite' }))
    assert.ok(!of({ name: 'q', dbmode: 4 }, { dbUrl: 'postgres://127.0.0.1/test' }))
    assert.ok(!usesSqlite(TAB))
  })
})
