import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { type FlowNode, NodeRed, PROJECT, until } from './support/node-red.ts'

const EXAMPLES = globSync(join(PROJECT, 'examples/*.json')).sort()
const read = (file: string): FlowNode[] => JSON.parse(readFileSync(file, 'utf8'))
const FLOW_NODES = ['mq-add', 'mq-fetch', 'mq-size', 'mq-pv-free']

describe('the examples', () => {
  it('use every node', () => {
    const types = new Set(EXAMPLES.flatMap(read).map(({ type }) => type))
    for (const type of ['mqueue', ...FLOW_NODES]) assert.ok(types.has(type), type)
  })

  it('can all be imported into one flow: no two nodes share an id', () => {
    const ids = EXAMPLES.flatMap(read).map(({ id }) => id)
    assert.equal(new Set(ids).size, ids.length)
  })

  describe('run as they are', () => {
    let nodeRed: NodeRed
    before(async () => {
      nodeRed = await NodeRed.start({ flows: [] })
    })
    after(() => nodeRed.stop())

    for (const file of EXAMPLES) {
      it(basename(file, '.json'), async () => {
        const nodes = read(file)
        // What the debug nodes show goes to the log as well, and errors of any node do.
        const flow = nodes.map((node) =>
          node.type === 'debug' ? { ...node, console: true, tosidebar: true, active: true } : node,
        )
        const from = nodeRed.log.length
        await nodeRed.deploy(flow)
        const inject = async (node: FlowNode) => {
          const response = await fetch(`${nodeRed.url}/inject/${node.id}`, { method: 'POST' })
          assert.equal(response.status, 200)
        }
        for (const node of nodes) if (node.type === 'inject') await inject(node)
        const debugged = () => nodeRed.log.slice(from).split('[debug:').length - 1
        await until(() => debugged() >= 2, 'the debug nodes to show something')
        assert.doesNotMatch(nodeRed.log.slice(from), /\[error\]/)
      })
    }
  })
})
