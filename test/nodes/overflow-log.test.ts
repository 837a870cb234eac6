/** What the log says of full queues that drop their oldest items. */
import assert from 'node:assert/strict'
import { OverflowLog } from '../../nodes/overflow-log.ts'
import { LocalEngine, parseDefinitions } from '../../src/index.ts'
import { config, probe, TAB } from '../support/flows.ts'
import { NodeRed } from '../support/node-red.ts'

const MINUTE = 60_000

describe('the log of a full queue', () => {
  /** A config node with queues of two items, and what it warns of. */
  function holder(...names: string[]) {
    const engine = new LocalEngine()
    const define = (size = 2) =>
      engine.define(parseDefinitions(names.map((name) => ({ name, size }))).definitions)
    define()
    const said: string[] = []
    const add = (queue: string, count: number) => {
      for (let added = 0; added < count; added++) engine.add(queue, 'k', added)
    }
    return { inUse: { engine }, warn: (text: string) => said.push(text), said, add, define }
  }

  it('says nothing of a queue that drops nothing', () => {
    const [log, node] = [new OverflowLog(), holder('q')]
    node.add('q', 2)
    log.look(node, 0)
    assert.deepEqual(node.said, [])
  })

  it('says once a minute how many were dropped in it, and what to do', () => {
    const [log, node] = [new OverflowLog(), holder('q', 'other')]
    node.add('q', 5)
    log.look(node, 0)
    const advice = 'Take its items faster, raise its size, or set "When full" to refuse.'
    const warning = (count: number) =>
      `Queue "q": full, and its oldest items were dropped: ${count} in the last minute. ${advice}`
    assert.deepEqual(node.said.splice(0), [warning(3)])
    for (let second = 1; second < 60; second++) {
      node.add('q', 1)
      log.look(node, second * 1_000)
    }
    assert.deepEqual(node.said, [])
    log.look(node, MINUTE)
    assert.deepEqual(node.said.splice(0), [warning(59)])
    log.look(node, 2 * MINUTE)
    assert.deepEqual(node.said, [])
    node.add('other', 3)
    log.look(node, 2 * MINUTE)
    assert.match(node.said.join(), /^Queue "other": .*: 1 in the last minute\./)
  })

  it('leaves out what was dropped by a new definition, and says what is due before one', () => {
    const [log, node] = [new OverflowLog(), holder('q')]
    node.add('q', 3)
    log.look(node, 0)
    node.add('q', 2)
    log.look(node, 1, true)
    assert.match(node.said.splice(0).join(), /: 1 in .*: 2 in /)
    node.define(1)
    log.skip(node)
    log.look(node, MINUTE + 1)
    assert.deepEqual(node.said, [])
  })

  it('leaves out what a node has sent on', () => {
    const [log, node] = [new OverflowLog(), holder('q')]
    node.add('q', 5)
    log.leaveOut(node.inUse.engine, 'q', 3)
    log.look(node, 0)
    assert.deepEqual(node.said, [])
    node.add('q', 2)
    log.leaveOut(node.inUse.engine, 'q', 1)
    log.look(node, 0)
    assert.match(node.said.join(), /: 1 in the last minute/)
  })

  it('says nothing of items that leave on the second output of mq-add', async () => {
    const nodeRed = await NodeRed.start({
      line: '4.1',
      flows: [
        TAB,
        config(['q', 'silent'].map((name) => ({ name, size: 1 }))),
        ...probe({ id: 'sends', type: 'mq-add', queue: 'q', dropped: true }, 1),
        ...probe({ id: 'drops', type: 'mq-add', queue: 'silent' }),
      ],
    })
    try {
      for (const id of ['sends', 'drops']) {
        for (const topic of ['a', 'b']) await nodeRed.ask(id, { topic, payload: 1 })
      }
      // The queues are looked at in their order.
      await nodeRed.logged(/Queue "silent": full/)
      assert.doesNotMatch(nodeRed.log, /Queue "q": full/)
    } finally {
      await nodeRed.stop()
    }
  })

  it('is that of Node-RED', async () => {
    const nodeRed = await NodeRed.start({
      line: '4.1',
      flows: [
        TAB,
        config([{ name: 'q', size: 1 }]),
        ...probe({ id: 'add', type: 'mq-add', queue: 'q' }),
      ],
    })
    try {
      const add = (topic: string) => nodeRed.ask('add', { topic, payload: 1 })
      for (const topic of ['a', 'b']) assert.equal((await add(topic)).error, undefined)
      const dropped = (count: number) =>
        RegExp(`Queue "q": full, and its oldest items were dropped: ${count} in the last minute`)
      await nodeRed.logged(dropped(1))
      // What is not said yet is said before a deploy, and what the deploy drops is said by it.
      for (const topic of ['c', 'd']) await add(topic)
      await nodeRed.deploy([
        TAB,
        config([{ name: 'q', size: 1, addmode: 2 }]),
        ...probe({ id: 'add', type: 'mq-add', queue: 'q' }),
      ])
      await nodeRed.logged(dropped(2))
    } finally {
      await nodeRed.stop()
    }
  })
})
