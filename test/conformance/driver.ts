/** What a driver must do on every database. */
import assert from 'node:assert/strict'
import {
  type Column,
  type Driver,
  type OpenOptions,
  type Row,
  type Table,
  UncertainCommit,
} from '../../src/sql/drivers/driver.ts'
import type { DatabaseKind, TestDatabase } from '../support/databases.ts'
import { type Fault, Faults } from '../support/faults.ts'

/** Opens another connection to the database of the suite. */
export type Open = (options: OpenOptions) => Promise<Driver>

/** A row with a value that contains its id. */
export const row = (id: number, val = `value ${id}`, val_type: string | null = null): Row => ({
  id,
  key: `key ${id}`,
  val,
  val_type,
})

/** Rows with ids from one to another. */
export const rows = (from: number, to: number): Row[] =>
  Array.from({ length: to - from + 1 }, (_, at) => row(from + at))

export const idsOf = (some: readonly Row[]): number[] => some.map(({ id }) => id)

/** Makes the table of a queue, and finds it. */
export async function madeTable(driver: Driver, name: string): Promise<Table> {
  assert.equal((await driver.create([name])).size, 0)
  const found = (await driver.describe([name])).get(name)
  const { columns, unfit, names, name: known } = found ?? { columns: [], names: [], name: '' }
  assert.equal(unfit, undefined)
  const column = (wanted: string) => columns.find((one) => one.name === wanted) as Column
  const [key, val] = [column('key'), column('val')]
  const typed = column('val_type') !== undefined
  const counts = column('attempts') !== undefined
  const largestId = column('id').largest as number
  return { queue: name, name: known, key, val, typed, counts, names, largestId }
}

export function conformsAsDriver(
  database: () => TestDatabase,
  { name }: DatabaseKind,
  openDriver: (database: TestDatabase, options: OpenOptions) => Promise<Driver>,
): void {
  const drivers: Driver[] = []
  let owners = 0

  async function open(options: Partial<OpenOptions> = {}): Promise<Driver> {
    const owner = `mqueue test ${process.pid} ${++owners}`
    const driver = await openDriver(database(), { owner, onLost: () => {}, ...options })
    driver.hold(true)
    drivers.push(driver)
    return driver
  }
  afterEach(async () => {
    for (const driver of drivers.splice(0)) await driver.close().catch(() => {})
  })

  const inTable = async (table: Table) =>
    (await database().query(`select id from "${table.queue}" order by id`)).map(({ id }) =>
      Number(id),
    )

  describe('a write', () => {
    it('makes all changes of several tables', async () => {
      const driver = await open()
      const [p, q] = [await madeTable(driver, 'p'), await madeTable(driver, 'q')]
      await driver.write([{ table: p, removed: [], added: rows(1, 5) }])
      await driver.write([
        { table: p, removed: [1, 2, 4], added: [row(6), row(9)] },
        { table: q, removed: [], added: [row(3)] },
      ])
      assert.deepEqual(await driver.read(p, undefined, 9), [row(3), row(5), row(6), row(9)])
      assert.deepEqual(await driver.read(q, undefined, 9), [row(3)])
    })

    it('makes one change, of one row or of many', async () => {
      const driver = await open()
      const table = await madeTable(driver, 'q')
      await driver.write([{ table, removed: [], added: [row(1, 'v', 'text')] }])
      assert.deepEqual(await driver.read(table, undefined, 9), [row(1, 'v', 'text')])
      await driver.write([{ table, removed: [1], added: [row(2)] }])
      await driver.write([{ table, removed: [2], added: [] }])
      await driver.write([{ table, removed: [], added: [] }])
      await driver.write([])
      assert.deepEqual(await inTable(table), [])
      await driver.write([{ table, removed: [], added: rows(1, 1_000) }])
      const odd = idsOf(rows(1, 1_000)).filter((id) => id % 2 === 1)
      await driver.write([{ table, removed: [...odd, 5_000], added: [] }])
      assert.equal(await driver.count(table), 500)
    })

    it('removes before it adds, so that a unique index takes the same key again', async () => {
      const driver = await open()
      const [p, q] = [await madeTable(driver, 'p'), await madeTable(driver, 'q')]
      const key = name === 'MariaDB' ? '"key"(9)' : '"key"'
      for (const table of ['p', 'q']) {
        await database().query(`create unique index "${table} once" on "${table}" (${key})`)
      }
      const again = (from: number, of: readonly Row[]) =>
        of.map((one, at) => ({ ...one, id: from + at }))
      let id = 1
      for (const many of [1, 2, 50]) {
        const added = rows(1, many)
        await driver.write([{ table: p, removed: [], added: again(id, added) }])
        for (let round = 0; round < 3; round++) {
          const removed = idsOf(again(id, added))
          id += many
          await driver.write([
            { table: p, removed, added: again(id, added) },
            { table: q, removed: round === 0 ? [] : removed, added: again(id, added) },
          ])
        }
        const removed = idsOf(again(id, added))
        id += many
        await driver.write([{ table: p, removed, added: again(id, added) }])
        await driver.write([{ table: p, removed: idsOf(again(id, added)), added: [] }])
        await driver.write([{ table: q, removed, added: [] }])
        assert.deepEqual([await inTable(p), await inTable(q)], [[], []])
        id += many
      }
    })

    it('takes more rows than a statement does', async () => {
      const driver = await open()
      const table = await madeTable(driver, 'q')
      await driver.write([{ table, removed: [], added: rows(1, 25_000) }])
      assert.equal(await driver.count(table), 25_000)
      const removed = idsOf(rows(2, 24_999))
      await driver.write([{ table, removed, added: rows(30_000, 41_000) }])
      assert.equal(await driver.count(table), 11_003)
    })

    it('takes changes of more tables than a statement does', async () => {
      const driver = await open()
      const names = Array.from({ length: 120 }, (_, at) => `q${at}`)
      assert.equal((await driver.create(names)).size, 0)
      const template = await madeTable(driver, 'q0')
      const changes = names.map((name) => ({
        table: { ...template, name },
        removed: [],
        added: rows(1, 2),
      }))
      await driver.write(changes)
      for (const { table } of changes) assert.equal(await driver.count(table), 2)
    })

    it('takes long texts, and what is hard on databases', async () => {
      const driver = await open()
      const table = await madeTable(driver, 'q')
      const texts = [
        'x'.repeat(99_990),
        `${'é😀'.repeat(100_000)}end`,
        `'"\\`.repeat(500_000),
        'quote\'s "x" `y` \\ % _ ; -- /* */ $1 ? :a',
        'line\nbreak\r\ttab',
        '',
        'x'.repeat(3_000_000),
        'y'.repeat(3_000_000),
      ]
      const added = texts.map((text, at) => row(at + 1, text))
      await driver.write([{ table, removed: [], added }])
      assert.deepEqual(await driver.read(table, undefined, 99), added)
      for (const [at, text] of texts.entries()) {
        const one = row(at + 101, text)
        await driver.write([{ table, removed: [at + 1], added: [one] }])
        assert.deepEqual(await driver.readIds(table, [one.id]), [one])
      }
    })

    it('that is refused leaves nothing, and the connection goes on', async () => {
      const driver = await open()
      const [p, q] = [await madeTable(driver, 'p'), await madeTable(driver, 'q')]
      await driver.write([{ table: q, removed: [], added: [row(7)] }])
      for (const added of [[row(7)], rows(1, 7), rows(1, 12_000)]) {
        for (const before of [[], [{ table: p, removed: [], added }]]) {
          await assert.rejects(
            driver.write([...before, { table: q, removed: [], added }]),
            (error) => error instanceof Error && !(error instanceof UncertainCommit),
          )
          assert.deepEqual(await inTable(p), [])
          assert.deepEqual(await inTable(q), [7])
        }
      }
      await driver.write([{ table: q, removed: [7], added: [row(8)] }])
      assert.deepEqual(await inTable(q), [8])
    })

    it('keeps how often items were handed out, and whence they came', async () => {
      const driver = await open()
      const table = await madeTable(driver, 'q')
      const past = { attempts: 2, dead_letter: 'rejected:calls' }
      const added = [row(1), { ...row(2), ...past }, row(3), { ...row(4), attempts: 1 }, row(9)]
      await driver.write([{ table, removed: [], added }])
      assert.deepEqual(await driver.read(table, undefined, 10), added)
      const attempted = new Map([
        [1, 1],
        [3, 1],
        [4, 2],
        [9, 1],
      ])
      await driver.write([{ table, removed: [2], added: [row(10)], attempted }])
      const rows = [
        { ...row(1), attempts: 1 },
        { ...row(3), attempts: 1 },
        { ...row(4), attempts: 2 },
        { ...row(9), attempts: 1 },
        row(10),
      ]
      assert.deepEqual(await driver.readIds(table, [1, 3, 4, 9, 10]), rows)
      await driver.write([{ table, removed: [], added: [], attempted: new Map([[1, 0]]) }])
      assert.deepEqual(await driver.readIds(table, [1]), [row(1)])
    })

    it('to a table without val_type leaves the type out', async () => {
      await database().query(
        'create table "q" (id integer primary key, "key" varchar(64), val varchar(64))',
      )
      const driver = await open()
      const table = await madeTable(driver, 'q')
      assert.equal(table.typed, false)
      await driver.write([{ table, removed: [], added: [row(1)] }])
      await driver.write([{ table, removed: [1], added: rows(2, 5) }])
      assert.deepEqual(await driver.read(table, undefined, 9), rows(2, 5))
    })
  })

  for (const fault of ['refused', 'unanswered'] as const) {
    it(`a write with a call that is ${fault} is made as a whole or not at all, and says which`, function () {
      this.timeout(180_000)
      return withEachCall(fault)
    })
  }

  /** Writes in several ways with each call failing in turn. */
  async function withEachCall(fault: Fault): Promise<void> {
    const seen: number[] = []
    for (const many of [1, 20, 12_000]) {
      // SQLite is called for each row, and the calls are much the same.
      for (let nth = 1; ; nth += many < 100 || nth < 12 ? 1 : 3_999) {
        await database().wipe()
        let lost = false
        const driver = await open({ onLost: () => (lost = true) })
        const [p, q] = [await madeTable(driver, 'p'), await madeTable(driver, 'q')]
        await driver.write([{ table: p, removed: [], added: [row(1)] }])
        const faults = Faults.arm(name, nth, fault)
        const changes = [
          { table: p, removed: [1], added: rows(2, many + 1) },
          { table: q, removed: [], added: rows(2, many + 1) },
        ]
        const error = await driver.write(changes).then(
          () => undefined,
          (failure: Error) => failure,
        )
        faults.disarm()
        // A transaction that is still open would keep others from reading what is there.
        if (lost) driver.destroy()
        const isMade = (await inTable(q)).length > 0
        assert.equal((await inTable(p)).length, isMade ? many : 1, `call ${nth}`)
        if (error === undefined) assert.ok(isMade)
        else if (!(error instanceof UncertainCommit)) assert.ok(!isMade, `call ${nth}`)
        if (error !== undefined && !lost) {
          await driver.write(isMade ? [{ table: p, removed: [], added: [row(50_000)] }] : changes)
          assert.ok((await inTable(p)).length >= many)
        }
        driver.destroy()
        if (faults.struck) continue
        assert.equal(error, undefined)
        seen.push(faults.calls)
        break
      }
    }
    console.log(`        calls: ${seen.join(', ')}`)
    assert.ok(seen.every((calls) => calls > 0))
  }

  it('a write under way when the connection is ended fails at once, as uncertain', async () => {
    const [driver, other] = [await open(), await open()]
    const table = await madeTable(driver, 'q')
    await driver.reserveIds(table, 1_000)
    await other.reserveIds(table, 1_000)
    await other.begin()
    await other.insert(table, [row(1)])
    const failure = driver.write([{ table, removed: [], added: [row(1)] }]).catch((error) => error)
    await new Promise((resolve) => setTimeout(resolve, 100))
    const start = performance.now()
    driver.destroy()
    assert.ok((await failure) instanceof UncertainCommit)
    // The other one would be waited for as long as it has the table.
    assert.ok(performance.now() - start < 5_000)
    await other.rollback()
  })

  describe('rows that may be refused', () => {
    it('are added all or none, and the transaction goes on', async () => {
      const driver = await open()
      const table = await madeTable(driver, 'q')
      await driver.begin()
      await driver.insert(table, [row(1)])
      assert.equal(await driver.insertOrNot(table, [row(2), row(3)]), undefined)
      assert.ok((await driver.insertOrNot(table, [row(4), row(2)])) instanceof Error)
      assert.ok((await driver.insertOrNot(table, [row(1)])) instanceof Error)
      assert.equal(await driver.insertOrNot(table, [row(5)]), undefined)
      await driver.commit()
      assert.deepEqual(await inTable(table), [1, 2, 3, 5])
    })
  })

  it('assigns each table its own names, the same on every connection', async () => {
    const namesOf = async (table: string) => (await madeTable(await open(), table)).names
    const names = [await namesOf('p'), await namesOf('q')]
    assert.deepEqual([await namesOf('p'), await namesOf('q')], names)
    const all = names.flat()
    assert.ok(all.length >= 2)
    assert.equal(new Set(all).size, all.length)
  })

  describe('a transaction', () => {
    it('holds inserts, removals and a removal of all until it is committed', async () => {
      const driver = await open()
      const table = await madeTable(driver, 'q')
      await driver.begin()
      await driver.insert(table, rows(1, 2_500))
      await driver.remove(table, [1, 2, 3, 7])
      assert.equal(await driver.count(table), 2_496)
      await driver.commit()
      assert.equal((await inTable(table)).length, 2_496)
      await driver.begin()
      assert.equal(await driver.removeAll(table), 2_496)
      await driver.rollback()
      assert.equal((await inTable(table)).length, 2_496)
    })
  })

  describe('reading', () => {
    it('goes by pages, in the order of the ids', async () => {
      const driver = await open()
      const table = await madeTable(driver, 'q')
      assert.deepEqual(await driver.read(table, undefined, 3), [])
      await driver.write([{ table, removed: [], added: rows(1, 7).reverse() }])
      assert.deepEqual(await driver.read(table, undefined, 3), rows(1, 3))
      assert.deepEqual(await driver.read(table, 3, 3), rows(4, 6))
      assert.deepEqual(await driver.read(table, 6, 3), rows(7, 7))
      assert.deepEqual(await driver.read(table, 7, 3), [])
    })

    it('by ids finds those that are there', async () => {
      const driver = await open()
      const table = await madeTable(driver, 'q')
      assert.deepEqual(await driver.readIds(table, []), [])
      await driver.write([{ table, removed: [], added: rows(501, 2_000) }])
      const found = await driver.readIds(table, idsOf(rows(1, 1_000)))
      assert.deepEqual(
        found.sort((a, b) => a.id - b.id),
        rows(501, 1_000),
      )
    })

    it('hands on a row whose id or texts are bad', async () => {
      const text = name === 'MariaDB' ? 'longtext' : 'text'
      await database().query(`create table "q" (id bigint, "key" ${text}, val ${text})`)
      await database().query(
        `insert into "q" values (null, 'k', 'v'), (9007199254740993, 'k', null)`,
      )
      const driver = await open()
      const table = await madeTable(driver, 'q')
      const found = await driver.read(table, undefined, 9)
      assert.equal(found.length, 2)
      assert.ok(found.some(({ id }) => id === null))
      assert.ok(found.some(({ id, val }) => id === 2 ** 53 && val === null))
      assert.ok((await driver.lastId(table)) >= 2 ** 53)
    })

    it('knows the first id, the last one, and the number of rows', async () => {
      const driver = await open()
      const table = await madeTable(driver, 'q')
      assert.equal(await driver.firstId(table), Number.POSITIVE_INFINITY)
      assert.equal(await driver.lastId(table), 0)
      await driver.write([{ table, removed: [], added: rows(5, 9) }])
      assert.equal(await driver.firstId(table), 5)
      assert.ok((await driver.lastId(table)) >= 9)
      assert.equal(await driver.count(table), 5)
    })

    it('assigns others ids behind those of the table once they were restarted', async () => {
      const driver = await open()
      const table = await madeTable(driver, 'q')
      assert.equal(table.largestId, Number.MAX_SAFE_INTEGER)
      await driver.write([{ table, removed: [], added: [row(1_000), row(5)] }])
      await driver.write([{ table, removed: [1_000], added: [] }])
      for (const last of [5, 6]) {
        await driver.restartIds(table)
        await database().query(`insert into "q" ("key", val) values ('k', 'v')`)
        assert.deepEqual((await inTable(table)).at(-1), last + 1)
      }
      await database().query('delete from "q"')
      await driver.restartIds(table)
      await database().query(`insert into "q" ("key", val) values ('k', 'v')`)
      assert.deepEqual(await inTable(table), [1])
    })

    it('an id that is reserved is given to nobody', async () => {
      const driver = await open()
      const table = await madeTable(driver, 'q')
      await driver.reserveIds(table, 100)
      await driver.write([{ table, removed: [], added: [row(100)] }])
      await database().query(`insert into "q" ("key", val) values ('k', 'v')`)
      const ids = await inTable(table)
      assert.ok(ids.length === 2 && (ids[1] as number) > 100)
      assert.ok((await driver.lastId(table)) >= (ids[1] as number))
    })
  })

  describe('tables', () => {
    it('are made and described many at a time, and made again without harm', async function () {
      this.timeout(180_000)
      const driver = await open()
      const names = Array.from({ length: 300 }, (_, at) => `queue-${at}.a`)
      assert.equal((await driver.describe(names)).size, 0)
      assert.equal((await driver.create(names.slice(0, 100))).size, 0)
      assert.equal((await driver.describe(names)).size, 100)
      assert.equal((await driver.create(names)).size, 0)
      const described = await driver.describe(names)
      assert.deepEqual([...described.keys()].sort(), [...names].sort())
      for (const { columns, unfit } of described.values()) {
        assert.equal(unfit, undefined)
        assert.deepEqual(columns.map((column) => column.name).sort(), [
          'attempts',
          'dead_letter',
          'id',
          'key',
          'val',
          'val_type',
        ])
        const numbers = ['id', 'attempts']
        for (const { name, isText } of columns) assert.equal(isText, !numbers.includes(name))
        assert.ok(columns.find((column) => column.name === 'id')?.largest)
      }
      const known = [...described.values()].map((one) => one.name)
      assert.deepEqual(await driver.lock(known), new Set(known))
      assert.equal((await driver.describe([])).size, 0)
      assert.equal((await driver.create([])).size, 0)
      assert.equal((await driver.lock([])).size, 0)
    })

    it('that cannot be made keep no other from being made', async () => {
      const key = name === 'MariaDB' ? '"key"(9)' : '"key"'
      const driver = await open()
      await madeTable(driver, 'p')
      // A name that is taken by something else, or that no database has.
      if (name === 'SQLite') await database().query(`create index "bad" on "p" (${key})`)
      const bad = name === 'MariaDB' ? 'b'.repeat(65) : 'bad'
      if (name === 'PostgreSQL') await database().query('create sequence "bad"')
      const failed = await driver.create(['a', bad, 'c'])
      if (name === 'PostgreSQL') assert.ok(failed.size <= 1)
      else assert.deepEqual([...failed.keys()], [bad])
      for (const error of failed.values()) assert.ok(error.message.length > 0)
      assert.deepEqual([...(await driver.describe(['a', 'c'])).keys()].sort(), ['a', 'c'])
    })

    it('have one name where the database takes two for the same', async () => {
      const driver = await open()
      await driver.create(['Q'])
      const isOne = name !== 'MariaDB'
      const described = await driver.describe(['q', 'Q'])
      assert.equal(described.has('q'), isOne)
      assert.ok(described.has('Q'))
      if (isOne) assert.equal(described.get('q')?.name, described.get('Q')?.name)
      else await driver.create(['q'])
      const names = [...(await driver.describe(['q', 'Q'])).values()].map((one) => one.name)
      assert.equal(new Set(names).size, isOne ? 1 : 2)
    })

    it('that are views are unfit', async () => {
      await database().query('create table "base" (id integer, "key" varchar(9), val varchar(9))')
      await database().query('create view "q" as select * from "base"')
      const driver = await open()
      assert.equal((await driver.describe(['q', 'base'])).get('q')?.unfit, 'it is a view')
      assert.equal((await driver.describe(['q'])).get('q')?.unfit, 'it is a view')
    })
  })

  describe('a lock', () => {
    it('is had by one connection at a time, until it is released', async () => {
      const [one, other] = [await open(), await open()]
      for (const table of ['p', 'q']) await madeTable(one, table)
      assert.deepEqual(await one.lock(['p', 'q']), new Set(['p', 'q']))
      assert.deepEqual(await one.lock(['q']), new Set(['q']), 'twice is once')
      assert.deepEqual(await other.lock(['p', 'q']), new Set())
      await one.unlock(['q'])
      await one.unlock(['q'])
      assert.deepEqual(await other.lock(['p', 'q']), new Set(['q']))
      assert.deepEqual(await one.lock(['p', 'q']), new Set(['p']))
    })

    for (const how of ['close', 'destroy'] as const) {
      it(`is released by ${how}`, async () => {
        const [one, other] = [await open(), await open()]
        await madeTable(one, 'q')
        assert.deepEqual(await one.lock(['q']), new Set(['q']))
        await one[how]()
        const deadline = performance.now() + 3_000
        let locked = new Set<string>()
        while (locked.size === 0 && performance.now() < deadline) locked = await other.lock(['q'])
        assert.deepEqual(locked, new Set(['q']))
      })
    }

    if (name !== 'SQLite') {
      it('is taken from a connection of the same owner', async () => {
        let lost: unknown
        const owner = `mqueue test ${process.pid} owner`
        const one = await open({ owner, onLost: (cause) => (lost = cause) })
        await madeTable(one, 'q')
        await one.lock(['q'])
        assert.deepEqual(await (await open({ owner: 'another' })).lock(['q']), new Set())
        assert.deepEqual(await (await open({ owner })).lock(['q']), new Set(['q']))
        assert.ok(lost !== undefined)
      })
    }
  })

  it('a connection that is closed tells of no loss', async () => {
    let lost = 0
    const driver = await open({ onLost: () => lost++ })
    await driver.close()
    driver.destroy()
    await new Promise((resolve) => setTimeout(resolve, 50))
    assert.equal(lost, 0)
  })
}
