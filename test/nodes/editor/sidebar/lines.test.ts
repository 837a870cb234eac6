import assert from 'node:assert/strict'
import type { NodeAnswer } from '../../../../nodes/editor/sidebar/answers.ts'
import { Layout } from '../../../../nodes/editor/sidebar/layout.ts'
import { HEIGHTS, linesOf } from '../../../../nodes/editor/sidebar/lines.ts'

function node(id: string, name: string, queues: string[], errors?: string[]): NodeAnswer {
  return {
    id,
    name,
    engine: 'memory',
    ...(errors && { errors }),
    queues: queues.map((queue) => ({ name: queue, bound: 0, size: 0 })),
  }
}

const nodes = [
  node('n1', 'Phone queues', ['calls', 'lost-calls'], ['The size must be a number.']),
  node('n2', '', ['presence']),
  node('n3', 'empty', []),
]

const nameOf = ({ name }: NodeAnswer) => (name === '' ? 'unnamed (first)' : name)
const all = () => linesOf(nodes, '', new Set(), nameOf)

function shown(search = '', folded: string[] = []): string[] {
  return linesOf(nodes, search, new Set(folded), nameOf).map((line) => {
    if (line.is === 'node') return `${line.node.id} ${line.isOpen ? 'open' : 'folded'}`
    return line.is === 'queue' ? line.queue.name : line.error
  })
}

describe('the lines of the list', () => {
  it('are the config nodes, what is wrong with each, and its queues', () => {
    assert.deepEqual(shown(), [
      ...['n1 open', 'The size must be a number.', 'calls', 'lost-calls'],
      ...['n2 open', 'presence', 'n3 open'],
    ])
  })

  it('have only the config node where that is folded', () => {
    assert.deepEqual(shown('', ['n1', 'n3']), ['n1 folded', 'n2 open', 'presence', 'n3 folded'])
  })

  it('are those whose name has what is searched for, folded or not', () => {
    assert.deepEqual(shown(' LOST'), ['n1 open', 'The size must be a number.', 'lost-calls'])
    assert.deepEqual(shown('pres', ['n2']), ['n2 open', 'presence'])
    assert.deepEqual(shown('nowhere'), [])
  })

  it('have all queues of a config node whose own name matches', () => {
    assert.deepEqual(shown('phone').slice(2), ['calls', 'lost-calls'])
    assert.deepEqual(shown('empty'), ['n3 open'])
    // By what is shown for a name.
    assert.deepEqual(shown('(FIRST'), ['n2 open', 'presence'])
  })

  it('know their place among their siblings, and have their own key', () => {
    const lines = all()
    const places = lines.map(({ position, count }) => `${position}/${count}`)
    assert.deepEqual(places, ['1/3', '1/3', '2/3', '3/3', '2/3', '1/1', '3/3'])
    assert.equal(new Set(lines.map(({ key }) => key)).size, lines.length)
  })
})

describe('the layout of the list', () => {
  const layout = new Layout(all())
  const { node: head, error, queue } = HEIGHTS

  it('puts each line below the one before it', () => {
    assert.equal(layout.top(0), 0)
    assert.equal(layout.top(2), head + error)
    assert.equal(layout.bottom(2), head + error + queue)
    assert.equal(layout.height, 3 * head + error + 3 * queue)
    assert.equal(layout.bottom(6), layout.height)
  })

  it('finds the line at a height', () => {
    assert.equal(layout.at(-50), 0)
    assert.equal(layout.at(0), 0)
    assert.equal(layout.at(head - 1), 0)
    assert.equal(layout.at(head), 1)
    assert.equal(layout.at(layout.height - 1), 6)
    assert.equal(layout.at(layout.height + 1000), 6)
    assert.equal(new Layout([]).at(0), -1)
  })

  it('scrolls no further than is needed to see a line whole', () => {
    assert.equal(layout.scrolledTo(0, 100, 200), 0)
    assert.equal(layout.scrolledTo(6, 0, 200), layout.height - 200)
    const [top, bottom] = [layout.top(2), layout.bottom(2)]
    assert.equal(layout.scrolledTo(2, top - 10, bottom - top + 20), top - 10)
  })

  it('has no place for a line that is not there', () => {
    assert.equal(layout.indexOf(undefined), -1)
    assert.equal(layout.indexOf('gone'), -1)
    assert.equal(layout.indexOf('n2'), 4)
  })
})
