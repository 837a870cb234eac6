import { randomUUID } from 'node:crypto'
import { closeSync, existsSync, openSync, rmSync, statSync } from 'node:fs'
import { basename, dirname, isAbsolute, join } from 'node:path'
import type { DatabaseSync, StatementSync } from 'node:sqlite'

const COLUMNS = '(name text primary key, owner text not null, file text not null) without rowid'

/**
 * How long an owner whose file is missing counts as alive, in ms. One that lives makes its file again within that time;
 * one that has died has left its file behind.
 */
export const GRACE = 3_000
/** The name of the file of an owner. */
const LOCK_FILE = /^[^/\\]+\.lock$/

/** Prepares a statement, or finds it prepared. */
type Prepare = (text: string) => StatementSync

/** The owners whose connection is, or was, in this thread. */
const openOwners = new Set<string>()
const endedOwners = new Set<string>()
/** Since when the file of an owner is missing, by owner. */
const missingSince = new Map<string, number>()

/**
 * The locks of one connection to an SQLite file. Claims stand in a table of the database, each with its
 * owner, and the owner holds one file beside the database locked. The operating system releases that
 * lock when the process ends, however it ends; then the claims are anyone's.
 */
export class SqliteLocks {
  readonly #database: string
  readonly #prepare: Prepare
  readonly #open: (path: string) => DatabaseSync
  readonly #owner = randomUUID()
  readonly #mine = new Set<string>()
  #ownerFile: DatabaseSync | undefined
  /** The number of that file. */
  #inode = 0
  /** Whether a table was not taken only because its owner may make its file again. */
  isInDoubt = false

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
    this.#inode = statSync(path).ino
    openOwners.add(this.#owner)
  }

  /**
   * Makes the file that shows this owner again, where it was deleted.
   *
   * @throws Error when another process has taken a table meanwhile
   */
  keep(): void {
    if (this.#ownerFile === undefined) return
    const path = this.#path(this.#fileOf(this.#owner))
    if (statSync(path, { throwIfNoEntry: false })?.ino === this.#inode) return
    this.#ownerFile.close()
    this.#ownerFile = undefined
    rmSync(path, { force: true })
    this.showOwner()
    for (const table of this.#mine) this.assertMine(table)
  }

  /**
   * Locks tables that are free, or ours, or whose owner has died. Within a transaction; `taken` notes them once
   * it is made.
   *
   * @returns those of the names that are claimed now
   */
  take(tables: readonly string[]): string[] {
    this.isInDoubt = false
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
      claim.run(name, this.#owner, this.#path(this.#fileOf(this.#owner)))
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
    // Also where its file could not be made again.
    if (openOwners.delete(this.#owner)) endedOwners.add(this.#owner)
    if (this.#ownerFile === undefined) return
    this.#ownerFile.close()
    this.#ownerFile = undefined
    rmSync(this.#path(this.#fileOf(this.#owner)), { force: true })
  }

  #isDead(owner: string, file: string): boolean {
    if (openOwners.has(owner)) return false
    // What was not written here must not have any other file removed.
    if (endedOwners.has(owner) || !LOCK_FILE.test(basename(file))) return true
    // It is where its owner made it, or beside the database where another process knows the directory by another name.
    const places = [isAbsolute(file) ? file : '', this.#path(basename(file))]
    const path = places.find((place) => place !== '' && existsSync(place))
    if (path === undefined) return this.#isMissedLong(owner)
    missingSince.delete(owner)
    let ownerFile: DatabaseSync | undefined
    try {
      ownerFile = this.#open(path)
      ownerFile.exec('begin exclusive')
      ownerFile.exec('rollback')
    } catch (error) {
      // Its owner has it locked, or it is another user's, and then it is not known.
      if (Object.hasOwn(error as object, 'errcode')) return false
      throw error
    } finally {
      ownerFile?.close()
    }
    rmSync(path, { force: true })
    return true
  }

  #isMissedLong(owner: string): boolean {
    const since = missingSince.get(owner) ?? performance.now()
    missingSince.set(owner, since)
    if (performance.now() - since >= GRACE) return true
    this.isInDoubt = true
    return false
  }

  /** The name of the file that an owner holds locked. */
  #fileOf(owner: string): string {
    return `${basename(this.#database)}.${owner}.lock`
  }

  #path(file: string): string {
    return join(dirname(this.#database), file)
  }
}
