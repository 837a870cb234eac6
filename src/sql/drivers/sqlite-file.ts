import { chmodSync, closeSync, existsSync, mkdirSync, openSync, realpathSync } from 'node:fs'
import { dirname } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { setTimeout as wait } from 'node:timers/promises'
import { type Attempts, columnsOf } from './attempts.ts'
import { UncertainCommit } from './driver.ts'
import { runsOf } from './runs.ts'
import { isBusy, retryBusy } from './sqlite-busy.ts'
import { GRACE, SqliteLocks } from './sqlite-locks.ts'
import { SqlitePresence } from './sqlite-presence.ts'
import { SqliteReads, type TableRef } from './sqlite-reads.ts'
import type { Columns } from './sqlite-rows.ts'
import { SqliteStatements } from './sqlite-statements.ts'
import { creating, describeTables, quoted, type TableColumns } from './sqlite-tables.ts'

/** How often it is looked whether the files are there, in ms. */
const LOOK_EVERY = 1_000

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
export class SqliteFile extends SqliteReads {
  readonly #database: DatabaseSync
  readonly #presence: SqlitePresence
  readonly #locks: SqliteLocks
  readonly #looking: NodeJS.Timeout
  readonly #onLost: (cause: unknown) => void
  /** Whether nothing has ended it. */
  isOpen = true

  /** @param onLost is called when it ends by itself while it is asked for nothing */
  static async open(
    path: string,
    isOwn: boolean,
    onLost: (cause: unknown) => void,
  ): Promise<SqliteFile> {
    const { DatabaseSync } = await import('node:sqlite')
    if (isOwn) mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
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
    return new SqliteFile(database, realpathSync(path), open, onLost)
  }

  private constructor(
    database: DatabaseSync,
    real: string,
    open: (path: string) => DatabaseSync,
    onLost: (cause: unknown) => void,
  ) {
    super(new SqliteStatements(database))
    this.#database = database
    this.#onLost = onLost
    this.#presence = new SqlitePresence(real, open)
    this.#locks = new SqliteLocks(real, (text) => this.statements.prepare(text), open)
    this.#looking = setInterval(() => this.#look(), LOOK_EVERY)
  }

  async begin(): Promise<void> {
    this.#assertThere()
    await retryBusy(() => this.#database.exec('begin immediate'))
  }

  async commit(): Promise<void> {
    try {
      await retryBusy(() => this.#database.exec('commit'))
    } catch (cause) {
      throw uncertain(cause)
    }
    this.#assertThere()
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

  async describe(tables: readonly string[]): Promise<TableColumns> {
    const described = await retryBusy(() => describeTables(this.#database, tables))
    return { ...described, file: this.#presence.names }
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
    let taken = await this.#transaction(() => this.#locks.take(tables))
    if (this.#locks.isInDoubt) {
      await wait(GRACE)
      taken = await this.#transaction(() => this.#locks.take(tables))
    }
    this.#locks.taken(taken)
    // Also one who opens the file under another name, and another log of changes, finds the claims.
    this.#database.exec('pragma wal_checkpoint(passive)')
    return taken
  }

  async unlock(tables: readonly string[]): Promise<void> {
    await this.#transaction(() => this.#locks.release(tables))
  }

  async insert(table: TableRef, { ids, keys, vals, types, pasts }: Columns): Promise<void> {
    if (ids.length === 0) return
    this.#locks.assertMine(table.name)
    const columns = columnsOf({ ...table, counts: pasts !== undefined }, '"key"')
    const places = columns.map(() => '?').join()
    const statement = this.statements.prepare(
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

  /** Returns the reason when the rows are refused. */
  async insertOrNot(table: TableRef, rows: Columns): Promise<string | undefined> {
    this.#database.exec('savepoint mqueue')
    let reason: string | undefined
    try {
      await this.insert(table, rows)
    } catch (error) {
      if (isBusy(error)) throw error
      this.#database.exec('rollback to mqueue')
      reason = (error as Error).message
    }
    this.#database.exec('release mqueue')
    return reason
  }

  async remove(table: TableRef, ids: readonly number[]): Promise<void> {
    if (ids.length === 0) return
    this.#locks.assertMine(table.name)
    const statement = this.statements.prepare(
      `delete from ${quoted(table.name)} where id between ? and ?`,
    )
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
      for (; at < all.length; at++) this.statements.prepare(text).run(...(all[at] as number[]))
    })
  }

  async removeAll(table: TableRef): Promise<number> {
    this.#locks.assertMine(table.name)
    const statement = this.statements.prepare(`delete from ${quoted(table.name)}`)
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
    clearInterval(this.#looking)
    this.statements.clear()
    try {
      this.#database.close()
    } finally {
      this.#locks.end()
    }
  }

  /** Ends when the file is not there any more, so that nothing is written that nobody can find. */
  #assertThere(): void {
    try {
      this.#presence.assert()
    } catch (error) {
      this.destroy()
      throw error
    }
  }

  #look(): void {
    try {
      this.#presence.assert()
      this.#locks.keep()
    } catch (error) {
      if (isBusy(error)) return
      this.destroy()
      this.#onLost(error)
    }
  }

  /** Does some work in its own transaction. */
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
