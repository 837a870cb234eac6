/** Queues outlive their config node: each row of the life of a config node, in a real process. */
import assert from 'node:assert/strict'
import { config, probe, TAB } from '../support/flows.ts'
import { type FlowNode, LINES, type Line, NodeRed } from '../support/node-red.ts'
import { UNDER_TEST } from '../support/node-under-test.ts'

const ADD = { id: 'add', type: 'mq-add', queue: 'q' }
const FETCH = { id: 'fetch', type: 'mq-fetch', queue: 'q' }
const SIZE = { id: 'size', type: 'mq-size', queue: 'q' }

const flow = (conf: FlowNode[] = [config([{ name: 'q' }])], more: FlowNode[] = []): FlowNode[] => [
  TAB,
  ...conf,
  ...probe(ADD),
  ...probe(FETCH, 2),
  ...probe(SIZE),
  ...more,
]
const FLOW = flow()
const OTHER_TAB: FlowNode = { id: 'tab2', type: 'tab', label: 'second' }

for (const line of Object.keys(LINES) as Line[]) {
  describe(`contents in Node-RED ${line}`, () => {
    let nodeRed: NodeRed
    before(async () => {
      nodeRed = await NodeRed.start({
        line,
        node: UNDER_TEST,
        flows: [],
        env: { MQ_TEST_SIZE: '2' },
      })
    })
    after(() => nodeRed.stop())

    /** Starts a test with a flow whose queue holds a, b, c; nothing is left of the test before it. */
    async function fill(flows = FLOW): Promise<void> {
      await nodeRed.deploy([TAB])
      await nodeRed.deploy(flows)
      for (const key of ['a', 'b', 'c']) {
        assert.equal((await nodeRed.ask('add', { topic: key, payload: { key } })).error, undefined)
      }
    }

    /** Takes everything out of the queue: its keys. */
    async function drain(fetch = 'fetch'): Promise<string> {
      let keys = ''
      for (;;) {
        const { port, msg, error } = await nodeRed.ask(fetch)
        assert.equal(error, undefined)
        if (port === 1) return keys
        assert.deepEqual(msg?.mqv, { key: msg?.mqk })
        keys += msg?.mqk
      }
    }

    it('begin empty', async () => {
      await nodeRed.deploy([TAB])
      await nodeRed.deploy(FLOW)
      assert.equal(await drain(), '')
    })

    it('survive a full deploy without a change', async () => {
      await fill()
      await nodeRed.deploy(FLOW, 'full')
      assert.equal(await drain(), 'abc')
    })

    it('survive a restart of the flows', async () => {
      await fill()
      await nodeRed.deploy([], 'reload')
      assert.equal(await drain(), 'abc')
    })

    for (const type of ['full', 'nodes', 'flows'] as const) {
      it(`survive a change of something else, deployed as ${type}`, async () => {
        await fill()
        const other = { id: 'other', type: 'inject', z: 'tab', x: 1, y: 1, wires: [], once: false }
        await nodeRed.deploy([...FLOW, other], type)
        assert.equal(await drain(), 'abc')
      })

      it(`follow a smaller size, deployed as ${type}`, async () => {
        await fill()
        await nodeRed.deploy(flow([config([{ name: 'q', size: 2 }])]), type)
        assert.equal((await nodeRed.ask('size')).msg?.payload, 2)
        assert.equal(await drain(), 'bc')
        assert.match(nodeRed.log, /Queue "q": items dropped by its new definition: 1\./)
      })

      it(`survive disabling and enabling the config node, deployed as ${type}`, async () => {
        await fill()
        await nodeRed.deploy(flow([{ ...config([{ name: 'q' }]), d: true }]), type)
        assert.equal((await nodeRed.ask('size')).error?.code, 'MQ_NO_CONFIG')
        await nodeRed.deploy(FLOW, type)
        assert.equal(await drain(), 'abc')
      })

      it(`go with the config node when it is deleted, deployed as ${type}`, async () => {
        await fill()
        const from = nodeRed.log.length
        await nodeRed.deploy(flow([]), type)
        assert.equal((await nodeRed.ask('size')).error?.code, 'MQ_NO_CONFIG')
        await nodeRed.logged(
          /items dropped with the deleted config node config: 3 \("q": 3\)\./,
          from,
        )
        await nodeRed.deploy(FLOW, type)
        assert.equal(await drain(), '')
      })

      it(`go with their queue when it is deleted, deployed as ${type}`, async () => {
        await fill()
        const from = nodeRed.log.length
        await nodeRed.deploy(flow([config([{ name: 'r' }])]), type)
        assert.equal((await nodeRed.ask('size')).error?.code, 'MQ_UNKNOWN_QUEUE')
        await nodeRed.logged(/Queue "q": items dropped with the deleted queue: 3\./, from)
        await nodeRed.deploy(FLOW, type)
        assert.equal(await drain(), '')
      })

      it(`go along when their row is renamed, and the log says so, deployed as ${type}`, async () => {
        await fill(flow([config([{ name: 'q', id: 'row' }])]))
        const from = nodeRed.log.length
        await nodeRed.deploy(
          flow([config([{ name: 'r', id: 'row' }])], probe({ ...SIZE, id: 'ofr', queue: 'r' })),
          type,
        )
        assert.equal((await nodeRed.ask('ofr')).msg?.payload, 3)
        await nodeRed.logged(/Queue "r": it was "q", and keeps its items: 3\./, from)
        await nodeRed.deploy(flow([config([{ name: 'q', id: 'row' }])]), type)
        assert.equal(await drain(), 'abc')
      })

      it(`go along when a row that never had an id is renamed, deployed as ${type}`, async () => {
        await fill()
        await nodeRed.deploy(
          flow([config([{ name: 'r', id: 'q' }])], probe({ ...SIZE, id: 'ofr', queue: 'r' })),
          type,
        )
        assert.equal((await nodeRed.ask('ofr')).msg?.payload, 3)
      })

      it(`do not go without a word when another row gets the name of theirs, deployed as ${type}`, async () => {
        await fill(
          flow([
            config([
              { name: 'q', id: 'one' },
              { name: 'r', id: 'two' },
            ]),
          ]),
        )
        const from = nodeRed.log.length
        await nodeRed.deploy(flow([config([{ name: 'q', id: 'two' }])]), type)
        assert.equal((await nodeRed.ask('size')).msg?.payload, 0)
        await nodeRed.logged(/Queue "q": items dropped with the deleted queue: 3\./, from)
      })

      it(`stay in the database when their queue is deleted, and the log says so, deployed as ${type}`, async () => {
        const kept = [
          TAB,
          config([{ name: 'q', dbmode: 4 }, { name: 'r' }]),
          ...probe(ADD),
          ...probe(FETCH, 2),
        ]
        await fill(kept)
        const from = nodeRed.log.length
        await nodeRed.deploy(flow([config([{ name: 'r' }])]), type)
        await nodeRed.logged(
          /Queue "q": deleted\. Items that stay where they are stored: 3\./,
          from,
        )
        await nodeRed.deploy(kept, type)
        assert.equal(await drain(), 'abc')
      })

      it(`wait for a bad definition to be corrected, deployed as ${type}`, async () => {
        await fill()
        await nodeRed.deploy(flow([config([{ name: 'q', size: 'many' }, { name: 'r' }])]), type)
        assert.equal((await nodeRed.ask('size')).error?.code, 'MQ_INVALID_DEFINITION')
        await nodeRed.deploy(FLOW, type)
        assert.equal(await drain(), 'abc')
      })

      it(`are reported when they go after a bad deploy, deployed as ${type}`, async () => {
        const bad = [
          config([{ name: 'q', size: 'many' }]),
          config([{ name: 'q' }], { engine: 'kamailio', poll: 'never' }),
        ]
        const ends: [nodes: object[], said: RegExp][] = [
          [[config([{ name: 'r' }])], /Queue "q": items dropped with the deleted queue: 3\./],
          [
            [config([{ name: 'q' }], { engine: 'redis' })],
            /live in another engine now \(redis instead of memory\): 3 \("q": 3\)\./,
          ],
          [[], /items dropped with the deleted config node config: 3 \("q": 3\)\./],
        ]
        for (const node of bad) {
          for (const [nodes, said] of ends) {
            await fill()
            await nodeRed.deploy(flow([node]), type)
            const from = nodeRed.log.length
            await nodeRed.deploy(flow(nodes as FlowNode[]), type)
            await nodeRed.logged(said, from)
          }
        }
        await nodeRed.deploy(FLOW, type)
        assert.equal(await drain(), '')
      })

      it(`survive disabling and enabling the tab of the config node, deployed as ${type}`, async () => {
        const local = { ...config([{ name: 'q' }]), z: 'tab' }
        await fill(flow([local]))
        const disabled = flow([local]).map((node) =>
          node === TAB ? { ...TAB, disabled: true } : node,
        )
        await nodeRed.deploy(disabled, type)
        await nodeRed.deploy(flow([local]), type)
        assert.equal(await drain(), 'abc')
      })

      it(`survive moving the config node to a tab, deployed as ${type}`, async () => {
        await fill([...FLOW, OTHER_TAB])
        await nodeRed.deploy([...flow([{ ...config([{ name: 'q' }]), z: 'tab' }]), OTHER_TAB], type)
        assert.equal(await drain(), 'abc')
      })

      it(`survive a change of the environment of the tab, deployed as ${type}`, async () => {
        const local = { ...config([{ name: 'q', size: `\${SIZE}` }]), z: 'tab' }
        const withSize = (value: string) =>
          flow([local]).map((node) =>
            node === TAB ? { ...TAB, env: [{ name: 'SIZE', value, type: 'str' }] } : node,
          )
        await fill(withSize('3'))
        await nodeRed.deploy(withSize('2'), type)
        assert.equal(await drain(), 'bc')
      })
    }

    it('follow another addmode', async () => {
      await fill()
      await nodeRed.ask('add', { topic: 'a', payload: { key: 'a' } })
      await nodeRed.deploy(flow([config([{ name: 'q', addmode: 2 }])]), 'nodes')
      assert.equal(await drain(), 'bca')
    })

    it('survive stopping and starting the flows', async () => {
      await fill()
      await nodeRed.setState('stop')
      await nodeRed.setState('start')
      assert.equal(await drain(), 'abc')
    })

    it('survive a deploy with a missing type, until it is there again', async () => {
      await fill()
      const unknown = { id: 'u', type: 'no-such-type', z: 'tab', x: 1, y: 1, wires: [] }
      await nodeRed.deploy([...FLOW, unknown], 'full', /Waiting for missing types/)
      await nodeRed.deploy(FLOW, 'full')
      assert.equal(await drain(), 'abc')
    })

    it('go when the config node vanished from the flow file', async () => {
      await fill()
      await nodeRed.replaceFlowFile(flow([]))
      await nodeRed.deploy([], 'reload')
      await nodeRed.deploy(FLOW)
      assert.equal(await drain(), '')
    })

    it('take environment variables for everything', async () => {
      const queues = [{ name: 'q', size: `\${MQ_TEST_SIZE}`, addmode: '0', dbmode: '' }]
      await fill(flow([config(queues)]))
      assert.equal(await drain(), 'bc')
    })

    describe('inside of subflows', () => {
      const SUBFLOW: FlowNode = {
        id: 'sub',
        type: 'subflow',
        name: 'with queues',
        in: [{ x: 1, y: 1, wires: [{ id: 'inner-add' }] }],
        out: [],
      }
      const inside = (queues: object[] = [{ name: 'q' }]): FlowNode[] => [
        SUBFLOW,
        { ...config(queues), z: 'sub' },
        ...probe({ ...ADD, id: 'inner-add' }, 1, 'sub', `\${ADD}`),
        ...probe({ ...FETCH, id: 'inner-fetch' }, 2, 'sub', `\${FETCH}`),
      ]
      const instance = (id: string, z = 'tab'): FlowNode => ({
        id,
        type: 'subflow:sub',
        z,
        x: 1,
        y: 1,
        wires: [],
        env: [
          { name: 'ADD', value: `/probe/${id}-add`, type: 'str' },
          { name: 'FETCH', value: `/probe/${id}-fetch`, type: 'str' },
        ],
      })
      const BOTH = [TAB, ...inside(), instance('one'), instance('two')]

      async function fillBoth(flows = BOTH): Promise<void> {
        await nodeRed.deploy([TAB])
        await nodeRed.deploy(flows)
        await nodeRed.ask('one-add', { topic: '1', payload: { key: '1' } })
        await nodeRed.ask('two-add', { topic: '2', payload: { key: '2' } })
      }

      it('are apart for each instance, and survive a full deploy', async () => {
        await fillBoth()
        await nodeRed.deploy(BOTH)
        assert.equal(await drain('one-fetch'), '1')
        assert.equal(await drain('two-fetch'), '2')
      })

      for (const type of ['full', 'nodes', 'flows'] as const) {
        it(`survive a change of the definition, deployed as ${type}`, async () => {
          await fillBoth()
          const changed = [
            TAB,
            ...inside([{ name: 'q', size: 9 }]),
            instance('one'),
            instance('two'),
          ]
          await nodeRed.deploy(changed, type)
          assert.equal(await drain('one-fetch'), '1')
          assert.equal(await drain('two-fetch'), '2')
        })

        it(`survive disabling an instance, deployed as ${type}`, async () => {
          await fillBoth()
          const disabled = [TAB, ...inside(), { ...instance('one'), d: true }, instance('two')]
          await nodeRed.deploy(disabled, type)
          await nodeRed.deploy(BOTH, type)
          assert.equal(await drain('one-fetch'), '1')
          assert.equal(await drain('two-fetch'), '2')
        })

        it(`go with the instance when it is deleted, deployed as ${type}`, async () => {
          await fillBoth()
          await nodeRed.deploy([TAB, ...inside(), instance('two')], type)
          await nodeRed.deploy(BOTH, type)
          assert.equal(await drain('one-fetch'), '')
          assert.equal(await drain('two-fetch'), '2')
        })

        it(`go with the config node in the subflow when it is deleted, deployed as ${type}`, async () => {
          await fillBoth()
          const without = BOTH.filter(({ id }) => id !== 'config')
          await nodeRed.deploy(without, type)
          await nodeRed.deploy(BOTH, type)
          assert.equal(await drain('one-fetch'), '')
        })
      }

      it('wait for a config node that was moved out of the subflow to be moved back', async () => {
        await fillBoth()
        const outside = BOTH.map((node) => (node.id === 'config' ? { ...node, z: '' } : node))
        await nodeRed.deploy(outside)
        assert.equal(await drain('one-fetch'), '')
        await nodeRed.deploy(BOTH)
        assert.equal(await drain('one-fetch'), '1')
        assert.equal(await drain('two-fetch'), '2')
      })

      it('survive within a subflow within a subflow', async () => {
        const outer: FlowNode = { id: 'outer', type: 'subflow', name: 'outer', in: [], out: [] }
        const nested = [
          TAB,
          ...inside(),
          outer,
          { ...instance('one', 'outer') },
          { ...instance('two', 'outer') },
          { id: 'outermost', type: 'subflow:outer', z: 'tab', x: 1, y: 1, wires: [] },
        ]
        await fillBoth(nested)
        await nodeRed.deploy(nested)
        assert.equal(await drain('one-fetch'), '1')
        assert.equal(await drain('two-fetch'), '2')
      })
    })
  })
}
