/** Definitions and addresses that change while the database refuses, is locked, or is being written to. */
import assert from 'node:assert/strict'
import { mkdirSync, readdirSync, rmSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import type { StoreLocation } from '../../../src/address.ts'
import { type Dbmode, LocalEngine, MqueueError } from '../../../src/index.ts'
import { Connection } from '../../../src/sql/connection.ts'
import { defined, eventually } from '../../conformance/engine.ts'
import { onEachDatabase, Reports } from '../../support/databases.ts'
import { drain } from '../../support/drain.ts'
import { closedAfterEach } from '../../support/engines.ts'
import { Faults } from '../../support/faults.ts'

onEachDatabase('an upheaval', (database, { name }) => {
  let reports: Reports
  const engines = closedAfterEach<LocalEngine>()
  beforeEach(() => {
    reports = new Reports()
  })

  async function start(dbmode: Dbmode, items = '', more: Partial<StoreLocation> = {}) {
    const engine = new LocalEngine({ ...database().location, ...more }, reports)
    engines.push(engine)
    await engine.define([defined('q', 0, 0, dbmode)])
    for (const item of items) await engine.add('q', item, item)
    return engine
  }
  async function keysOf(engine: LocalEngine): Promise<string> {
    let keys = ''
    for await (const { key, value } of drain(engine)) {
      assert.equal(typeof value, 'string')
      keys += key
    }
    return keys
  }
  const elsewhere = () => ({
    ...database().location,
    url: `sqlite:${join(database().location.directory, 'elsewhere.sqlite')}`,
  })
  const rescueFiles = () =>
    readdirSync(database().location.directory).filter((file) => /rescue/.test(file))
  const inTable = async () =>
    (await database().query('select "key" from "q" order by id')).map(({ key }) => key).join('')
  const bad = new MqueueError('MQ_INVALID_DEFINITION', 'bad size', { queue: 'q' })
  const works = (engine: LocalEngine) => eventually(async () => void (await engine.size('q')))

  for (const to of [0, 1, 3, 4] as const) {
    it(`of address and dbmode (4 to ${to}) in one deploy keeps what is queued`, async () => {
      const engine = await start(4, 'abc')
      engine.relocate(elsewhere(), reports)
      await engine.define([defined('q', 0, 0, to)])
      assert.equal(await keysOf(engine), 'abc')
      await eventually(async () => assert.equal(await inTable(), ''))
      assert.deepEqual(rescueFiles(), [])
    })
  }

  for (const from of [0, 1, 3] as const) {
    it(`from ${from} to 4, which is locked, and back keeps what is queued`, async () => {
      const other = await start(4)
      const engine = new LocalEngine(database().location, reports)
      engines.push(engine)
      const plain = from === 1 ? 0 : from
      await engine.define([defined('q', 0, 0, plain)])
      for (const key of 'abc') await engine.add('q', key, key)
      await engine.define([defined('q', 0, 0, 4)])
      await assert.rejects(async () => engine.size('q'), { code: 'MQ_STORE_LOCKED' })
      await engine.define([defined('q', 0, 0, from)])
      assert.equal(await keysOf(engine), 'abc')
      assert.deepEqual(rescueFiles(), [])
      await other.close()
    })
  }

  it('keeps nobody waiting while a definition is bad', async () => {
    const engine = await start(4, 'a')
    engine.relocate(elsewhere(), reports)
    await engine.define([defined('p')], [bad])
    assert.deepEqual([...(await engine.sizes()).keys()], ['p'])
    const other = new LocalEngine({ ...database().location, id: 'other' }, reports)
    engines.push(other)
    const opening = other.define([defined('r', 0, 0, 1), defined('p')])
    const size = Promise.resolve(other.size('r')).catch(({ code }) => code)
    await other.define([defined('p')], [bad])
    await opening
    assert.ok(['MQ_UNKNOWN_QUEUE', 0].includes(await size))
    assert.deepEqual([...(await other.sizes()).keys()], ['p'])
  })

  it('releases the lock of a queue that could not be opened', async () => {
    const text = name === 'MariaDB' ? 'longtext' : 'varchar'
    await database().query(`create table "q" (id integer primary key, "key" ${text}, val ${text})`)
    await database().query(`insert into "q" (id, "key", val) values (1, 'a', null)`)
    const engine = new LocalEngine(database().location, reports)
    engines.push(engine)
    await engine.define([defined('p', 0, 0, 4), defined('q', 0, 0, 4)])
    await engine.define([defined('p', 0, 0, 4)])
    await database().query(`update "q" set val = 'a'`)
    const other = await start(4, '', { id: 'other' })
    await works(other)
    assert.equal(await keysOf(other), 'a')
  })

  it('finds two rows with one id, and touches neither', async () => {
    const text = name === 'MariaDB' ? 'longtext' : 'varchar'
    await database().query(`create table "q" (id integer, "key" ${text}, val ${text})`)
    for (const key of 'ab') {
      await database().query(`insert into "q" (id, "key", val) values (1, '${key}', '${key}')`)
    }
    for (const dbmode of [1, 4] as const) {
      const engine = await start(dbmode)
      await assert.rejects(async () => engine.size('q'), /row 1: there are two rows with this id/)
    }
    assert.equal((await database().query('select * from "q"')).length, 2)
  })

  it('leaves the rows where they are when what is queued cannot be written down', async () => {
    const engine = await start(4, 'abc')
    const draft = join(database().location.directory, 'test.q.rescue.jsonl.draft')
    mkdirSync(join(draft, 'in the way'), { recursive: true })
    engine.relocate(elsewhere(), reports)
    await engine.define([defined('q', 0, 0, 4)])
    await assert.rejects(async () => engine.size('q'), { code: 'MQ_UNAVAILABLE' })
    assert.equal(await inTable(), 'abc')
    rmSync(draft, { recursive: true })
    await works(engine)
    assert.equal(await keysOf(engine), 'abc')
  })

  for (const from of [0, 1, 3] as const) {
    it(`from ${from} to 4, which cannot be written down, and a stop keeps every item once`, async () => {
      const engine = await start(from, 'abc')
      const draft = join(database().location.directory, 'test.q.rescue.jsonl.draft')
      mkdirSync(join(draft, 'in the way'), { recursive: true })
      await engine.define([defined('q', 0, 0, 4)])
      await assert.rejects(async () => engine.size('q'), { code: 'MQ_UNAVAILABLE' })
      await engine.save()
      rmSync(draft, { recursive: true })
      const next = await start(4)
      await works(next)
      assert.equal(await keysOf(next), 'abc')
    })
  }

  for (const fault of ['refused', 'unanswered'] as const) {
    for (const to of [0, 1] as const) {
      it(`from 4 to ${to} while a call is ${fault} loses and doubles nothing`, async function () {
        this.timeout(180_000)
        for (let nth = 1; ; nth++) {
          await database().wipe()
          const engine = await start(4, 'abc')
          const faults = Faults.arm(name, nth, fault)
          const adding = Promise.resolve(engine.add('q', 'd', 'd')).then(
            () => 'd',
            () => '',
          )
          await engine.define([defined('q', 0, 0, to)])
          await works(engine)
          const expected = `abc${await adding}`
          faults.disarm()
          if (to === 1) {
            await engine.save()
            await engine.define([defined('q', 0, 0, 1)])
          }
          assert.equal(await keysOf(engine), expected, `call ${nth}`)
          assert.equal(await inTable(), '', `call ${nth}`)
          await engine.close()
          if (faults.struck) continue
          assert.ok(nth > 4, `only ${nth - 1} calls`)
          if (this.test) this.test.title += ` (${nth - 1} calls struck)`
          return
        }
      })
    }
  }

  for (const fault of ['refused', 'unanswered'] as const) {
    for (const [what, from, moves] of [
      ['from 0 to 4', 0, false],
      ['from 1 to 4', 1, false],
      ['of a journal to another database', 4, true],
    ] as const) {
      it(`${what} while a call is ${fault} loses and doubles nothing`, async function () {
        this.timeout(180_000)
        for (let nth = 1; ; nth++) {
          await database().wipe()
          const engine = await start(from, 'abc')
          // The other database is an SQLite file, so what is struck there is called in its thread.
          const faults = Faults.arm(moves && nth % 2 === 0 ? 'SQLite' : name, nth, fault)
          if (moves) engine.relocate(elsewhere(), reports)
          await engine.define([defined('q', 0, 0, 4)])
          await works(engine)
          const { struck } = faults
          faults.disarm()
          await engine.add('q', 'd', 'd')
          await engine.close()
          const next = new LocalEngine(moves ? elsewhere() : database().location, reports)
          engines.push(next)
          await next.define([defined('q', 0, 0, 4)])
          assert.equal(await keysOf(next), 'abcd', `call ${nth}`)
          assert.deepEqual(rescueFiles(), [], `call ${nth}`)
          await next.close()
          if (struck || nth < 6) continue
          if (this.test) this.test.title += ` (${nth - 1} calls struck)`
          return
        }
      })
    }
  }

  it('waits with new definitions until a save is over', async () => {
    const engine = await start(1)
    for (let i = 0; i < 20_000; i++) engine.add('q', 'k', i)
    const saving = engine.save()
    await new Promise(setImmediate)
    await engine.define([defined('q', 0, 0, 1)])
    await saving
    assert.equal(await engine.size('q'), 20_000)
    assert.deepEqual(reports.said, [])
  })

  it('between the commit of a load and its end leaves a rescue file', async () => {
    await (await start(3, 'abc')).save()
    const { transaction } = Connection.prototype
    const seen: number[] = []
    const engine = new LocalEngine(database().location, reports)
    engines.push(engine)
    Connection.prototype.transaction = async function (...args) {
      const result = await transaction.apply(this, args)
      engine.rescue()
      seen.push(rescueFiles().length)
      return result as never
    }
    try {
      await engine.define([defined('q', 0, 0, 1)])
    } finally {
      Connection.prototype.transaction = transaction
    }
    assert.deepEqual(seen, [1])
    assert.equal(rescueFiles().length, 0)
    assert.equal(await keysOf(engine), 'abc')
  })

  it('of one table leaves the other journals alone', async () => {
    const engine = new LocalEngine(database().location, reports)
    engines.push(engine)
    await engine.define([defined('q', 0, 0, 4), defined('other', 0, 0, 4)])
    await engine.add('q', 'a', 'a')
    const key = name === 'MariaDB' ? '"key"(9)' : '"key"'
    await database().query(`create unique index once on "q" (${key})`)
    for (let i = 0; i < 3; i++) {
      const outcomes = await Promise.allSettled([
        engine.add('other', 'k', `${i}`),
        engine.add('q', 'a', 'again'),
        engine.add('other', 'k', `${i}`),
      ])
      const statuses = outcomes.map(({ status }) => status)
      assert.deepEqual(statuses, ['fulfilled', 'rejected', 'fulfilled'])
      assert.equal(await engine.size('other'), 2 * i + 2)
      await works(engine)
    }
    assert.equal(await inTable(), 'a')
    assert.equal((await engine.fetch('q'))?.key, 'a')
  })

  if (name === 'SQLite') {
    it('of names for one file is still one journal', async () => {
      const engine = await start(4, 'a')
      const { directory } = database().location
      symlinkSync(join(directory, 'queues.sqlite'), join(directory, 'link.sqlite'))
      const other = await start(4, '', { id: 'other', url: `sqlite:${directory}/link.sqlite` })
      await assert.rejects(async () => other.size('q'), { code: 'MQ_STORE_LOCKED' })
      assert.equal(await keysOf(engine), 'a')
    })
  }
})
