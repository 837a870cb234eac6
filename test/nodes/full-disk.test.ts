/** A real Node-RED that stops while the disk is full. */
import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { config, probe, TAB } from '../support/flows.ts'
import { type FlowNode, makeUserDir, NodeRed } from '../support/node-red.ts'
import { SmallDisk } from '../support/small-disk.ts'

const COUNT = 40
const FLOWS: FlowNode[] = [
  TAB,
  config([{ name: 'q', dbmode: 1 }]),
  ...probe({ id: 'add', type: 'mq-add', queue: 'q' }),
  ...probe({ id: 'fetch', type: 'mq-fetch', queue: 'q' }, 2),
  ...probe({ id: 'crash', type: 'function', func: 'Promise.reject(new Error("crash"))' }),
] as FlowNode[]

describe('a full disk at the end of Node-RED', function () {
  this.timeout(180_000)
  let userDir: string
  let temporary: string
  let disk: SmallDisk
  let red: NodeRed
  beforeEach(async () => {
    userDir = makeUserDir()
    temporary = mkdtempSync(join(tmpdir(), 'mqueue-temporary-'))
    disk = new SmallDisk(join(userDir, 'mqueue'), 2_000)
  })
  afterEach(async () => {
    await red.stop({ signal: 'SIGKILL', keep: true })
    disk.unmount()
    for (const path of [userDir, temporary]) rmSync(path, { recursive: true, force: true })
  })

  async function start(TMPDIR: string): Promise<void> {
    red = await NodeRed.start({ userDir, flows: FLOWS, env: { TMPDIR } })
  }
  /** Queues items of 10 kB. */
  async function fillQueue(): Promise<void> {
    for (let n = 0; n < COUNT; n++) {
      const { error } = await red.ask('add', { topic: `${n}`, payload: 'x'.repeat(10_000) })
      assert.equal(error, undefined)
    }
  }
  async function keysLeft(): Promise<number[]> {
    const keys: number[] = []
    for (;;) {
      const { port, msg } = await red.ask('fetch')
      if (port === 1) return keys
      assert.equal(msg?.mqv, 'x'.repeat(10_000))
      keys.push(Number(msg?.mqk))
    }
  }
  const all = Array.from({ length: COUNT }, (_, n) => n)

  for (const end of ['SIGTERM', 'an exception'] as const) {
    it(`by ${end} goes on in the directory for temporary files`, async () => {
      await start(temporary)
      await fillQueue()
      disk.fill(20)
      if (end === 'SIGTERM') {
        assert.deepEqual(await red.stop({ keep: true }), { code: 0, signal: null })
        assert.match(red.log, /Queue "q": 40 items are not saved. They are kept in \S+ and \S+/)
      } else {
        await red.post('probe/crash', {}).catch(() => {})
        assert.equal((await red.ended).code, 1)
      }
      const [place, ...others] = readdirSync(temporary).filter((one) => one.startsWith('mqueue-'))
      assert.deepEqual(others, [])
      disk.clear()
      await start(temporary)
      assert.deepEqual(await keysLeft(), all)
      assert.ok(!readdirSync(temporary).includes(place as string))
      assert.deepEqual(
        readdirSync(disk.path).filter((file) => file.includes('rescue')),
        [],
      )
    })
  }

  it('with no other room says how many items are lost, and keeps the others', async () => {
    await start(disk.path)
    await fillQueue()
    disk.fill(20)
    assert.deepEqual(await red.stop({ keep: true }), { code: 1, signal: null })
    const [, count] = /Lost items: (\d+)\./.exec(red.log) ?? []
    const lost = Number(count)
    assert.ok(lost > 0 && lost < COUNT, red.log)
    assert.match(red.log, /Queue "q": \S+rescue\.jsonl cannot be written: .*ENOSPC/)
    assert.match(red.log, new RegExp(`mqueue: Items are lost.*: ${lost}\\.`))
    disk.clear()
    await start(disk.path)
    assert.deepEqual(await keysLeft(), all.slice(0, COUNT - lost))
  })
})
