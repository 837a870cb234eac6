import { chmodSync, existsSync, mkdirSync, realpathSync } from 'node:fs'
import { dirname } from 'node:path'
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { setTimeout } from 'node:timers/promises'
import { type CompiledQuery, Kysely, SqliteDialect, sql } from 'kysely'
import { MqueueError } from '../errors.ts'
import type { Description, Driver, Row, Table } from './driver.ts'

/** The result codes of SQLite for a database that another connection is writing to. */
const BUSY = new Set([5, 6, 261, 517])
/** How long a transaction waits for that other connection, in ms. */
const PATIENCE = 3_000

/** Opens an SQLite file; makes it when there is none, and its directory when that is our own. */
export async function openSqlite(path: string, isOwn: boolean): Promise<Driver> {
  const { DatabaseSync } = await import('node:sqlite').catch((cause) => {
    const text = 'SQLite needs Node.js 22.13 or later. Update Node.js, or give a database address.'
    throw new MqueueError('MQ_UNAVAILABLE', text, { cause })
  })
  if (isOwn) mkdirSync(dirname(path), { recursive: true })
  const isNew = !existsSync(path)
  const open = (file: string) => new DatabaseSync(file, { timeout: 20 })
  const database = open(path)
  try {
    if (isNew) {
      // What is queued is nobody else's business.
      chmodSync(path, 0o600)
      // A file that was found keeps the journal mode that its owner chose.
      await patiently(() => database.exec('pragma journal_mode = wal'))
    }
    // What is committed survives a loss of power.
    database.exec('pragma synchronous = full')
  } catch (error) {
    database.close()
    throw error
  }
  // A file may have several names, and the lock belongs to the file.
  const real = realpathSync(path)
  return new SqliteDriver(database, (table) => open(`${real}.${table.toLowerCase()}.lock`))
}

class SqliteDriver implements Driver {
  readonly db: Kysely<unknown>
  readonly #database: DatabaseSync
  readonly #openLock: (table: string) => DatabaseSync
  readonly #locks = new Map<string, DatabaseSync>()
  readonly #statements = new Map<string, StatementSync>()

  constructor(database: DatabaseSync, openLock: (table: string) => DatabaseSync) {
    this.#database = database
    this.#openLock = openLock
    this.db = new Kysely({ dialect: new SqliteDialect({ database: asBetterSqlite(database) }) })
  }

  begin(): Promise<void> {
    return patiently(() => this.#database.exec('begin immediate'))
  }

  commit(): Promise<void> {
    return patiently(() => this.#database.exec('commit'))
  }

  async rollback(): Promise<void> {
    if (this.#database.isTransaction) this.#database.exec('rollback')
  }

  async describe(table: string): Promise<Description | undefined> {
    const found = await sql<{ type: string }>`
      select type from sqlite_master where lower(name) = lower(${table}) and type in ('table', 'view')
    `.execute(this.db)
    const kind = found.rows[0]?.type
    if (kind === undefined) return undefined
    const columns = await sql<{ name: string; type: string }>`
      select name, type from pragma_table_info(${table})
    `.execute(this.db)
    return {
      unfit: kind === 'view' ? 'it is a view' : undefined,
      columns: columns.rows.map(({ name, type }) => ({
        name: name.toLowerCase(),
        type,
        // SQLite goes by these parts of a type's name, and holds a column to no length.
        isText: /char|clob|text|blob|^$/i.test(type) && !/int/i.test(type),
        isInteger: /int/i.test(type),
        refuses: () => undefined,
      })),
    }
  }

  async create(table: string): Promise<void> {
    const text = sql`create table if not exists ${sql.id(table)} (
      id integer primary key, "key" text not null, val text not null, val_type text
    )`.compile(this.db)
    await patiently(() => this.#database.exec(text.sql))
  }

  async bytes(table: Table, id: number, column: 'key' | 'val'): Promise<Uint8Array> {
    const found = await sql<{ bytes: Uint8Array }>`
      select cast(${sql.id(column)} as blob) as bytes from ${sql.id(table.name)} where id = ${id}
    `.execute(this.db)
    return found.rows[0]?.bytes ?? new Uint8Array()
  }

  insert(table: Table, rows: readonly Row[]): void {
    const name = sql.id(table.name)
    const statement = this.#statement(
      table.typed
        ? sql`insert into ${name} (id, "key", val, val_type) values (${0}, ${''}, ${''}, ${null})`
        : sql`insert into ${name} (id, "key", val) values (${0}, ${''}, ${''})`,
    )
    for (const { id, key, val, val_type } of rows) {
      if (table.typed) statement.run(id, key, val, val_type)
      else statement.run(id, key, val)
    }
  }

  delete(table: Table, ids: readonly number[]): void {
    const statement = this.#statement(
      sql`delete from ${sql.id(table.name)} where id between ${0} and ${0}`,
    )
    // Items mostly go in the order in which they came: one statement for each run of ids.
    let first = ids[0] ?? 0
    let last = first
    for (const id of ids) {
      if (id > last + 1 || id < last) {
        statement.run(first, last)
        first = id
      }
      last = id
    }
    if (ids.length > 0) statement.run(first, last)
  }

  async lastId(table: Table): Promise<number> {
    const found = await sql<{ last: number | null }>`
      select max(id) as last from ${sql.id(table.name)}
    `.execute(this.db)
    return Math.max(0, found.rows[0]?.last ?? 0)
  }

  async reserveIds(): Promise<void> {
    // SQLite gives the largest id there is plus one.
  }

  async lock(table: string): Promise<boolean> {
    if (this.#locks.has(table)) return true
    const lock = this.#openLock(table)
    try {
      // The operating system lets go of it when the process ends, however it ends.
      lock.exec('begin exclusive')
    } catch (error) {
      lock.close()
      if (isBusy(error)) return false
      throw error
    }
    this.#locks.set(table, lock)
    return true
  }

  async unlock(table: string): Promise<void> {
    this.#locks.get(table)?.close()
    this.#locks.delete(table)
  }

  async close(): Promise<void> {
    this.destroy()
  }

  destroy(): void {
    this.#statements.clear()
    for (const lock of this.#locks.values()) lock.close()
    this.#locks.clear()
    if (this.#database.isOpen) this.#database.close()
  }

  #statement(query: { compile(db: Kysely<unknown>): CompiledQuery }): StatementSync {
    const text = query.compile(this.db).sql
    let statement = this.#statements.get(text)
    if (statement === undefined) {
      statement = this.#database.prepare(text)
      this.#statements.set(text, statement)
    }
    return statement
  }
}

/** Waits for another connection that is writing, without holding up the process. */
async function patiently(operate: () => void): Promise<void> {
  const deadline = performance.now() + PATIENCE
  for (;;) {
    try {
      operate()
      return
    } catch (error) {
      if (!isBusy(error) || performance.now() > deadline) throw error
    }
    await setTimeout(10)
  }
}

function isBusy(error: unknown): boolean {
  return BUSY.has((error as { errcode?: number }).errcode ?? 0)
}

/** Kysely's dialect speaks to better-sqlite3, whose statements differ a little. */
function asBetterSqlite(database: DatabaseSync) {
  return {
    close: () => database.close(),
    prepare(text: string) {
      const statement = database.prepare(text)
      return {
        reader: statement.columns().length > 0,
        all: (parameters: readonly unknown[]) => statement.all(...(parameters as never[])),
        run: (parameters: readonly unknown[]) => statement.run(...(parameters as never[])),
        iterate: (parameters: readonly unknown[]) => statement.iterate(...(parameters as never[])),
      }
    },
  }
}
