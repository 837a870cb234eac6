import { randomUUID } from 'node:crypto'
import { closeSync, existsSync, openSync, rmSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import type { DatabaseSync, StatementSync } from 'node:sqlite'

const COLUMNS = '(name text primary key, owner text not null, file text not null) without rowid'

/** The name of a file beside the database. */
const LOCK_FILE = /^[^/\\]+\.lock$/

/** Prepares a statement, or finds it prepared. */
type Prepare = (text: string) => StatementSync

/** The owners whose connection is in this thread. */
const openOwners = new Set<string>()

/**
 * The locks of one connection to an SQLite file: claims that stand in a table of the database, each with its
 * owner, and one file beside the database that the owner holds locked. The operating system releases that
 * lock when the process ends, however it ends; then the claims are anyone's.
 */
export class SqliteLocks {
  readonly #database: string
  readonly #prepare: Prepare
  readonly #open: (path: string) => DatabaseSync
  readonly #owner = randomUUID()
  readonly #mine = new Set<string>()
  #ownerFile: DatabaseSync | undefined

  /**
   * @param database the path of the database, without links: a file may have several names, and the claim is on
   *   the file
   * @param prepare for the database
   * @param open opens any SQLite file
   */
  constructor(database: string, prepare: Prepare, open: (path: string) => DatabaseSync) {
    this.#database = database
    this.#prepare = prepare
    this.#open = open
  }

  /** Shows that this owner is there; before it locks anything. */
  showOwner(): void {
    if (this.#ownerFile !== undefined) return
    const path = this.#path(this.#fileOf(this.#owner))
    // Nobody else has it open yet. Later, to close it any other way would release the lock.
    closeSync(openSync(path, 'wx', 0o600))
    const ownerFile = this.#open(path)
    try {
      ownerFile.exec('begin exclusive')
    } catch (error) {
      ownerFile.close()
      rmSync(path, { force: true })
      throw error
    }
    this.#ownerFile = ownerFile
    openOwners.add(this.#owner)
  }

  /**
   * SqliteLocks tables that are free, or ours, or whose owner has died. Within a transaction; `taken` notes them once
   * it is made.
   *
   * @returns those of the names that are claimed now
   */
  take(tables: readonly string[]): string[] {
    const dead = new Map<string, boolean>()
    const isDead = (owner: string, file: string) => {
      const known = dead.get(owner) ?? this.#isDead(owner, file)
      dead.set(owner, known)
      return known
    }
    this.#prepare(`create table if not exists "mqueue lock" ${COLUMNS}`).run()
    const find = this.#prepare('select owner, file from "mqueue lock" where name = ?')
    const claim = this.#prepare('insert or replace into "mqueue lock" values (?, ?, ?)')
    return tables.filter((table) => {
      const name = table.toLowerCase()
      const found = find.get(name) as { owner: string; file: string } | undefined
      if (found?.owner === this.#owner) return true
      if (found !== undefined && !isDead(found.owner, found.file)) return false
      claim.run(name, this.#owner, this.#fileOf(this.#owner))
      return true
    })
  }

  /** Notes what was claimed. */
  taken(tables: readonly string[]): void {
    for (const table of tables) this.#mine.add(table.toLowerCase())
  }

  /** Takes claims back. Within a transaction. */
  release(tables: readonly string[]): void {
    const text = 'delete from "mqueue lock" where name = ? and owner = ?'
    for (const table of tables) {
      const name = table.toLowerCase()
      if (this.#mine.delete(name)) this.#prepare(text).run(name, this.#owner)
    }
  }

  /** Takes all claims back. */
  releaseAll(): void {
    if (this.#ownerFile === undefined) return
    this.#prepare('delete from "mqueue lock" where owner = ?').run(this.#owner)
    this.#mine.clear()
  }

  /**
   * Checks that a table which this connection claimed is still its own: a process that was stopped for long, or
   * whose file was deleted, may have been taken for dead.
   *
   * @throws Error that says so
   */
  assertMine(table: string): void {
    const name = table.toLowerCase()
    if (!this.#mine.has(name)) return
    const find = this.#prepare('select 1 from "mqueue lock" where name = ? and owner = ?')
    if (find.get(name, this.#owner) !== undefined) return
    throw new Error(`another process has taken the table "${table}"`)
  }

  /** Shows that this owner is gone. */
  end(): void {
    if (this.#ownerFile === undefined) return
    openOwners.delete(this.#owner)
    this.#ownerFile.close()
    this.#ownerFile = undefined
    rmSync(this.#path(this.#fileOf(this.#owner)), { force: true })
  }

  #isDead(owner: string, file: string): boolean {
    if (openOwners.has(owner)) return false
    const path = this.#path(file)
    // What was not written here must not have any other file removed.
    if (!LOCK_FILE.test(file) || !existsSync(path)) return true
    let ownerFile: DatabaseSync | undefined
    try {
      ownerFile = this.#open(path)
      ownerFile.exec('begin exclusive')
      ownerFile.exec('rollback')
    } catch (error) {
      // Its owner has it locked, or it is another user's and nobody can tell.
      if (Object.hasOwn(error as object, 'errcode')) return false
      throw error
    } finally {
      ownerFile?.close()
    }
    rmSync(path, { force: true })
    return true
  }

  /** The name of the file that an owner holds locked. */
  #fileOf(owner: string): string {
    return `${basename(this.#database)}.${owner}.lock`
  }

  /** Another process may know the directory by another name: a file is looked for beside the database. */
  #path(file: string): string {
    return join(dirname(this.#database), file)
  }
}
