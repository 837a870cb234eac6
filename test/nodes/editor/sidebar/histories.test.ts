import assert from 'node:assert/strict'
import type { NodeAnswer, QueueAnswer } from '../../../../nodes/editor/sidebar/answers.ts'
import { Histories, keyOf } from '../../../../nodes/editor/sidebar/histories.ts'
import { LocalEngine, parseDefinition } from '../../../../src/index.ts'
import { Overviews } from '../../../../src/overview.ts'

const queue = (counts: Partial<QueueAnswer>): QueueAnswer => ({
  name: 'calls',
  bound: 0,
  size: 0,
  ...counts,
})
const node = (id: string, ...queues: QueueAnswer[]): NodeAnswer => ({
  id,
  name: '',
  engine: 'memory',
  queues,
})

describe('the histories of all queues', () => {
  it('take for taken what was fetched and what was acknowledged', () => {
    const histories = new Histories()
    const before = queue({ added: 0, fetched: 0, acknowledged: 0 })
    const after = queue({ added: 9, fetched: 2, acknowledged: 4 })
    histories.note({ time: 1000, nodes: [node('a', before)] })
    histories.note({ time: 2000, nodes: [node('a', after)] })
    assert.deepEqual(histories.of(node('a'), after).rates(), { added: 9, taken: 6 })
  })

  it('are those of each queue of each node', () => {
    const histories = new Histories()
    const answer = (added: number) => [node('a', queue({ added })), node('b', queue({ added: 0 }))]
    histories.note({ time: 1000, nodes: answer(0) })
    histories.note({ time: 2000, nodes: answer(5) })
    assert.equal(histories.of(node('a'), queue({})).rates()?.added, 5)
    assert.equal(histories.of(node('b'), queue({})).rates()?.added, 0)
    assert.notEqual(keyOf('a-b', 'c'), keyOf('a', 'b-c'))
    assert.notEqual(keyOf('a","b', 'c'), keyOf('a', 'b","c'))
  })

  it('are taken from what the runtime answers', async () => {
    const engine = new LocalEngine()
    await engine.define([parseDefinition({ name: 'calls' })])
    let time = 0
    const source = { id: 'a', name: '', kind: 'memory', errors: [], engine }
    const overviews = new Overviews(
      () => [source],
      () => time,
    )
    const histories = new Histories()
    const look = async () => (await overviews.latest()).overview
    const first = await look()
    histories.note(first)
    for (let i = 0; i < 3; i++) await engine.add('calls', 'k', i)
    await engine.fetch('calls')
    time += 1000
    const { nodes } = await look()
    histories.note({ time: first.time + 1000, nodes })
    const [now] = nodes
    assert.deepEqual(now && histories.of(now, now.queues[0] as QueueAnswer).rates(), {
      added: 3,
      taken: 1,
    })
    await engine.close()
  })

  it('skip a queue that cannot be counted at the moment', () => {
    const histories = new Histories()
    const note = (time: number, counts: Partial<QueueAnswer>) =>
      histories.note({ time, nodes: [node('a', queue(counts))] })
    note(1000, { added: 0 })
    note(2000, { size: null })
    note(3000, { added: 8 })
    assert.equal(histories.of(node('a'), queue({})).rates()?.added, 4)
  })

  it('forget a queue that has been gone for five minutes', () => {
    const histories = new Histories()
    histories.note({ time: 1000, nodes: [node('a', queue({ added: 0 }))] })
    const kept = histories.of(node('a'), queue({}))
    histories.note({ time: 300_000, nodes: [] })
    assert.equal(histories.of(node('a'), queue({})), kept)
    histories.note({ time: 302_000, nodes: [] })
    assert.notEqual(histories.of(node('a'), queue({})), kept)
  })
})
