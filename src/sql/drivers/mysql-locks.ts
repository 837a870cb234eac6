import { createHash } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'
import { END_TIMEOUT } from './driver.ts'
import type { MysqlSession } from './mysql-session.ts'

/** The most locks that one statement asks for. */
const AT_ONCE = 500

/**
 * The locks of tables: named locks of the server, which end with the session. One more distinguishes the sessions of one
 * owner, so that a lost one can be ended.
 */
export class MysqlLocks {
  readonly #session: MysqlSession
  readonly #ownerLock: string
  readonly #database: string
  readonly #locked = new Set<string>()

  constructor(session: MysqlSession, owner: string, database: string) {
    this.#session = session
    this.#ownerLock = lockName(`owner ${owner}`)
    this.#database = database
  }

  /** Shows whose session it is. */
  async showOwner(): Promise<void> {
    await this.#tryLock([this.#ownerLock])
  }

  async lock(tables: readonly string[]): Promise<Set<string>> {
    // A lock that is taken twice would have to be released twice.
    const wanted = tables.filter((table) => !this.#locked.has(table))
    const byLock = new Map(wanted.map((table) => [this.#tableLock(table), table]))
    const all = [...byLock.keys()]
    for (let from = 0; from < all.length; from += AT_ONCE) {
      const some = all.slice(from, from + AT_ONCE)
      const taken = await this.#tryLock(some)
      const others = some.filter((lock) => !taken.has(lock))
      for (const lock of await this.#takeFromLost(others)) taken.add(lock)
      for (const lock of taken) this.#locked.add(byLock.get(lock) as string)
    }
    return new Set(tables.filter((table) => this.#locked.has(table)))
  }

  async unlock(tables: readonly string[]): Promise<void> {
    const held = tables.filter((table) => this.#locked.delete(table))
    if (held.length === 0) return
    const locks = held.map((table) => `release_lock('${this.#tableLock(table)}')`)
    await this.#session.query(`do ${locks.join()}`)
  }

  /** Takes locks from a connection of the same owner that was lost, if that is who has them. */
  async #takeFromLost(locks: readonly string[]): Promise<Set<string>> {
    if (locks.length === 0) return new Set()
    const holders = await this.#holders([this.#ownerLock, ...locks])
    const lost = holders.get(this.#ownerLock)
    const left = new Set(locks.filter((lock) => holders.get(lock) === lost))
    const taken = new Set<string>()
    if (lost === undefined || left.size === 0) return taken
    await this.#session.query(`kill ${lost}`)
    const deadline = performance.now() + END_TIMEOUT
    while (left.size > 0 && performance.now() < deadline) {
      for (const lock of await this.#tryLock([...left])) {
        taken.add(lock)
        left.delete(lock)
      }
      if (left.size > 0) await wait(20)
    }
    await this.#tryLock([this.#ownerLock])
    return taken
  }

  /** The connections that have locks. */
  async #holders(locks: readonly string[]): Promise<Map<string, number>> {
    const asked = locks.map((lock, at) => `is_used_lock('${lock}') as l${at}`)
    const [row] = await this.#session.rows<Record<string, unknown>>(`select ${asked.join()}`)
    const holders = new Map<string, number>()
    for (const [at, lock] of locks.entries()) {
      const holder = row?.[`l${at}`] ?? null
      if (holder !== null) holders.set(lock, Number(holder))
    }
    return holders
  }

  /** Takes those locks that are free. */
  async #tryLock(locks: readonly string[]): Promise<Set<string>> {
    const asked = locks.map((lock, at) => `get_lock('${lock}', 0) as l${at}`)
    const [row] = await this.#session.rows<Record<string, unknown>>(`select ${asked.join()}`)
    return new Set(locks.filter((_, at) => Number(row?.[`l${at}`]) === 1))
  }

  /** The lock of a table: locks belong to the whole server. */
  #tableLock(table: string): string {
    return lockName(`table ${this.#database}.${table}`)
  }
}

/** The names of locks are short. */
function lockName(of: string): string {
  return `mqueue.${createHash('sha1').update(of).digest('hex')}`
}
