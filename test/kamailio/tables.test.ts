/** A real Kamailio and a real Node-RED that hand a queue to each other through its table. */
import assert from 'node:assert/strict'
import { rmSync } from 'node:fs'
import { onEachDatabase } from '../support/databases.ts'
import { config, probe, TAB } from '../support/flows.ts'
import { makeUserDir, NodeRed } from '../support/node-red.ts'
import { requires } from '../support/required.ts'
import { hasModule, kamailioVersion, Rig } from './rig.ts'

const ITEMS: [key: string, value: string][] = [
  ['a', 'plain'],
  ['a', 'again, with the same key'],
  ["it's", '"quoted" `all` \\ over %s _ $var(x) ; -- /* */'],
  ['é漢😀', 'e\u0301 ü 漢字 😀'],
  [' ', ' blanks around '],
  ['long', 'long '.repeat(800)],
  ['lines', 'one\r\ntwo\tthree'],
]
const EMPTY: typeof ITEMS = [
  ['', 'no key'],
  ['no value', ''],
  ['', ''],
]

onEachDatabase('a queue shared with Kamailio', (database, { module }) => {
  requires(
    kamailioVersion() !== undefined && hasModule(module),
    'apt-get install kamailio kamailio-json-modules kamailio-sqlite-modules kamailio-postgres-modules kamailio-mysql-modules',
  )

  async function withKamailio(work: (rig: Rig) => Promise<void>): Promise<void> {
    const queues = ['name=calls;dbmode=1']
    const dbUrl = database().kamailioUrl
    const rig = await Rig.start({ modules: [module], queues, dbUrl })
    try {
      await work(rig)
    } finally {
      await rig.stop()
    }
  }

  async function withNodeRed(dbmode: number, work: (red: NodeRed) => Promise<void>): Promise<void> {
    const userDir = makeUserDir()
    const flows = [
      TAB,
      config([{ name: 'calls', dbmode }], { dbUrl: database().location.url }),
      ...probe({ id: 'add', type: 'mq-add', queue: 'calls' }),
      ...probe({ id: 'fetch', type: 'mq-fetch', queue: 'calls' }, 2),
    ]
    const red = await NodeRed.start({ userDir, flows })
    try {
      await work(red)
    } finally {
      await red.stop({ keep: true })
      rmSync(userDir, { recursive: true })
    }
  }

  const count = async () => (await database().query('select id from "calls"')).length

  async function fill(red: NodeRed, items: typeof ITEMS): Promise<void> {
    for (const [topic, payload] of items) {
      const { error } = await red.ask('add', { topic, payload })
      assert.equal(error, undefined, error?.message)
    }
  }

  async function fillKamailio(items: typeof ITEMS): Promise<void> {
    await withKamailio(async (rig) => {
      for (const [key, val] of items) {
        assert.equal((await rig.play({ op: 'add', q: 'calls', key, val })).rc, 1)
      }
    })
    assert.equal(await count(), items.length)
  }

  async function fetchAll(red: NodeRed): Promise<unknown[]> {
    const items: unknown[] = []
    for (;;) {
      const { port, msg } = await red.ask('fetch')
      if (port === 1) return items
      items.push([msg?.mqk, msg?.mqv])
    }
  }

  for (const dbmode of [1, 4]) {
    it(`goes from Kamailio to dbmode ${dbmode}, in order and unchanged`, async () => {
      // It makes the table, which Kamailio does not.
      await withNodeRed(1, async (red) => assert.equal((await red.ask('fetch')).port, 1))
      await fillKamailio(ITEMS)
      await withNodeRed(dbmode, async (red) => assert.deepEqual(await fetchAll(red), ITEMS))
      assert.equal(await count(), 0)
    })

    it(`goes from dbmode ${dbmode} to Kamailio, in order and unchanged`, async () => {
      const items = [...ITEMS, ...EMPTY]
      await withNodeRed(dbmode, (red) => fill(red, items))
      assert.equal(await count(), items.length)
      await withKamailio(async (rig) => {
        // Over the RPC Kamailio loses items with an empty key or value.
        for (const [key, val] of items) {
          const line = await rig.play({ op: 'fetch', q: 'calls' })
          assert.deepEqual([line.rc, line.k ?? '', line.v ?? ''], [1, key, val])
        }
        assert.equal((await rig.play({ op: 'fetch', q: 'calls' })).rc, -2)
      })
      assert.equal(await count(), 0)
    })
  }

  it('returns its items to mqueue.fetch, in order', async () => {
    await withNodeRed(1, (red) => fill(red, ITEMS))
    await withKamailio(async (rig) => {
      for (const [key, val] of ITEMS) {
        const line = await rig.play({ op: 'rpc', method: 'mqueue.fetch', params: ['calls'] })
        assert.deepEqual(line.result, { key, val })
      }
    })
  })

  it('can go on being filled by Kamailio after both have written to it', async () => {
    await withNodeRed(4, (red) => fill(red, ITEMS.slice(0, 2)))
    await withKamailio(async (rig) => {
      await rig.play({ op: 'add', q: 'calls', key: 'b', val: 'from Kamailio' })
    })
    await withNodeRed(4, async (red) => {
      await fill(red, [['c', 'from Node-RED']])
      const left = [...ITEMS.slice(0, 2), ['b', 'from Kamailio'], ['c', 'from Node-RED']]
      assert.deepEqual(await fetchAll(red), left)
    })
  })
})
