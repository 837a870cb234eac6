import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { config, probe, TAB } from '../support/flows.ts'
import { type FlowNode, makeUserDir, NodeRed } from '../support/node-red.ts'

/** A subflow that is installed as a package: its inner nodes stand in no flow file. */
function installSubflow(userDir: string): void {
  const dir = join(userDir, 'node_modules/mqueue-test-subflow')
  mkdirSync(dir, { recursive: true })
  const subflow = {
    id: 'module-subflow',
    type: 'subflow',
    name: 'a subflow from a module',
    in: [],
    out: [],
    env: [],
    meta: { module: 'mqueue-test-subflow', type: 'module-subflow', version: '1.0.0' },
    flow: [
      { ...config([{ name: 'q' }]), z: 'module-subflow' },
      ...probe({ id: 'add', type: 'mq-add', queue: 'q' }, 1, 'module-subflow'),
      ...probe({ id: 'fetch', type: 'mq-fetch', queue: 'q' }, 2, 'module-subflow'),
    ],
  }
  const pkg = {
    name: 'mqueue-test-subflow',
    version: '1.0.0',
    'node-red': { nodes: { 'module-subflow': 'subflow.js' } },
  }
  writeFileSync(join(dir, 'package.json'), JSON.stringify(pkg))
  writeFileSync(
    join(dir, 'subflow.js'),
    `module.exports = (RED) => RED.nodes.registerSubflow(${JSON.stringify(subflow)})`,
  )
}

describe('contents inside of a subflow that came as a module', () => {
  const instance: FlowNode = { id: 'one', type: 'module-subflow', z: 'tab', x: 1, y: 1, wires: [] }
  let nodeRed: NodeRed
  before(async () => {
    const userDir = makeUserDir()
    installSubflow(userDir)
    nodeRed = await NodeRed.start({ userDir, flows: [TAB, instance] })
  })
  after(() => nodeRed.stop())

  it('survive a full deploy and disabling, and go with the instance', async () => {
    await nodeRed.ask('add', { topic: 'k', payload: 'v' })
    await nodeRed.deploy([TAB, instance])
    await nodeRed.deploy([TAB, { ...instance, d: true }])
    await nodeRed.deploy([TAB, instance])
    assert.equal((await nodeRed.ask('fetch')).msg?.mqv, 'v')
    await nodeRed.ask('add', { topic: 'k', payload: 'v' })
    await nodeRed.deploy([TAB])
    await nodeRed.deploy([TAB, instance])
    assert.equal((await nodeRed.ask('fetch')).port, 1)
  })
})
