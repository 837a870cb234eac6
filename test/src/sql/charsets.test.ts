/** Tables and databases in a character set that does not hold every text. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import mysql from 'mysql2/promise'
import pg from 'pg'
import type { StoreLocation } from '../../../src/address.ts'
import { type Dbmode, LocalEngine } from '../../../src/index.ts'
import { Connection } from '../../../src/sql/connection.ts'
import { defined } from '../../conformance/engine.ts'
import { onDatabase, Reports, type TestDatabase } from '../../support/databases.ts'
import { drained } from '../../support/drain.ts'
import { closedAfterEach } from '../../support/engines.ts'

/** Characters of which every character set holds some, and some that look the same to a few. */
const CHARACTERS = [
  ...'aZ09 ~\\|{}[]@¥‾éüßÿ€ŒšžąőČжяЄґΩأבกა漢字あア가乱丂￥～−∥—–…“”\u00a0\u0080\u009f\u00ad\ufffd😀𠮷',
]

/** A table in a character set, and another way into it. */
interface CharsetTable {
  readonly location: StoreLocation
  query(text: string, values?: unknown[]): Promise<Record<string, unknown>[]>
  /** Whether the server itself takes a text and returns it. */
  takes(text: string): Promise<boolean>
}

function holdsWhatTheServerDoes(
  name: string,
  charsets: () => Promise<string[]>,
  tableIn: (charset: string) => Promise<CharsetTable>,
): void {
  const engines = closedAfterEach<LocalEngine>()
  let reports: Reports
  beforeEach(() => {
    reports = new Reports()
  })
  async function start({ location }: CharsetTable, dbmode: Dbmode): Promise<LocalEngine> {
    const engine = new LocalEngine(location, reports)
    engines.push(engine)
    await engine.define([defined('q', 0, 0, dbmode)])
    return engine
  }
  const valuesOf = async (engine: LocalEngine) =>
    (await drained(engine)).map(({ value }) => value).join()
  const inTable = async ({ query }: CharsetTable) =>
    (await query('select val from q order by id')).map(({ val }) => val).join()
  const rescued = ({ location: { directory } }: CharsetTable) =>
    readdirSync(directory)
      .filter((file) => file.endsWith('.rescue.jsonl'))
      .flatMap((file) => readFileSync(join(directory, file), 'utf8').split('\n'))
      .flatMap((line) => (line === '' ? [] : (JSON.parse(line).val ?? [])))
      .join()

  it('is taken in exactly where the server takes it, character for character', async function () {
    this.timeout(180_000)
    for (const charset of await charsets()) {
      const table = await tableIn(charset)
      const engine = await start(table, 4)
      for (const text of [...CHARACTERS, 'Müller']) {
        const isHeld = await table.takes(text)
        const added = (async () => engine.add('q', text, text))()
        const what = `${charset}: ${JSON.stringify(text)}`
        if (!isHeld) {
          await assert.rejects(added, { code: 'MQ_INVALID_KEY' }, what)
          await assert.rejects(
            async () => engine.add('q', 'k', text),
            /U\+[0-9A-F]{4,}.*(utf8mb4|UTF8)/,
          )
          continue
        }
        assert.equal((await added).size, 1, what)
        const item = await engine.fetch('q')
        assert.deepEqual([item?.key, item?.value], [text, text], what)
      }
      await engine.close()
    }
  })

  it('that was found in the table goes back into it', async () => {
    const table = await tableIn(name)
    await table.query(`insert into q values (7, 'Jürgen', 'Müller')`)
    for (const dbmode of [1, 4] as const) {
      const engine = await start(table, dbmode)
      const item = await engine.fetch('q')
      assert.deepEqual([item?.key, item?.value], ['Jürgen', 'Müller'])
      await engine.add('q', 'Jürgen', 'Müller')
      await engine.save()
      await engine.close()
      assert.equal(await inTable(table), 'Müller')
    }
    assert.equal(rescued(table), '')
  })

  for (const dbmode of [1, 3] as const) {
    it(`that is not held keeps no other from being saved (dbmode ${dbmode})`, async () => {
      const table = await tableIn(name)
      for (const saved of ['a,ü,z', 'a,ü,z,b,ö,y']) {
        const engine = await start(table, dbmode)
        if (dbmode === 1) await drained(engine)
        for (const value of saved.length > 6 ? 'bö字y' : 'aü漢z') await engine.add('q', 'k', value)
        await engine.save()
        await engine.close()
        if (dbmode === 1) {
          assert.equal(await inTable(table), saved.slice(-5))
          assert.match(rescued(table), /^[漢字]$/)
        } else assert.equal(await inTable(table), saved)
      }
      const told = /does not take: 1 \(key "k": .*U\+6F22.*\)\. They are kept in .*rescue\.jsonl/
      assert.match(reports.said.join('\n'), told)
      const next = await start(table, 1)
      assert.equal(await valuesOf(next), dbmode === 1 ? '字,b,ö,y' : '漢,字,a,ü,z,b,ö,y')
    })
  }

  it('that is not held is rescued once, also where the others cannot be saved', async () => {
    const table = await tableIn(name)
    const engine = await start(table, 3)
    for (const value of 'aü漢z') await engine.add('q', 'k', value)
    const { transaction } = Connection.prototype
    Connection.prototype.transaction = function (work, timeout) {
      const failing: typeof work = async (...args) => {
        await work(...args)
        throw new Error('refused')
      }
      return transaction.call(this, failing, timeout) as never
    }
    try {
      await engine.save()
    } finally {
      Connection.prototype.transaction = transaction
    }
    assert.equal(await inTable(table), '')
    assert.equal(rescued(table), 'a,ü,漢,z')
    assert.match(reports.said.join('\n'), /4 items are not saved/)
  })

  it('that is not held keeps no other from a journal, which leaves it in the rescue file', async () => {
    const table = await tableIn(name)
    const engine = await start(table, 0)
    for (const value of 'aü漢z') await engine.add('q', 'k', value)
    await engine.define([defined('q', 0, 0, 4)])
    assert.equal(await engine.size('q'), 3)
    assert.equal(await inTable(table), 'a,ü,z')
    assert.equal(rescued(table), '漢')
    assert.match(reports.said.join('\n'), /U\+6F22/)
    await engine.add('q', 'k', 'ö')
    await engine.close()
    const next = await start(table, 4)
    assert.equal(await valuesOf(next), 'a,ü,z,ö')
    assert.equal(rescued(table), '漢')
  })
}

onDatabase('MariaDB', 'a text', (database) => {
  async function tableIn(charset: string): Promise<CharsetTable> {
    const { location } = database()
    await database().wipe()
    await database().query(`create table "q" (id int primary key, "key" varchar(99) not null, val tinytext not null)
      default charset = ${charset}`)
    await database().query(`create table "other" (t varchar(9)) default charset = ${charset}`)
    return {
      location,
      query: (text) => database().query(text),
      async takes(text) {
        const client = await mysql.createConnection({
          uri: location.url as string,
          charset: 'utf8mb4',
        })
        try {
          await client.query(`set session sql_mode = 'STRICT_ALL_TABLES'`)
          await client.query('insert into other values (?)', [text])
          const [rows] = await client.query('select t from other')
          return (rows as { t: string }[])[0]?.t === text
        } catch {
          return false
        } finally {
          await client.query('delete from other')
          await client.end()
        }
      },
    }
  }
  const all = async () =>
    (
      await database().query(
        'select character_set_name as c from information_schema.character_sets',
      )
    )
      .map(({ c }) => String(c))
      .filter((charset) => charset !== 'binary')

  holdsWhatTheServerDoes('latin1', all, tableIn)

  it('is bounded by the bytes that it takes in its character set', async () => {
    for (const [charset, character, most] of [
      ['latin1', 'ü', 255],
      ['utf8mb3', 'ü', 127],
      ['utf8mb4', '😀', 63],
      ['gbk', '漢', 127],
      ['ucs2', 'x', 127],
      ['utf16', '😀', 63],
      ['utf32', 'x', 63],
      ['utf32', '😀', 63],
    ] as const) {
      const { location } = await tableIn(charset)
      const engine = new LocalEngine(location, new Reports())
      await engine.define([defined('q', 0, 0, 4)])
      assert.equal((await engine.add('q', 'k', character.repeat(most))).size, 1, charset)
      await assert.rejects(
        async () => engine.add('q', 'k', character.repeat(most + 1)),
        /at most 255 bytes/,
        charset,
      )
      await engine.close()
    }
  })
})

onDatabase('PostgreSQL', 'a text', (database) => {
  const made: { admin: pg.Client; client: pg.Client; name: string }[] = []
  afterEach(async () => {
    for (const { admin, client, name } of made.splice(0)) {
      await client.end()
      await admin.query(`drop database ${name} with (force)`)
      await admin.end()
    }
  })

  async function tableIn(encoding: string): Promise<CharsetTable> {
    const { location } = database()
    const own = ownOf(database())
    const name = `${own}_${encoding.toLowerCase()}`
    const admin = new pg.Client('postgres://postgres@127.0.0.1:5432/test')
    await admin.connect()
    await admin.query(
      `create database ${name} template template0 encoding '${encoding}' locale 'C'`,
    )
    const url = location.url?.replace(own, name) as string
    const client = new pg.Client(url)
    await client.connect()
    made.push({ admin, client, name })
    await client.query('create table q (id int primary key, "key" varchar, val varchar)')
    return {
      location: { ...location, url },
      query: async (text) => (await client.query(text)).rows,
      async takes(text) {
        try {
          return (await client.query('select $1::text as t', [text])).rows[0].t === text
        } catch {
          return false
        }
      },
    }
  }
  const some = async () => ['LATIN1', 'LATIN9', 'WIN1252', 'WIN1251', 'KOI8R', 'EUC_JP', 'EUC_KR']

  holdsWhatTheServerDoes('LATIN1', some, tableIn)

  it('of any kind is taken in where the encoding is none', async () => {
    const { location } = await tableIn('SQL_ASCII')
    const engine = new LocalEngine(location, new Reports())
    await engine.define([defined('q', 0, 0, 4)])
    assert.equal((await engine.add('q', '漢', '😀')).size, 1)
    await engine.close()
  })
})

function ownOf({ location }: TestDatabase): string {
  return new URL(location.url as string).pathname.slice(1)
}
