import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { type FlowNode, PROJECT } from '../support/node-red.ts'
import { TYPES } from '../support/node-types.ts'
import { nodeFor } from '../support/node-under-test.ts'
import { OverHttp } from './over-http.ts'
import { SCENARIOS } from './scenarios.ts'

const EXAMPLES = globSync(join(PROJECT, 'examples/*.json')).sort()
const read = (file: string): FlowNode[] => JSON.parse(readFileSync(file, 'utf8'))

describe('the examples', () => {
  it('use every node', () => {
    const types = new Set(EXAMPLES.flatMap(read).map(({ type }) => type))
    for (const type of TYPES) assert.ok(types.has(type), type)
  })

  it('can all be imported into one flow: no two nodes share an id', () => {
    const ids = EXAMPLES.flatMap(read).map(({ id }) => id)
    assert.equal(new Set(ids).size, ids.length)
  })

  it('have a place for each node, a name for each queue owner, and words about it', () => {
    for (const file of EXAMPLES) {
      const nodes = read(file)
      const placed = nodes.filter(({ type }) => type !== 'tab' && type !== 'mqueue')
      for (const { id, x, y } of placed) assert.ok(Number(x) > 0 && Number(y) > 0, id)
      const places = placed.map(({ x, y }) => `${x},${y}`)
      assert.equal(new Set(places).size, places.length, file)
      for (const { id, type, name } of nodes) if (type === 'mqueue') assert.ok(name, id)
      assert.ok(nodes.some(({ type }) => type === 'comment'))
    }
  })

  describe('run as they are', () => {
    // Those with queues in SQLite may need another Node.js than the others.
    const started = new Map<string, OverHttp>()
    async function handsFor(flow: FlowNode[]): Promise<OverHttp> {
      const node = nodeFor(flow)
      const hands = started.get(node) ?? (await OverHttp.start([], { node }))
      started.set(node, hands)
      await hands.deploy(flow)
      return hands
    }
    after(async () => {
      for (const hands of started.values()) await hands.stop()
    })

    for (const file of EXAMPLES) {
      const name = basename(file, '.json')
      it(name, async () => {
        const scenario = SCENARIOS[name]
        assert.ok(scenario, 'nobody has tried it')
        const hands = await handsFor(read(file))
        await scenario(hands)
        assert.doesNotMatch(hands.log, /\[error\]/)
      })
    }
  })
})
