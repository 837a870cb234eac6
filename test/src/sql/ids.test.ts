/** Tables whose ids come to their end. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Dbmode, LocalEngine, type MaybePromise, MqueueError } from '../../../src/index.ts'
import { defined, eventually } from '../../conformance/engine.ts'
import { onDatabase, Reports, type TestDatabase } from '../../support/databases.ts'
import { drained } from '../../support/drain.ts'
import { closedAfterEach } from '../../support/engines.ts'

/** A kind of id: how the column is made, and the largest one. */
type Kind = readonly [column: string, largest: number]

const TEXTS = '"key" varchar(64) not null, val varchar(64) not null'

/**
 * @param comeTo has the ids that others get come to this one
 * @param canRestart whether others get ids again where a table is found at their end that holds nothing
 */
function goesOn(
  database: () => TestDatabase,
  kinds: readonly Kind[],
  [small, most]: Kind,
  comeTo: (id: number) => Promise<unknown>,
  canRestart: boolean,
): void {
  const engines = closedAfterEach<LocalEngine>()
  let reports: Reports
  beforeEach(() => {
    reports = new Reports()
  })

  async function start(dbmode: Dbmode = 4): Promise<LocalEngine> {
    const engine = new LocalEngine(database().location, reports)
    engines.push(engine)
    await engine.define([defined('q', 0, 0, dbmode)])
    return engine
  }
  async function makeTable(column: string, ...ids: number[]): Promise<void> {
    await database().wipe()
    await database().query(`create table "q" (${column}, ${TEXTS})`)
    for (const id of ids) await database().query(`insert into "q" values (${id}, 'k', 'row ${id}')`)
  }
  const fill = (to: number) =>
    database().query(
      `insert into "q" with recursive n as (select 1 as id union all select id + 1 from n where id < ${to})
      select id, 'k', id from n`,
    )
  const insertAsKamailio = (val: string) =>
    database().query(`insert into "q" ("key", val) values ('k', '${val}')`)
  const inTable = async () =>
    (await database().query('select val from "q" order by id')).map(({ val }) => val)
  const valuesOf = async (engine: LocalEngine) => (await drained(engine)).map(({ value }) => value)
  const add = async (engine: LocalEngine, ...values: string[]) => {
    for (const value of values) await engine.add('q', 'k', value)
  }
  const rescue = (...lines: object[]) =>
    writeFileSync(
      join(database().location.directory, 'test.q.rescue.jsonl'),
      [{ store: database().location.url?.replace(/\/\/\w+@/, '//') }, ...lines]
        .map((line) => `${JSON.stringify(line)}\n`)
        .join(''),
    )
  const noErrors = () =>
    assert.deepEqual(
      reports.said.filter((said) => said.startsWith('error')),
      [],
    )

  for (const [column, largest] of kinds) {
    describe(column, () => {
      for (const dbmode of [1, 3, 4] as const) {
        it(`begins again where the table is empty (dbmode ${dbmode})`, async () => {
          await makeTable(column, largest)
          await comeTo(largest)
          await database().query('delete from "q"')
          const engine = await start(dbmode)
          await add(engine, 'a', 'b')
          await engine.save()
          assert.deepEqual(await inTable(), ['a', 'b'])
          if (canRestart) await insertAsKamailio('c')
          assert.deepEqual(await inTable(), ['a', 'b', ...(canRestart ? 'c' : '')])
          noErrors()
        })

        it(`keeps the order of what the table has at the end of its ids (dbmode ${dbmode})`, async () => {
          for (const ids of [
            [largest - 1],
            [largest],
            [1, largest - 3, largest],
            [1, 2, largest],
          ]) {
            await makeTable(column, ...ids)
            const engine = await start(dbmode)
            await add(engine, 'a', 'b', 'c')
            await engine.save()
            const expected = [...ids.map((id) => `row ${id}`), 'a', 'b', 'c']
            assert.deepEqual(await inTable(), expected)
            const isRestarted = canRestart || dbmode !== 1
            if (isRestarted) await insertAsKamailio('d')
            await engine.close()
            const next = await start(1)
            assert.deepEqual(await valuesOf(next), [...expected, ...(isRestarted ? 'd' : '')])
            await next.close()
            noErrors()
          }
        })
      }

      it('has room for what waits in a rescue file', async () => {
        const item = (val: string) => ({ key: 'k', val, val_type: null })
        for (const [ids, lines, expected] of [
          [[], [item('a'), item('b')], ['a', 'b']],
          [
            [1, largest],
            [item('a'), item('b')],
            ['row 1', `row ${largest}`, 'a', 'b'],
          ],
          [
            [1, largest - 1, largest],
            [{ removed: [largest - 1] }, { id: largest, ...item('other') }, item('a')],
            ['row 1', `row ${largest}`, 'other', 'a'],
          ],
        ] as const) {
          await makeTable(column, ...ids)
          await comeTo(largest)
          rescue(...lines)
          const engine = await start()
          await add(engine, 'z')
          assert.deepEqual(await inTable(), [...expected, 'z'])
          await engine.close()
          const next = await start()
          assert.deepEqual(await valuesOf(next), [...expected, 'z'])
          await next.close()
          noErrors()
        }
      })
    })
  }

  describe(`while it runs, with ${small}`, () => {
    it('passes the end again and again, in bursts and one by one', async () => {
      await makeTable(small, most - 20)
      const engine = await start()
      assert.equal((await engine.fetch('q'))?.value, `row ${most - 20}`)
      const pending: MaybePromise<unknown>[] = []
      const expected: number[] = []
      for (let i = 0; i < 3 * Math.min(most, 1_000); i++) {
        pending.push(engine.add('q', 'k', String(i)))
        expected.push(i)
        if (expected.length < 50) continue
        for (const value of expected.splice(0, 40)) {
          const fetched = Promise.resolve(engine.fetch('q'))
          pending.push(fetched.then((item) => assert.equal(item?.value, String(value))))
        }
        if (i % 3 === 0) await Promise.all(pending.splice(0))
      }
      await Promise.all(pending)
      assert.deepEqual(await inTable(), expected.map(String))
      assert.deepEqual(await valuesOf(engine), expected.map(String))
      noErrors()
    })

    it('puts back what was fetched for somebody who went', async () => {
      for (let before = 0; before < 4; before++) {
        await makeTable(small, most - 3)
        const engine = await start()
        await add(engine, ...'abc'.slice(0, before))
        const gone = new AbortController()
        const fetching = assert.rejects(async () => engine.fetch('q', { signal: gone.signal }), {
          code: 'MQ_CLOSED',
        })
        const adding = Promise.all([engine.add('q', 'k', 'y'), engine.add('q', 'k', 'z')])
        gone.abort()
        await Promise.all([fetching, adding])
        const expected = [`row ${most - 3}`, ...'abc'.slice(0, before), 'y', 'z']
        await eventually(async () => assert.equal(await engine.size('q'), expected.length))
        assert.deepEqual(await inTable(), expected)
        assert.deepEqual(await valuesOf(engine), expected)
        await engine.close()
      }
    })

    it('says why where all ids are taken, and goes on when one is free', async () => {
      await makeTable(small)
      await fill(most)
      const engine = await start()
      for (let i = 0; i < 2; i++) {
        await assert.rejects(
          async () => engine.add('q', 'k', 'v'),
          (error) =>
            error instanceof MqueueError &&
            error.code === 'MQ_UNAVAILABLE' &&
            /column "id" .* up to \d+.*bigint/.test(error.message),
        )
      }
      assert.equal((await engine.fetch('q'))?.value, '1')
      assert.equal((await engine.add('q', 'k', 'last')).size, most)
      assert.equal((await engine.fetch('q'))?.value, '2')
      const [first, ...others] = await inTable()
      assert.deepEqual([first, others.at(-1), others.length], ['3', 'last', most - 2])
    })

    it('has a save that finds no room rescued as a whole', async () => {
      await makeTable(small)
      await fill(most - 1)
      const engine = await start(3)
      await add(engine, 'a', 'b')
      await engine.save()
      assert.equal((await inTable()).length, most - 1)
      assert.match(reports.said.join('\n'), /column "id" .* up to \d+.*bigint/)
      assert.match(reports.said.join('\n'), /2 items are not saved/)
      assert.deepEqual((await valuesOf(await start(1))).slice(0, 3), ['a', 'b', '1'])
    })
  })
}

onDatabase('PostgreSQL', 'an id', (database) => {
  const comeTo = async (id: number) => {
    await database().query(
      `select setval(pg_get_serial_sequence('q', 'id'), ${id}) where pg_get_serial_sequence('q', 'id') is not null`,
    )
  }
  const kinds: Kind[] = [
    ['id serial primary key', 2 ** 31 - 1],
    ['id smallserial primary key', 2 ** 15 - 1],
    ['id integer generated by default as identity primary key', 2 ** 31 - 1],
    ['id bigint generated by default as identity (maxvalue 1000) primary key', 1_000],
  ]
  goesOn(database, kinds, ['id smallserial primary key', 2 ** 15 - 1], comeTo, true)
})

onDatabase('MariaDB', 'an id', (database) => {
  const kinds: Kind[] = [
    ['id tinyint auto_increment primary key', 127],
    ['id smallint unsigned auto_increment primary key', 2 ** 16 - 1],
    ['id mediumint auto_increment primary key', 2 ** 23 - 1],
    ['id int auto_increment primary key', 2 ** 31 - 1],
    ['id int unsigned auto_increment primary key', 2 ** 32 - 1],
  ]
  const comeTo = async () => {}
  goesOn(database, kinds, ['id tinyint auto_increment primary key', 127], comeTo, false)

  it('begins again also for a user who may not alter the table', async () => {
    const { location, query } = database()
    await query(`create table "q" (id tinyint auto_increment primary key, ${TEXTS})`)
    await query(`insert into "q" values (127, 'k', 'row')`)
    const user = `mqueue_user_${process.pid}`
    await query(`create user ${user}; grant select, insert, delete on "q" to ${user}`)
    const url = location.url?.replace('root@', `${user}@`) as string
    const engine = new LocalEngine({ ...location, url }, new Reports())
    try {
      await engine.define([defined('q', 0, 0, 4)])
      assert.equal((await engine.add('q', 'k', 'v')).size, 2)
    } finally {
      await engine.close()
      await query(`drop user ${user}`)
    }
  })
})
