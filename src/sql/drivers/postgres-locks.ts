import { setTimeout } from 'node:timers/promises'
import type pg from 'pg'
import { END_TIMEOUT } from './driver.ts'
import { type PostgresSession, shared } from './postgres-session.ts'

/** The first half of the key of our advisory locks; the table is the other half. */
const LOCK_CLASS = 0x6d717565

/** The names of tables in a statement, and the key of the lock of each. */
const NAMES = 'from unnest($1::text[]) as wanted(name)'
const KEY = `${LOCK_CLASS}, ${keyOf('name')}::int`

/** The locks of tables: advisory locks of the session, which end with it. */
export class PostgresLocks {
  readonly #client: pg.Client
  /** The condition on which a lock is ours to take or release. */
  readonly #isOwn: string
  readonly #owner: string
  readonly #locked = new Set<string>()

  constructor(session: PostgresSession, owner: string) {
    this.#client = session.client
    this.#isOwn = session.isOwn
    this.#owner = owner
  }

  async lock(tables: readonly string[]): Promise<Set<string>> {
    await this.#tryLock(tables)
    if (tables.some((table) => !this.#locked.has(table))) await this.#takeFromLost(tables)
    return new Set(tables.filter((table) => this.#locked.has(table)))
  }

  async unlock(tables: readonly string[]): Promise<void> {
    const held = tables.filter((table) => this.#locked.delete(table))
    if (held.length === 0) return
    await this.#release(held)
  }

  /** Takes those locks that are free. */
  async #tryLock(tables: readonly string[]): Promise<void> {
    // A lock that is taken twice would have to be released twice.
    const wanted = [...new Set(tables)].filter((table) => !this.#locked.has(table))
    if (wanted.length === 0) return
    try {
      const { rows } = await this.#client.query(
        `select name, case when ${this.#isOwn} then pg_try_advisory_lock(${KEY}) end as locked ${NAMES}`,
        [wanted],
      )
      if (rows.some(({ locked }) => locked === null)) throw shared()
      for (const { name, locked } of rows) if (locked === true) this.#locked.add(name)
    } catch (error) {
      // A failure, such as for want of memory, does not release those it took before.
      await this.#release(wanted).catch(() => {})
      throw error
    }
  }

  async #release(tables: readonly string[]): Promise<void> {
    const text = `select case when ${this.#isOwn} then pg_advisory_unlock(${KEY}) end ${NAMES}`
    await this.#client.query(text, [tables])
  }

  /** Takes locks from connections of the same owner that were lost, if those have them. */
  async #takeFromLost(tables: readonly string[]): Promise<void> {
    const wanted = tables.filter((table) => !this.#locked.has(table))
    await this.#client.query(
      `select pg_terminate_backend(pid) from (
        select distinct pid from pg_locks join pg_stat_activity using (pid)
        where locktype = 'advisory' and classid = ${LOCK_CLASS} and application_name = $2
          and objid in (select ${keyOf('name')} from unnest($1::text[]) as wanted(name))
          and pid <> pg_backend_pid()
      ) as lost`,
      [wanted, this.#owner],
    )
    const deadline = performance.now() + END_TIMEOUT
    while (performance.now() < deadline) {
      const { rows } = await this.#client.query(
        `select count(*) as count from pg_stat_activity
        where application_name = $1 and pid <> pg_backend_pid()`,
        [this.#owner],
      )
      await this.#tryLock(wanted)
      if (Number(rows[0]?.count) === 0 || wanted.every((table) => this.#locked.has(table))) return
      await setTimeout(20)
    }
  }
}

/** The second half of the key of a table's lock, by what stands for the table's name in a statement. */
function keyOf(name: string): string {
  return `(to_regclass(${name})::oid::bigint % 2147483647)`
}
