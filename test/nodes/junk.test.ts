/** Properties of nodes that are not what the dialogs write, as a flow file may have them. */
import assert from 'node:assert/strict'
import fc from 'fast-check'
import { parseDefinitions } from '../../src/definition.ts'
import { load, unload } from '../support/bench.ts'
import { config, probe, TAB } from '../support/flows.ts'
import { anyJunk, CODES, JUNK } from '../support/junk.ts'
import { type FlowNode, LINES, type Line, NodeRed } from '../support/node-red.ts'

const COMMON = ['name', 'mqueue', 'queue', 'queueType']
const PROPERTIES = {
  'mq-add': [...COMMON, 'key', 'keyType', 'value', 'valueType', 'dropped'],
  'mq-fetch': [...COMMON, 'keyTo', 'valueTo', 'restore'],
  'mq-size': [...COMMON, 'sizeTo'],
  'mq-pv-free': COMMON,
}
const QUEUE = { name: 'q', size: 10, addmode: 0, dbmode: 0 }
const CONFIG_PROPERTIES = ['name', 'engine', 'dbUrl', 'mqueueSize', 'mqueueAddmode', 'queues']
const FIELDS = Object.keys(QUEUE)
/** What an operation on a queue may come to while its definition is bad, or has no name that can be read. */
const BAD = ['MQ_INVALID_DEFINITION', 'MQ_UNKNOWN_QUEUE']

/** Some examples at random, so that each run sees others. */
const property = (check: (junk: unknown) => Promise<void>) =>
  fc.assert(fc.asyncProperty(anyJunk, check), {
    numRuns: 20,
    examples: JUNK.map((junk) => [junk]),
  })

describe('a flow node', () => {
  afterEach(unload)

  for (const [type, properties] of Object.entries(PROPERTIES)) {
    for (const name of properties) {
      it(`of type ${type} takes any JSON as its ${name}: each message has one end`, async () => {
        await property(async (junk) => {
          await unload()
          const node = { id: 'node', type, queue: 'q', [name]: junk }
          const { run } = await load([config([QUEUE]), node])
          const { done, error } = await run('node', { _msgid: 'id', topic: 'k', payload: 'v' })
          assert.equal(done, 1)
          if (error !== undefined) assert.ok(CODES.includes(error.code), error.code)
        })
      })
    }
  }
})

describe('a config node', () => {
  let loads = 0

  /** Loads the nodes of one config node, of which the flow before had another version. */
  async function reload(id: string, more: object) {
    await unload()
    const nodes = ['mq-add', 'mq-fetch', 'mq-size'].map((type) => {
      return { id: type, type, queue: 'q', mqueue: id }
    })
    return load([{ ...config([QUEUE], more), id }, ...nodes])
  }

  afterEach(unload)

  const cases: [what: string, made: (junk: unknown) => object][] = [
    ...CONFIG_PROPERTIES.map((name) => {
      return [name, (junk: unknown) => ({ [name]: junk })] as [string, () => object]
    }),
    ['one queue', (junk) => ({ queues: [QUEUE, junk] })],
    ...FIELDS.map((field) => {
      return [
        `the ${field} of a queue`,
        (junk: unknown) => ({ queues: [{ ...QUEUE, [field]: junk }] }),
      ] as [string, () => object]
    }),
  ]
  for (const [what, made] of cases) {
    it(`takes any JSON as ${what}, and what is queued stays until it is corrected`, async () => {
      await property(async (junk) => {
        const more = made(junk) as { queues?: unknown; engine?: unknown }
        // What is a good list, though another one, changes the queues as it says.
        fc.pre(!('queues' in more) || parseDefinitions(more.queues).errors.length > 0)
        const id = `junk${++loads}`
        const good = await reload(id, {})
        assert.equal((await good.run('mq-add', { topic: 'k', payload: 'v' })).done, 1)
        const bad = await reload(id, more)
        const { done, error } = await bad.run('mq-size', {})
        assert.equal(done, 1)
        if (error !== undefined) assert.ok(BAD.includes(error.code), error.code)
        const corrected = await reload(id, {})
        const [item] = (await corrected.run('mq-fetch', {})).out
        assert.deepEqual([item?.mqk, item?.mqv], ['k', 'v'])
      })
    })
  }
})

const flow = (more: object = {}, queues: unknown = []): FlowNode[] => [
  TAB,
  config(Array.isArray(queues) ? queues : [], more),
  ...probe({ id: 'add', type: 'mq-add', queue: 'queue', queueType: 'msg' }),
  ...probe({ id: 'fetch', type: 'mq-fetch', queue: 'queue', queueType: 'msg' }, 2),
  ...probe({ id: 'size', type: 'mq-size', queue: 'queue', queueType: 'msg' }),
]

for (const line of Object.keys(LINES) as Line[]) {
  describe(`junk in a flow file of Node-RED ${line}`, function () {
    this.timeout(180_000)
    let red: NodeRed
    before(async () => {
      red = await NodeRed.start({ line, flows: [TAB] })
    })
    after(() => red.stop())

    /** What an operation on each queue comes to: the code of its error, or what was asked for. */
    async function outcomes(queues: { name: string }[], probeId: string, message: object = {}) {
      const all = []
      for (const { name } of queues) {
        const { error, msg } = await red.ask(probeId, { queue: name, ...message })
        all.push(error?.code ?? (probeId === 'fetch' ? msg?.mqv : msg?.payload))
      }
      return all
    }

    it('as the address is MQ_INVALID_DEFINITION for a journal, and the others go on', async () => {
      const queues = [0, 1, 2, 3, 4].map((dbmode) => ({ name: `address${dbmode}`, dbmode }))
      await red.deploy(flow({}, queues))
      await outcomes(queues, 'add', { topic: 'k', payload: 'kept' })
      for (const dbUrl of [5, true, null, [], ['a'], {}, { a: 1 }, 'nonsense']) {
        await red.deploy(flow({ dbUrl }, queues))
        const sizes = [1, 1, 1, 1, 'MQ_INVALID_DEFINITION']
        assert.deepEqual(await outcomes(queues, 'size'), sizes, JSON.stringify(dbUrl))
      }
      await red.deploy(flow({}, queues))
      assert.deepEqual(await outcomes(queues, 'fetch'), new Array(5).fill('kept'))
    })

    for (const name of ['dbUrl', 'engine', 'mqueueSize', 'mqueueAddmode', 'queues', 'name']) {
      it(`as ${name} of a config node harms no queue, and all is well when it is corrected`, async () => {
        const queues = [0, 1, 2, 3, 4].map((dbmode) => ({ name: `${name}${dbmode}`, dbmode }))
        const from = red.log.length
        for (const [i, junk] of JUNK.entries()) {
          // An empty list of queues is one in which all were deleted.
          if (name === 'queues' && Array.isArray(junk) && junk.length === 0) continue
          await red.deploy(flow({}, queues), 'nodes')
          await outcomes(queues, 'add', { topic: 'k', payload: i })
          await red.deploy(flow({ queues, [name]: junk }), 'nodes')
          for (const found of await outcomes(queues, 'size')) {
            assert.ok(found === 1 || BAD.includes(`${found}`), `${found}`)
          }
          await red.deploy(flow({}, queues), 'nodes')
          assert.deepEqual(await outcomes(queues, 'fetch'), [i, i, i, i, i], JSON.stringify(junk))
        }
        assert.doesNotMatch(red.log.slice(from), /is not a function|TypeError|another process/)
      })
    }
  })
}
