/** What a Function node makes, in a real Node-RED: its objects are of another realm. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { config, probe, TAB } from '../support/flows.ts'
import { LINES, type Line, NodeRed } from '../support/node-red.ts'

/** The payload is text that the Function node evaluates: JSON cannot say what is tested here. */
const MAKE = 'msg.payload = eval("(" + msg.payload + ")"); return msg;'

for (const line of Object.keys(LINES) as Line[]) {
  describe(`what a Function node of Node-RED ${line} makes`, () => {
    let red: NodeRed
    before(async () => {
      const [entry, ...add] = probe({ id: 'add', type: 'mq-add', queue: 'q' })
      const spread = add.find(({ id }) => id === 'add.spread')
      const make = { id: 'make', type: 'function', z: 'tab', x: 1, y: 1, outputs: 1 }
      red = await NodeRed.start({
        line,
        flows: [
          TAB,
          config([{ name: 'q', dbmode: 4 }]),
          ...(entry === undefined ? [] : [entry]),
          ...add.map((node) => (node === spread ? { ...node, wires: [['make']] } : node)),
          { ...make, func: MAKE, wires: [['add']] },
        ],
      })
    })
    after(() => red.stop())

    const add = async (source: string) => {
      const answer = await red.ask('add', { topic: 'k', payload: source })
      assert.equal(answer.error, undefined, answer.error?.message)
    }
    const stored = () => {
      const path = join(red.userDir, 'mqueue', 'config.sqlite')
      const database = new DatabaseSync(path, { readOnly: true })
      try {
        return database.prepare('select val, val_type from q order by id').all()
      } finally {
        database.close()
      }
    }
    const fetch = async () => {
      const call = { jsonrpc: '2.0', id: 1, method: 'mqueue.fetch', params: ['q'] }
      const response = await red.post('mqueue/rpc', call)
      return ((await response.json()) as { result: { val: unknown } }).result.val
    }

    it('stands in the table as JSON', async () => {
      await add('{ from: "alice", to: [{ name: "bob" }] }')
      assert.deepEqual(
        stored().map((row) => ({ ...row })),
        [{ val: '{"from":"alice","to":[{"name":"bob"}]}', val_type: 'json' }],
      )
      assert.deepEqual(await fetch(), { from: 'alice', to: [{ name: 'bob' }] })
    })

    for (const depth of [1001, 10_000, 100_000]) {
      it(`is refused when it is ${depth} levels deep, and a request can still be answered`, async () => {
        const source = `((it) => { for (let i = 1; i < ${depth}; i++) it = { it }; return it })({})`
        const { error } = await red.ask('add', { topic: 'k', payload: source })
        assert.equal(error?.code, 'MQ_INVALID_VALUE')
        assert.match(error?.message ?? '', /nested more than 1000 levels deep/)
      })
    }

    for (const [source, val] of [
      ['new Map([["a", { b: 1 }]])', [['a', { b: 1 }]]],
      ['new Set([1, 2])', [1, 2]],
      ['new RangeError("e")', { name: 'RangeError', message: 'e' }],
      ['{ in: [new Map([[1, new Set([2])]])] }', { in: [[[1, [2]]]] }],
      ['{ at: new Date(0) }', { at: '1970-01-01T00:00:00.000Z' }],
    ] as const) {
      it(`is reported over RPC: ${source}`, async () => {
        await add(source)
        assert.deepEqual(await fetch(), val)
      })
    }
  })
}
