import { chmodSync, closeSync, existsSync, mkdirSync, openSync, realpathSync } from 'node:fs'
import { dirname } from 'node:path'
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { type Attempts, columnsOf } from './attempts.ts'
import { UncertainCommit } from './driver.ts'
import { runsOf } from './runs.ts'
import { isBusy, retryBusy } from './sqlite-busy.ts'
import { SqliteLocks } from './sqlite-locks.ts'
import type { Columns } from './sqlite-rows.ts'
import { creating, describeTables, quoted, type TableColumns } from './sqlite-tables.ts'

/** The most statements that are kept prepared. */
const MOST_PREPARED = 500

/** What has to be known of a table to read and write it. */
export interface TableRef {
  readonly name: string
  readonly typed: boolean
  readonly counts: boolean
}

/** What happens to one table in one write. */
export interface FileChanges {
  readonly table: TableRef
  readonly removed: readonly number[]
  readonly added: Columns
  readonly attempted: readonly Attempts[]
}

/**
 * One connection to an SQLite file, in the thread that has them all. It does what `Driver` says. It waits for other
 * connections without holding up the thread.
 */
export class SqliteFile {
  readonly #database: DatabaseSync
  readonly #locks: SqliteLocks
  /** The prepared statements, those used last at the end. */
  readonly #statements = new Map<string, StatementSync>()
  /** Whether nothing has ended it. */
  isOpen = true

  static async open(path: string, isOwn: boolean): Promise<SqliteFile> {
    const { DatabaseSync } = await import('node:sqlite')
    if (isOwn) mkdirSync(dirname(path), { recursive: true })
    const isNew = !existsSync(path)
    // What is queued is nobody else's business.
    if (isNew) makePrivate(path)
    // Without a timeout: SQLite's own way of waiting would hold up the thread.
    const open = (file: string) => new DatabaseSync(file)
    const database = open(path)
    try {
      // A file that was found keeps the journal mode that its owner chose.
      if (isNew) await retryBusy(() => database.exec('pragma journal_mode = wal'))
      // What is committed survives a loss of power.
      database.exec('pragma synchronous = full')
    } catch (error) {
      database.close()
      throw error
    }
    return new SqliteFile(database, realpathSync(path), open)
  }

  private constructor(database: DatabaseSync, real: string, open: (path: string) => DatabaseSync) {
    this.#database = database
    this.#locks = new SqliteLocks(real, (text) => this.#prepare(text), open)
  }

  begin(): Promise<void> {
    return retryBusy(() => this.#database.exec('begin immediate'))
  }

  async commit(): Promise<void> {
    try {
      await retryBusy(() => this.#database.exec('commit'))
    } catch (cause) {
      throw uncertain(cause)
    }
  }

  /** Ends the transaction. When it cannot, the connection ends, and the transaction with it. */
  rollback(): void {
    try {
      if (this.#database.isTransaction !== false) this.#database.exec('rollback')
    } catch (error) {
      if (/no transaction is active/.test((error as Error).message)) return
      this.destroy()
      throw error
    }
  }

  describe(tables: readonly string[]): Promise<TableColumns> {
    return retryBusy(() => describeTables(this.#database, tables))
  }

  /** Makes tables in one transaction; returns the names of those that could not be made, with the reason. */
  async create(tables: readonly string[]): Promise<[string, string][]> {
    const failed: [string, string][] = []
    let next = 0
    await this.#transaction(() => {
      for (; next < tables.length; next++) {
        const table = tables[next] as string
        try {
          this.#database.exec(creating(table))
        } catch (error) {
          if (isBusy(error)) throw error
          failed.push([table, (error as Error).message])
        }
      }
    })
    return failed
  }

  async lock(tables: readonly string[]): Promise<string[]> {
    if (tables.length === 0) return []
    this.#locks.showOwner()
    const taken = await this.#transaction(() => this.#locks.take(tables))
    this.#locks.taken(taken)
    return taken
  }

  async unlock(tables: readonly string[]): Promise<void> {
    await this.#transaction(() => this.#locks.release(tables))
  }

  read(table: TableRef, after: number | undefined, limit: number): Promise<Columns> {
    const where = after === undefined ? '' : 'where id > ?'
    const parameters = after === undefined ? [limit] : [after, limit]
    return this.#rows(table, `${where} order by id limit ?`, parameters)
  }

  readIds(table: TableRef, ids: readonly number[]): Promise<Columns> {
    const ending = 'where id in (select value from json_each(?))'
    return this.#rows(table, ending, [JSON.stringify(ids)])
  }

  async bytes(table: TableRef, id: number, column: 'key' | 'val'): Promise<Uint8Array> {
    const text = `select cast(${quoted(column)} as blob) as bytes from ${quoted(table.name)} where id = ?`
    const found = await retryBusy(() => this.#prepare(text).get(id))
    return (found?.bytes as Uint8Array | null | undefined) ?? new Uint8Array()
  }

  async count(table: TableRef): Promise<number> {
    return Number(await this.#value(`select count(*) as value from ${quoted(table.name)}`))
  }

  async firstId(table: TableRef): Promise<number> {
    const first = await this.#value(`select min(id) as value from ${quoted(table.name)}`)
    return Number(first ?? Number.POSITIVE_INFINITY)
  }

  async lastId(table: TableRef): Promise<number> {
    const last = await this.#value(`select max(id) as value from ${quoted(table.name)}`)
    return Math.max(0, Number(last ?? 0))
  }

  async insert(table: TableRef, { ids, keys, vals, types, pasts }: Columns): Promise<void> {
    if (ids.length === 0) return
    this.#locks.assertMine(table.name)
    const columns = columnsOf({ ...table, counts: pasts !== undefined }, '"key"')
    const places = columns.map(() => '?').join()
    const statement = this.#prepare(
      `insert into ${quoted(table.name)} (${columns.join()}) values (${places})`,
    )
    let at = 0
    await retryBusy(() => {
      for (; at < ids.length; at++) {
        const [id, key, val] = [ids[at] as number, keys[at] as string, vals[at] as string]
        const type = types?.[at] ?? null
        if (pasts !== undefined) {
          const { attempts = 0, dead_letter: origin = null } = pasts[at] ?? {}
          statement.run(...[id, key, val, ...(table.typed ? [type] : []), attempts, origin])
        } else if (table.typed) statement.run(id, key, val, type)
        else statement.run(id, key, val)
      }
    })
  }

  async remove(table: TableRef, ids: readonly number[]): Promise<void> {
    if (ids.length === 0) return
    this.#locks.assertMine(table.name)
    const statement = this.#prepare(`delete from ${quoted(table.name)} where id between ? and ?`)
    const runs = runsOf(ids)
    let at = 0
    await retryBusy(() => {
      for (; at < runs.length; at++) statement.run(...(runs[at] as [number, number]))
    })
  }

  async #attempt(table: TableRef, attempted: readonly Attempts[]): Promise<void> {
    if (attempted.length === 0) return
    this.#locks.assertMine(table.name)
    const text = `update ${quoted(table.name)} set attempts = ? where id between ? and ?`
    const all = attempted.flatMap(({ attempts, runs }) => runs.map((run) => [attempts, ...run]))
    let at = 0
    await retryBusy(() => {
      for (; at < all.length; at++) this.#prepare(text).run(...(all[at] as number[]))
    })
  }

  async removeAll(table: TableRef): Promise<number> {
    this.#locks.assertMine(table.name)
    const statement = this.#prepare(`delete from ${quoted(table.name)}`)
    return Number((await retryBusy(() => statement.run())).changes)
  }

  async write(changes: readonly FileChanges[]): Promise<void> {
    try {
      await this.begin()
      for (const { table, removed, added, attempted } of changes) {
        await this.remove(table, removed)
        await this.insert(table, added)
        await this.#attempt(table, attempted)
      }
      await this.commit()
    } catch (error) {
      this.#undo()
      throw error
    }
  }

  close(): void {
    try {
      if (this.isOpen) this.#locks.releaseAll()
    } catch {
      // Whoever wants the tables finds that their owner has died.
    }
    this.destroy()
  }

  destroy(): void {
    if (!this.isOpen) return
    this.isOpen = false
    this.#statements.clear()
    try {
      this.#database.close()
    } finally {
      this.#locks.end()
    }
  }

  /** Does some work in a transaction of its own. */
  async #transaction<T>(work: () => T): Promise<T> {
    try {
      await this.begin()
      const result = await retryBusy(work)
      await this.commit()
      return result
    } catch (error) {
      this.#undo()
      throw error
    }
  }

  /** Rolls back after an error, which is what is reported. */
  #undo(): void {
    try {
      if (this.isOpen) this.rollback()
    } catch {
      // The connection has ended, which is reported as well.
    }
  }

  async #rows(table: TableRef, ending: string, parameters: (number | string)[]): Promise<Columns> {
    const names = columnsOf(table, '"key"').join()
    const rows = await retryBusy(() => {
      const statement = this.#prepare(`select ${names} from ${quoted(table.name)} ${ending}`)
      // An id of another program's may be larger than a number can tell.
      statement.setReadBigInts(true)
      return statement.all(...parameters)
    })
    return {
      ids: rows.map(({ id }) => (typeof id === 'bigint' ? Number(id) : id)) as number[],
      keys: rows.map(({ key }) => key) as string[],
      vals: rows.map(({ val }) => val) as string[],
      types: table.typed ? (rows.map((row) => row.val_type) as (string | null)[]) : undefined,
      pasts: table.counts ? rows.map(pastOf) : undefined,
    }
  }

  async #value(text: string): Promise<unknown> {
    const row = await retryBusy(() => {
      const statement = this.#prepare(text)
      statement.setReadBigInts(true)
      return statement.get()
    })
    return row?.value
  }

  #prepare(text: string): StatementSync {
    const known = this.#statements.get(text)
    if (known !== undefined) {
      this.#statements.delete(text)
      this.#statements.set(text, known)
      return known
    }
    const statement = this.#database.prepare(text)
    this.#statements.set(text, statement)
    if (this.#statements.size > MOST_PREPARED) {
      this.#statements.delete(this.#statements.keys().next().value as string)
    }
    return statement
  }
}

/** What a row says of the past of its item, without what is not there. */
function pastOf({ attempts, dead_letter: origin }: Record<string, unknown>) {
  return {
    ...(Number(attempts) > 0 && { attempts: Number(attempts) }),
    ...(typeof origin === 'string' && { dead_letter: origin }),
  }
}

/** Makes an empty file that nobody else may read. What goes wrong is reported when it is opened. */
function makePrivate(path: string): void {
  try {
    closeSync(openSync(path, 'a', 0o600))
    chmodSync(path, 0o600)
  } catch {}
}

function uncertain(cause: unknown): UncertainCommit {
  const { message, code, errcode } = cause as { message: string; code?: unknown; errcode?: unknown }
  return Object.assign(new UncertainCommit(message), { code, errcode })
}
