import assert from 'node:assert/strict'
import { StatusLine } from '../../nodes/status.ts'
import { load, unload } from '../support/bench.ts'
import { config } from '../support/flows.ts'
import { until } from '../support/node-red.ts'

interface Status {
  fill: string
  text: string
  source: { id: string }
}

const settle = () => new Promise((resolve) => setTimeout(resolve, 400))

/** Loads nodes and gives what each shows, as `fill text`; the last is the newest. */
async function showing(nodes: Parameters<typeof load>[0], queues: object[] = [{ name: 'q' }]) {
  const bench = await load([config(queues, { name: 'queues' }), ...nodes])
  const shown = (id: string) =>
    bench.heard.flatMap(({ what, msg }) => {
      const status = msg.status as Status | undefined
      if (what !== 'status' || status?.source.id !== id) return []
      return [`${status.fill} ${status.text}`]
    })
  return { ...bench, shown }
}

describe('the status of a node', () => {
  afterEach(unload)

  it('is the size and the bound, without waiting for a message', async () => {
    const { shown } = await showing(
      [
        { id: 'add', type: 'mq-add', queue: 'bounded' },
        { id: 'fetch', type: 'mq-fetch', queue: 'q' },
        { id: 'size', type: 'mq-size', queueType: 'all' },
        { id: 'free', type: 'mq-pv-free', queue: 'q' },
        {
          id: 'env',
          type: 'mq-add',
          queue: '$env("MQ_NO_SUCH") = "" ? "q" : "x"',
          queueType: 'jsonata',
        },
      ],
      [{ name: 'q' }, { name: 'bounded', size: 100 }],
    )
    await settle()
    assert.deepEqual(shown('add'), ['grey 0 / 100'])
    for (const id of ['fetch', 'size', 'free', 'env']) assert.deepEqual(shown(id), ['grey 0'])
  })

  it('follows the queue, whichever node changes it', async () => {
    const { shown, node } = await showing(
      [
        { id: 'add', type: 'mq-add', queue: 'q' },
        { id: 'fetch', type: 'mq-fetch', queue: 'q' },
        { id: 'all', type: 'mq-size', queueType: 'all' },
      ],
      [{ name: 'q', size: 2 }],
    )
    await settle()
    node('add').receive({ payload: 1 })
    await settle()
    node('add').receive({ payload: 2 })
    await settle()
    for (const id of ['add', 'fetch']) {
      assert.deepEqual(shown(id), ['grey 0 / 2', 'green 1 / 2', 'yellow 2 / 2'])
    }
    assert.deepEqual(shown('all'), ['grey 0', 'green 1', 'green 2'])
    node('fetch').receive({})
    await settle()
    assert.equal(shown('add').at(-1), 'green 1 / 2')
  })

  it('changes at most four times a second, and ends with the last state', async () => {
    const { shown, node } = await showing([{ id: 'add', type: 'mq-add', queue: 'q' }])
    await settle()
    const from = Date.now()
    let added = 0
    while (Date.now() - from < 2000) {
      node('add').receive({ payload: ++added })
      await new Promise((resolve) => setImmediate(resolve))
    }
    const changes = shown('add').length - 1
    assert.ok(changes >= 4 && changes <= 9, `${changes} changes in two seconds`)
    await until(() => shown('add').at(-1) === `green ${added}`, 'the last size')
  })

  it('stays as it is while nothing changes', async () => {
    const { shown, run } = await showing([
      { id: 'fetch', type: 'mq-fetch', queue: 'q' },
      { id: 'size', type: 'mq-size', queue: 'q' },
    ])
    await settle()
    const before = [...shown('fetch')]
    assert.equal(before.length, 1)
    await run('fetch', {})
    await run('size', {})
    await settle()
    assert.deepEqual([...shown('fetch'), ...shown('size')], [])
  })

  it('is a red ring with the reason where something is wrong, until it is right again', async () => {
    const { shown, node } = await showing(
      [
        { id: 'unknown', type: 'mq-add', queue: 'nope' },
        { id: 'none', type: 'mq-add', queue: '' },
        { id: 'bad', type: 'mq-fetch', queue: 'bad' },
        { id: 'unset', type: 'mq-size', queue: 'q', mqueue: '' },
        { id: 'add', type: 'mq-add', queue: 'q' },
      ],
      [{ name: 'q' }, { name: 'bad', size: -1 }],
    )
    await settle()
    assert.deepEqual(shown('unknown'), ['red unknown queue'])
    assert.deepEqual(shown('none'), ['red unknown queue'])
    assert.deepEqual(shown('bad'), ['red invalid definition'])
    assert.deepEqual(shown('unset'), ['red no configuration'])
    node('add').receive({ topic: {}, payload: 1 } as never)
    await settle()
    node('add').receive({})
    await settle()
    node('add').receive({ payload: 1 })
    await settle()
    assert.deepEqual(shown('add'), ['grey 0', 'red invalid key', 'red invalid value', 'green 1'])
  })

  it('follows the queue used last where messages name it', async () => {
    const { shown, run, node } = await showing(
      [
        { id: 'named', type: 'mq-fetch', queue: 'queue', queueType: 'msg' },
        { id: 'add', type: 'mq-add', queue: 'b' },
      ],
      [{ name: 'a' }, { name: 'b' }],
    )
    await run('named', { queue: 'a' })
    await run('named', { queue: 'b' })
    await settle()
    node('add').receive({ payload: 1 })
    await settle()
    assert.equal(shown('named').at(-1), 'green 1')
  })

  it('shows the queue used last where messages name it', async () => {
    const { shown, run } = await showing(
      [{ id: 'add', type: 'mq-add', queue: 'queue', queueType: 'msg' }],
      [{ name: 'a' }, { name: 'b', size: 5 }],
    )
    await settle()
    // Nothing, but nor what an earlier instance of the node showed.
    assert.deepEqual(shown('add'), ['undefined undefined'])
    await run('add', { queue: 'b', payload: 1 })
    await settle()
    assert.deepEqual(shown('add'), ['green 1 / 5'])
  })
})

describe('a status that stays the same', () => {
  it('is found out at most four times a second, however often it may have changed', async () => {
    let looks = 0
    const line = new StatusLine({ status() {} } as never, () => {
      looks++
      return { text: 'the same' }
    })
    const from = Date.now()
    while (Date.now() - from < 1000) {
      line.touch()
      await new Promise((resolve) => setImmediate(resolve))
    }
    line.close()
    assert.ok(looks >= 3 && looks <= 5, `${looks} looks in a second`)
  })
})

describe('a status that takes its time to find out', () => {
  it('is asked for again when it changed meanwhile, and one at a time', async () => {
    const shown: unknown[] = []
    let size = 1
    let asking = 0
    const line = new StatusLine(
      { status: (status: unknown) => shown.push(status) } as never,
      async () => {
        assert.equal(++asking, 1)
        const text = String(size)
        await new Promise((resolve) => setTimeout(resolve, 50))
        asking--
        return { text }
      },
    )
    line.touch()
    await new Promise((resolve) => setTimeout(resolve, 20))
    size = 2
    line.touch()
    await until(() => shown.length === 2, 'both sizes')
    assert.deepEqual(shown, [{ text: '1' }, { text: '2' }])
    line.touch()
    line.close()
    size = 3
    await settle()
    assert.equal(shown.length, 2)
  })
})
