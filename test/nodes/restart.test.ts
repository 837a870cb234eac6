/** Queues that outlive the process, in real Node-RED processes. */
import assert from 'node:assert/strict'
import { readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { config, probe, TAB } from '../support/flows.ts'
import { type FlowNode, LINES, type Line, makeUserDir, NodeRed } from '../support/node-red.ts'

const QUEUES = [0, 1, 2, 3, 4].map((dbmode) => ({ name: `q${dbmode}`, dbmode }))

function flows(queues: object[] = QUEUES, more: object = {}): FlowNode[] {
  return [
    TAB,
    config(queues, more),
    ...probe({ id: 'add', type: 'mq-add', queue: 'queue', queueType: 'msg' }),
    ...probe({ id: 'fetch', type: 'mq-fetch', queue: 'queue', queueType: 'msg' }, 2),
    ...probe({ id: 'sizes', type: 'mq-size', queueType: 'all' }),
    ...probe({ id: 'crash', type: 'function', func: 'Promise.reject(new Error("crash"))' }),
    {
      id: 'shown',
      type: 'status',
      z: 'tab',
      scope: null,
      wires: [['show']],
      x: 1,
      y: 1,
    } as FlowNode,
    { id: 'show', type: 'debug', z: 'tab', console: true, complete: 'status', x: 1, y: 1 },
  ]
}

for (const line of Object.keys(LINES) as Line[]) {
  describe(`queues that outlive a process, on Node-RED ${line}`, () => {
    let userDir: string
    let red: NodeRed
    beforeEach(() => {
      userDir = makeUserDir()
    })
    afterEach(async () => {
      await red.stop({ signal: 'SIGKILL' })
      rmSync(userDir, { recursive: true, force: true })
    })

    const start = async (nodes = flows()) => {
      red = await NodeRed.start({ line, userDir, flows: nodes })
    }
    const add = async (queue: string, topic: string, payload: unknown) => {
      const answer = await red.ask('add', { queue, topic, payload })
      assert.equal(answer.error, undefined, answer.error?.message)
    }
    const fetch = (queue: string) => red.ask('fetch', { queue })
    const sizes = async () => (await red.ask('sizes')).msg?.payload
    const stored = (table: string) => {
      const path = join(userDir, 'mqueue', 'config.sqlite')
      const database = new DatabaseSync(path, { readOnly: true })
      try {
        return database.prepare(`select "key", val from "${table}" order by id`).all() as {
          key: string
          val: string
        }[]
      } finally {
        database.close()
      }
    }
    const rescueFiles = () =>
      readdirSync(join(userDir, 'mqueue')).filter((name) => name.endsWith('.rescue.jsonl'))

    it('keep what their dbmode says over a stop, in order and with its type', async () => {
      await start()
      for (const { name } of QUEUES) {
        await add(name, 'a', 'text')
        await add(name, 'b', { n: 1, list: [true, null] })
        await add(name, '', 2.5)
      }
      assert.deepEqual(await red.stop({ keep: true }), { code: 0, signal: null })
      await start()
      assert.deepEqual(await sizes(), { q0: 0, q1: 3, q2: 0, q3: 0, q4: 3 })
      for (const queue of ['q1', 'q4']) {
        const items = [await fetch(queue), await fetch(queue), await fetch(queue)]
        assert.deepEqual(
          items.map(({ msg }) => [msg?.mqk, msg?.mqv]),
          [
            ['a', 'text'],
            ['b', { n: 1, list: [true, null] }],
            ['', 2.5],
          ],
        )
      }
      assert.deepEqual(
        stored('q3').map(({ key }) => key),
        ['a', 'b', ''],
      )
      assert.deepEqual(rescueFiles(), [])
    })

    it('are neither saved nor loaded by a deploy', async () => {
      await start()
      await add('q1', 'a', 1)
      await add('q4', 'a', 1)
      await red.deploy(flows())
      assert.deepEqual(stored('q1'), [])
      assert.deepEqual(await sizes(), { q0: 0, q1: 1, q2: 0, q3: 0, q4: 1 })
      const later = flows([...QUEUES, { name: 'new', dbmode: 1 }])
      await red.deploy(later, 'nodes')
      assert.deepEqual(await sizes(), { q0: 0, q1: 1, q2: 0, q3: 0, q4: 1, new: 0 })
      assert.equal((await fetch('q4')).msg?.mqk, 'a')
    })
  })
}

describe('the end of a process', () => {
  let userDir: string
  let red: NodeRed
  beforeEach(async () => {
    userDir = makeUserDir()
    red = await NodeRed.start({ userDir, flows: flows() })
    for (const queue of ['q1', 'q3', 'q4']) await red.ask('add', { queue, payload: 'kept' })
  })
  afterEach(async () => {
    await red.stop({ signal: 'SIGKILL' })
    rmSync(userDir, { recursive: true, force: true })
  })

  const rescueFiles = () =>
    readdirSync(join(userDir, 'mqueue')).filter((name) => name.endsWith('.rescue.jsonl'))

  async function assertKept(): Promise<void> {
    red = await NodeRed.launch({ userDir })
    await red.logged(/(Started|Stopped) flows/)
    await red.logged(/Server now running/)
    if (/Stopped flows/.test(red.log)) await red.setState('start')
    for (const queue of ['q1', 'q4']) {
      assert.equal((await red.ask('fetch', { queue })).msg?.mqv, 'kept', queue)
      assert.equal((await red.ask('fetch', { queue })).port, 1)
    }
    const database = new DatabaseSync(join(userDir, 'mqueue', 'config.sqlite'))
    assert.equal(database.prepare('select val from q3').all().length, 1)
    database.close()
    assert.deepEqual(rescueFiles(), [])
  }

  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGUSR2'] as const) {
    it(`on ${signal} saves`, async () => {
      assert.deepEqual(await red.stop({ signal, keep: true }), { code: 0, signal: null })
      assert.deepEqual(rescueFiles(), [])
      await assertKept()
    })
  }

  it('by an uncaught exception writes down what is not saved, for the next load', async () => {
    await red.post('probe/crash', {}).catch(() => {})
    const { code } = await red.ended
    assert.equal(code, 1)
    assert.equal(rescueFiles().length, 2)
    await assertKept()
    assert.match(red.log, /Queue "q1": 1 items? .*rescue\.jsonl/)
  })

  it('while the flows are stopped keeps what is in them', async () => {
    await red.setState('stop')
    await red.stop({ keep: true })
    // Whether the next Node-RED starts its flows depends on whether this one still wrote down that they were stopped.
    await assertKept()
  })
})

describe('a long queue', () => {
  it('is saved within the time that a stop has, and shows how far its load is', async function () {
    this.timeout(180_000)
    const userDir = makeUserDir()
    const func = 'for (let i = 0; i < 300000; i++) node.send({ topic: "k", payload: i });'
    const fill = { id: 'fill', type: 'function', func, outputs: 1 }
    const [first, ...rest] = probe({ ...fill, wires: [['add']] }, 0)
    const nodes = [...flows(), first, ...rest].map((node) =>
      node?.id === 'fill' ? { ...node, wires: [['long']] } : node,
    ) as FlowNode[]
    const long = {
      type: 'mq-add',
      mqueue: 'config',
      queue: 'q1',
      z: 'tab',
      x: 1,
      y: 1,
      wires: [[]],
    }
    let red = await NodeRed.start({ userDir, flows: [...nodes, { id: 'long', ...long }] })
    red.post('probe/fill', {}).catch(() => {})
    const size = async () => Number((await red.ask('sizes')).msg?.payload?.['q1' as never])
    while ((await size()) < 300_000) await new Promise((resolve) => setTimeout(resolve, 100))
    assert.deepEqual(await red.stop({ keep: true }), { code: 0, signal: null })
    assert.doesNotMatch(red.log, /rescue|timed out/i)
    red = await NodeRed.start({ userDir })
    assert.equal(await size(), 300_000)
    await red.logged(/text: '300000'/)
    assert.match(red.log, /fill: 'blue',\s+shape: 'ring',\s+text: 'loading \d+'/)
    assert.doesNotMatch(red.log, /rescue/)
    await red.stop()
  })
})
