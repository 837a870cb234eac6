/** Keeping items in a table as barely as a database's driver lets one, and as durably as a journal. */
import { DatabaseSync } from 'node:sqlite'
import mysql from 'mysql2/promise'
import pg from 'pg'
import type { TestDatabase } from '../../test/support/databases.ts'

/** Adds items with these values, and takes them again. */
export interface BareJournal {
  add(values: readonly string[]): Promise<void>
  take(): Promise<void>
  close(): Promise<void>
}

const KEY = 'call'

async function sqlite({ location }: TestDatabase): Promise<BareJournal> {
  const database = new DatabaseSync(`${location.directory}/bare.sqlite`)
  database.exec('pragma journal_mode = wal; pragma synchronous = full')
  database.exec(
    'create table bare (id integer primary key, key text not null, val text not null, val_type text)',
  )
  const insert = database.prepare('insert into bare values (?, ?, ?, ?)')
  const remove = database.prepare('delete from bare where id = ?')
  let first = 1
  let next = 1
  return {
    async add(values) {
      database.exec('begin immediate')
      for (const value of values) insert.run(next++, KEY, value, null)
      database.exec('commit')
    },
    async take() {
      database.exec('begin immediate')
      while (first < next) remove.run(first++)
      database.exec('commit')
    },
    close: async () => database.close(),
  }
}

async function postgres({ location }: TestDatabase): Promise<BareJournal> {
  const client = new pg.Client(location.url)
  await client.connect()
  await client.query(
    'create table bare (id bigint primary key, key text not null, val text not null, val_type text)',
  )
  let ids: number[] = []
  let next = 1
  return {
    async add(values) {
      ids = values.map(() => next++)
      const rows = values.map(
        (_, i) => `($${i * 4 + 1}, $${i * 4 + 2}, $${i * 4 + 3}, $${i * 4 + 4})`,
      )
      await client.query({
        name: `insert ${values.length}`,
        text: `insert into bare values ${rows.join()}`,
        values: values.flatMap((value, i) => [ids[i], KEY, value, null]),
      })
    },
    async take() {
      await client.query({
        name: 'delete',
        text: 'delete from bare where id between $1 and $2',
        values: [ids[0], ids.at(-1)],
      })
    },
    close: () => client.end(),
  }
}

async function mariadb({ location }: TestDatabase): Promise<BareJournal> {
  const connection = await mysql.createConnection(location.url as string)
  await connection.query(
    'create table bare (id bigint primary key, `key` longtext not null, val longtext not null, val_type text)',
  )
  let ids: number[] = []
  let next = 1
  return {
    async add(values) {
      ids = values.map(() => next++)
      await connection.execute(
        `insert into bare values ${values.map(() => '(?, ?, ?, ?)').join()}`,
        values.flatMap((value, i) => [ids[i] as number, KEY, value, null]),
      )
    },
    async take() {
      const ends = [ids[0] as number, ids.at(-1) as number]
      await connection.execute('delete from bare where id between ? and ?', ends)
    },
    close: () => connection.end(),
  }
}

export const BARE_JOURNALS: Record<string, (database: TestDatabase) => Promise<BareJournal>> = {
  SQLite: sqlite,
  PostgreSQL: postgres,
  MariaDB: mariadb,
}
