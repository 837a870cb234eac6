/** Rescue files with ids that meet a table which another program has added to. */
import assert from 'node:assert/strict'
import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseAddress } from '../../../src/address.ts'
import { type Dbmode, LocalEngine } from '../../../src/index.ts'
import { defined, eventually } from '../../conformance/engine.ts'
import { onEachDatabase, Reports } from '../../support/databases.ts'
import { drained } from '../../support/drain.ts'
import { closedAfterEach } from '../../support/engines.ts'
import { Faults } from '../../support/faults.ts'

onEachDatabase('a rescue file with ids', (database, { name }) => {
  const engines = closedAfterEach<LocalEngine>()

  async function start(dbmode: Dbmode): Promise<LocalEngine> {
    const engine = new LocalEngine(database().location, new Reports())
    engines.push(engine)
    await engine.define([defined('q', 0, 0, dbmode)])
    return engine
  }
  async function keysOf(engine: LocalEngine): Promise<string> {
    await eventually(async () => void (await engine.size('q')))
    return (await drained(engine)).map(({ key }) => key).join('')
  }
  const sorted = (keys: string) => [...keys].sort().join('')
  const rescueFiles = () =>
    readdirSync(database().location.directory).filter((file) => file.endsWith('.rescue.jsonl'))
  const keysInTable = async () =>
    (await database().query('select "key" from "q" order by id')).map(({ key }) => key).join('')

  /** Makes the table, in which another program adds rows from an id on. */
  async function makeTable(keys: string, firstId = 1): Promise<void> {
    await (await start(4)).close()
    for (const [at, key] of [...keys].entries()) {
      const row = `${firstId + at}, '${key}', '${key}'`
      await database().query(`insert into "q" (id, "key", val) values (${row})`)
    }
  }
  /** Writes items as `key` or `key:id`. */
  function makeFile(items: string): void {
    const { location } = database()
    const lines: object[] = [{ store: parseAddress(location).shown }]
    for (const item of items.split(' ')) {
      const [key, id] = item.split(':')
      lines.push({ id: id === undefined ? undefined : Number(id), key, val: key, val_type: null })
    }
    const text = lines.map((line) => `${JSON.stringify(line)}\n`).join('')
    writeFileSync(join(location.directory, 'test.q.rescue.jsonl'), text)
  }

  const cases: [what: string, rows: string, file: string, left: string][] = [
    ['that others have taken', 'xyz', 'a:1 b:2 c:3', 'abcxyz'],
    ['that others have taken, and more', 'vwxyz', 'a:2 b:3 c', 'abcvwxyz'],
    ['that its own rows have', 'abc', 'a:1 b:2 c:3', 'abc'],
    ['of which some are its own rows', 'axc', 'a:1 b:2 c:3', 'abcx'],
    ['that several items have', '', 'a:1 b:1 c:1', 'abc'],
    ['that one item has twice', '', 'a:1 b:2 a:1 b:2', 'ab'],
    ['that one item has twice, and a row', 'abx', 'a:1 b:2 a:1 b:2', 'abx'],
    ['that one item has twice, and others have taken', 'xyz', 'a:1 b:2 a:1 b:2', 'abxyz'],
    ['that others have taken, and items without', 'xy', 'a:1 b c d:2', 'abcdxy'],
  ]
  for (const [what, rows, file, left] of cases) {
    for (const dbmode of [1, 3, 4] as const) {
      it(`${what} is loaded, every item once (dbmode ${dbmode})`, async () => {
        await makeTable(rows)
        makeFile(file)
        const engine = await start(dbmode)
        if (dbmode === 3) {
          await eventually(async () => assert.equal(sorted(await keysInTable()), left))
        } else assert.equal(sorted(await keysOf(engine)), left)
        await eventually(async () => assert.deepEqual(rescueFiles(), []))
      })
    }
  }

  for (const fault of ['refused', 'unanswered'] as const) {
    for (const dbmode of [1, 4] as const) {
      it(`is loaded once while a call is ${fault} (dbmode ${dbmode})`, async function () {
        this.timeout(180_000)
        for (let nth = 1; ; nth++) {
          await database().wipe()
          await makeTable('xbyz')
          makeFile('a:1 b:2 c:3 d')
          const faults = Faults.arm(name, nth, fault)
          const engine = await start(dbmode)
          await eventually(async () => assert.equal(await engine.size('q'), 7))
          faults.disarm()
          assert.equal(sorted(await keysOf(engine)), 'abcdxyz', `call ${nth}`)
          await engine.close()
          assert.equal(await keysInTable(), '', `call ${nth}`)
          assert.deepEqual(rescueFiles(), [], `call ${nth}`)
          if (faults.struck) continue
          assert.ok(nth > 10, `only ${nth - 1} calls`)
          if (this.test) this.test.title += ` (${nth - 1} calls struck)`
          return
        }
      })
    }
  }
})
