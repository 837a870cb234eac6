import assert from 'node:assert/strict'
import { StatusLine } from '../../nodes/status.ts'
import { load, unload } from '../support/bench.ts'
import { config } from '../support/flows.ts'
import { until } from '../support/node-red.ts'

interface Status {
  fill: string
  shape: string
  text: string
  source: { id: string }
}

/** Loads nodes and returns what each shows, as `fill text`; the last is the newest. */
async function showing(nodes: Parameters<typeof load>[0], queues: object[] = [{ name: 'q' }]) {
  const bench = await load([config(queues, { name: 'queues' }), ...nodes])
  const shown = (id: string) =>
    bench.received.flatMap(({ what, msg }) => {
      const status = msg.status as Status | undefined
      if (what !== 'status' || status?.source.id !== id) return []
      return [`${status.fill} ${status.text}`]
    })
  /** Waits until a node shows something, and checks all that it has shown. */
  async function shows(id: string, ...expected: string[]): Promise<void> {
    await until(() => shown(id).at(-1) === expected.at(-1), `${id} to show ${expected.at(-1)}`)
    assert.deepEqual(shown(id), expected)
  }
  return { ...bench, shown, shows }
}

describe('the status of a node', () => {
  afterEach(unload)

  it('is the size and the bound, without waiting for a message', async () => {
    const { shown, shows } = await showing(
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
    await shows('add', 'grey 0 / 100')
    for (const id of ['fetch', 'size', 'env']) await shows(id, 'grey 0')
    assert.ok(!shown('free').includes('grey 0'), 'mq-pv-free shows no size')
  })

  it('follows the queue, whichever node changes it', async () => {
    const { shows, node } = await showing(
      [
        { id: 'add', type: 'mq-add', queue: 'q' },
        { id: 'fetch', type: 'mq-fetch', queue: 'q' },
        { id: 'all', type: 'mq-size', queueType: 'all' },
      ],
      [{ name: 'q', size: 2 }],
    )
    const sizes = ['grey 0 / 2', 'green 1 / 2', 'yellow 2 / 2', 'green 1 / 2']
    const totals = ['grey 0', 'green 1', 'green 2', 'green 1']
    for (const [step, change] of [
      () => {},
      () => node('add').receive({ payload: 1 }),
      () => node('add').receive({ payload: 2 }),
      () => node('fetch').receive({}),
    ].entries()) {
      change()
      for (const id of ['add', 'fetch']) await shows(id, ...sizes.slice(0, step + 1))
      await shows('all', ...totals.slice(0, step + 1))
    }
  })

  it('counts what a full queue has dropped, on each of its nodes', async () => {
    const { shown, node, run } = await showing(
      [
        { id: 'add', type: 'mq-add', queue: 'q' },
        { id: 'fetch', type: 'mq-fetch', queue: 'q' },
        { id: 'consume', type: 'mq-consume', queue: 'q', inFlight: 1 },
      ],
      [{ name: 'q', size: 2 }],
    )
    node('add').receive({ payload: 1 })
    await until(() => shown('consume').at(-1) === 'green 1 in flight, 0 / 2', 'the first item')
    for (const payload of [2, 3, 4, 5, 6]) node('add').receive({ payload })
    for (const [id, text] of [
      ['add', 'yellow 2 / 2, 3 dropped'],
      ['fetch', 'yellow 2 / 2, 3 dropped'],
      ['consume', 'green 1 in flight, 2 / 2, 3 dropped'],
    ] as const) {
      await until(() => shown(id).at(-1) === text, `${id} to show ${text}`)
    }
    await run('fetch', {})
    await until(() => shown('add').at(-1) === 'green 1 / 2, 3 dropped', 'the count to stay')
  })

  it('changes at most four times a second, and ends with the last state', async () => {
    const { shown, node } = await showing([{ id: 'add', type: 'mq-add', queue: 'q' }])
    const changedAt: number[] = []
    const add = node('add')
    const { status } = add
    add.status = (shown) => {
      changedAt.push(performance.now())
      status.call(add, shown)
    }
    let added = 0
    while (changedAt.length < 9) {
      add.receive({ payload: ++added })
      await new Promise((resolve) => setImmediate(resolve))
    }
    await until(() => shown('add').at(-1) === `green ${added}`, 'the last size')
    for (const [index, at] of changedAt.slice(4).entries()) {
      const span = at - (changedAt[index] as number)
      assert.ok(span >= 1000, `five changes within ${span} ms`)
    }
  })

  it('stays as it is while nothing changes', async () => {
    const { shown, shows, node } = await showing(
      [
        { id: 'fetch', type: 'mq-fetch', queue: 'q' },
        { id: 'size', type: 'mq-size', queue: 'q' },
        { id: 'other', type: 'mq-add', queue: 'r' },
      ],
      [{ name: 'q' }, { name: 'r' }],
    )
    for (const id of ['fetch', 'size', 'other']) await shows(id, 'grey 0')
    node('fetch').receive({})
    node('size').receive({})
    // A node that has changed twice since has had time for both; so have the others.
    node('other').receive({ payload: 1 })
    await until(() => shown('other').includes('green 1'), 'the first change')
    node('other').receive({ payload: 2 })
    await until(() => shown('other').includes('green 2'), 'the second change')
    for (const id of ['fetch', 'size']) await shows(id, 'grey 0')
  })

  it('is a red ring with the reason where something is wrong, until it is right again', async () => {
    const { received, shows, node } = await showing(
      [
        { id: 'unknown', type: 'mq-add', queue: 'nope' },
        { id: 'none', type: 'mq-add', queue: '' },
        { id: 'bad', type: 'mq-fetch', queue: 'bad' },
        { id: 'unset', type: 'mq-size', queue: 'q', mqueue: '' },
        { id: 'add', type: 'mq-add', queue: 'q' },
      ],
      [{ name: 'q' }, { name: 'bad', size: -1 }],
    )
    await shows('unknown', 'red unknown queue')
    await shows('none', 'red no queue is chosen')
    await shows('bad', 'red invalid definition')
    await shows('unset', 'red no configuration')
    for (const { what, msg } of received) {
      const status = msg.status as Status | undefined
      if (what !== 'status' || status?.fill === undefined) continue
      assert.equal(status.shape, status.fill === 'red' ? 'ring' : 'dot')
    }
    const states = ['grey 0', 'red invalid key', 'red invalid value', 'green 1']
    for (const [step, msg] of [
      undefined,
      { topic: {}, payload: 1 },
      {},
      { payload: 1 },
    ].entries()) {
      if (msg !== undefined) node('add').receive(msg as never)
      await shows('add', ...states.slice(0, step + 1))
    }
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
    node('add').receive({ payload: 1 })
    await until(() => shown('named').at(-1) === 'green 1', 'the item')
  })

  it('shows the queue used last where messages name it', async () => {
    const { shows, node } = await showing(
      [{ id: 'add', type: 'mq-add', queue: 'queue', queueType: 'msg' }],
      [{ name: 'a' }, { name: 'b', size: 5 }],
    )
    // Nothing, but nor what an earlier instance of the node showed.
    await shows('add', 'undefined undefined')
    node('add').receive({ queue: 'b', payload: 1 } as never)
    await shows('add', 'undefined undefined', 'green 1 / 5')
  })
})

describe('a status that stays the same', () => {
  it('is found out at most four times a second, however often it may have changed', async () => {
    let looks = 0
    const line = new StatusLine({ status() {} } as never, () => {
      looks++
      return { text: 'the same' }
    })
    const from = performance.now()
    while (performance.now() - from < 1000 || looks < 3) {
      line.touch()
      await new Promise((resolve) => setImmediate(resolve))
    }
    line.close()
    const seconds = (performance.now() - from) / 1000
    assert.ok(looks <= 4 * seconds + 1, `${looks} looks in ${seconds} s`)
  })
})

describe('a status that takes its time to find out', () => {
  /** Timers go off in the order in which they are due: by then a first status would have been asked for. */
  const due = () => new Promise((resolve) => setTimeout(resolve, 5))

  it('is asked for again when it changed meanwhile, and one at a time', async () => {
    const shown: unknown[] = []
    const asked: PromiseWithResolvers<{ text: string }>[] = []
    const line = new StatusLine(
      { status: (status: unknown) => shown.push(status) } as never,
      () => {
        const answer = Promise.withResolvers<{ text: string }>()
        asked.push(answer)
        return answer.promise
      },
    )
    line.touch()
    await until(() => asked.length === 1, 'the first question')
    line.touch()
    await due()
    assert.equal(asked.length, 1)
    asked[0]?.resolve({ text: '1' })
    await until(() => asked.length === 2, 'the second question')
    assert.deepEqual(shown, [{ text: '1' }])
    asked[1]?.resolve({ text: '2' })
    await until(() => shown.length === 2, 'both sizes')
    assert.deepEqual(shown, [{ text: '1' }, { text: '2' }])
  })

  it('is not shown when the node is closed meanwhile', async () => {
    const shown: unknown[] = []
    const answer = Promise.withResolvers<{ text: string }>()
    let asked = 0
    const line = new StatusLine(
      { status: (status: unknown) => shown.push(status) } as never,
      () => {
        asked++
        return answer.promise
      },
    )
    line.touch()
    await until(() => asked === 1, 'the question')
    line.close()
    answer.resolve({ text: 'late' })
    line.touch()
    await due()
    assert.deepEqual([shown, asked], [[], 1])
  })
})
