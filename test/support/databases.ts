/** Real databases for the tests, each with a way to look into it that is not ours. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import mysql from 'mysql2/promise'
import pg from 'pg'
import type { StoreLocation } from '../../src/address.ts'
import type { Report } from '../../src/index.ts'

export type Rows = Record<string, unknown>[]

/** A database for one suite alone. */
export interface TestDatabase {
  /** Where a store finds it. */
  readonly location: StoreLocation
  /** Its address for Kamailio. */
  readonly kamailioUrl: string
  /** Runs a statement; names in double quotes are names on all of them. */
  query(text: string): Promise<Rows>
  /** Removes all tables and files. */
  wipe(): Promise<void>
  drop(): Promise<void>
}

export interface DatabaseKind {
  readonly name: string
  /** Kamailio's module for it. */
  readonly module: string
  readonly isThere: () => Promise<boolean>
  readonly make: () => Promise<TestDatabase>
}

const answers = (port: number) =>
  new Promise<boolean>((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.on('connect', () => resolve(true)).on('error', () => resolve(false))
    socket.on('connect', () => socket.destroy())
  })

let count = 0
const freshName = () => `mqueue_test_${process.pid}_${++count}`

function emptied(directory: string): void {
  // A connection that is just ending removes its own files.
  for (const file of readdirSync(directory)) {
    rmSync(join(directory, file), { recursive: true, force: true })
  }
}

async function makeSqlite(): Promise<TestDatabase> {
  const directory = mkdtempSync(join(tmpdir(), 'mqueue-sqlite-'))
  const path = join(directory, 'queues.sqlite')
  return {
    location: { url: `sqlite:${path}`, directory, id: 'test' },
    // Kamailio takes three slashes away.
    kamailioUrl: `sqlite:///${path}`,
    async query(text) {
      const database = new DatabaseSync(path, { timeout: 1000 })
      try {
        return database.prepare(text).all() as Rows
      } finally {
        database.close()
      }
    },
    async wipe() {
      emptied(directory)
    },
    async drop() {
      rmSync(directory, { recursive: true })
    },
  }
}

async function makePostgres(): Promise<TestDatabase> {
  const name = freshName()
  const admin = new pg.Client('postgres://postgres@127.0.0.1:5432/test')
  await admin.connect()
  await admin.query(`create database ${name}`)
  const url = `postgres://postgres@127.0.0.1:5432/${name}`
  const client = new pg.Client(url)
  await client.connect()
  const directory = mkdtempSync(join(tmpdir(), 'mqueue-postgres-'))
  return {
    location: { url, directory, id: 'test' },
    kamailioUrl: `postgres://postgres@127.0.0.1/${name}`,
    query: async (text) => (await client.query(text)).rows,
    async wipe() {
      emptied(directory)
      await client.query('drop schema public cascade; create schema public')
    },
    async drop() {
      await client.end()
      await admin.query(`drop database ${name} with (force)`)
      await admin.end()
      rmSync(directory, { recursive: true })
    },
  }
}

export async function makeMariadb(port = 3306): Promise<TestDatabase> {
  const name = freshName()
  const client = await mysql.createConnection({
    uri: `mysql://root@127.0.0.1:${port}/test`,
    multipleStatements: true,
  })
  await client.query(`create database ${name}; use ${name}; set sql_mode = 'ANSI_QUOTES'`)
  const directory = mkdtempSync(join(tmpdir(), 'mqueue-mariadb-'))
  return {
    location: { url: `mysql://root@127.0.0.1:${port}/${name}`, directory, id: 'test' },
    kamailioUrl: `mysql://root:@127.0.0.1:${port}/${name}`,
    query: async (text) => (await client.query(text))[0] as Rows,
    async wipe() {
      emptied(directory)
      await client.query(`drop database ${name}; create database ${name}; use ${name}`)
    },
    async drop() {
      await client.query(`drop database ${name}`)
      await client.end()
      rmSync(directory, { recursive: true })
    },
  }
}

export const DATABASES: readonly DatabaseKind[] = [
  { name: 'SQLite', module: 'db_sqlite', isThere: async () => true, make: makeSqlite },
  {
    name: 'PostgreSQL',
    module: 'db_postgres',
    isThere: () => answers(5432),
    make: makePostgres,
  },
  { name: 'MariaDB', module: 'db_mysql', isThere: () => answers(3306), make: () => makeMariadb() },
]

/** What a store reported, as `level: text`. */
export class Reports implements Report {
  readonly said: string[] = []
  info = (text: string) => void this.said.push(`info: ${text}`)
  warn = (text: string) => void this.said.push(`warn: ${text}`)
  error = (text: string) => void this.said.push(`error: ${text}`)
}

type Suite = (database: () => TestDatabase, kind: DatabaseKind) => void

/**
 * Runs a suite on each database. Where a server is not there the suite is skipped, with a word on what is missing; in
 * CI that is a failure.
 */
export function onEachDatabase(title: string, suite: Suite): void {
  for (const kind of DATABASES) onKind(kind, title, suite)
}

/** Runs a suite on one database, as `onEachDatabase` does. */
export function onDatabase(name: string, title: string, suite: Suite): void {
  for (const kind of DATABASES) if (kind.name === name) onKind(kind, title, suite)
}

/** Runs a suite on a database of a kind, as `onEachDatabase` does. */
export function onKind(kind: DatabaseKind, title: string, suite: Suite): void {
  describe(`${title} on ${kind.name}`, () => {
    let database: TestDatabase
    before(async function () {
      if (await kind.isThere()) {
        database = await kind.make()
        return
      }
      if (process.env.CI) throw new Error(`needed in CI: a running ${kind.name}`)
      console.log(`      skipped; to run it, start ${kind.name} on 127.0.0.1`)
      this.skip()
    })
    after(() => database?.drop())
    beforeEach(() => database.wipe())
    suite(() => database, kind)
  })
}
