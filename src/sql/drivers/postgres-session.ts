import { randomUUID } from 'node:crypto'
import pg from 'pg'
import { LOCK_TIMEOUT, Unusable, WRITABLE } from './driver.ts'
import { logInFailure } from './postgres-accounts.ts'

/** How long a pooler may take to find a session for a second client, in ms. One that has none to spare takes forever. */
const SPARE_TIMEOUT = 1_000
/** How often a pooler is looked at: other clients of it may be in the way. */
const LOOKS = 3
/** What the session was marked with. */
const MARK = `current_setting('mqueue.mark', true)`

/** What a session says of itself when a transaction begins. */
interface Beginning {
  /** `on` when it takes no changes. */
  readonly readOnly: string
  readonly mark: string | null
}

/**
 * A session on a server, which holds the locks of tables. Behind a pooler a client can find itself in another session
 * from one transaction to the next, with locks that others have taken; so ours is marked.
 */
export class PostgresSession {
  readonly client: pg.Client
  /** Whether there is a pooler between us and the server. */
  isPooled = false
  readonly #newClient: () => pg.Client
  readonly #mark = randomUUID()

  /** @param newClient makes a client of the server, which is not connected yet */
  constructor(newClient: () => pg.Client) {
    this.client = newClient()
    this.#newClient = newClient
  }

  /** A condition of a statement: whether it runs in this session. */
  get isOwn(): string {
    return `${MARK} is not distinct from '${this.#mark}'`
  }

  /**
   * Connects, and makes the session ours.
   *
   * @throws Unusable when it takes no changes, belongs to others as well, or asks for a way to log in that is not known
   */
  async open(): Promise<void> {
    try {
      await this.client.connect()
    } catch (error) {
      throw logInFailure(error, this.client.password)
    }
    const pid = await pidOf(this.client)
    // A pooler has its own ids for its clients.
    this.isPooled = pid !== (this.client as unknown as { processID: unknown }).processID
    if (this.isPooled) await this.#assertOwn()
    const settings = `set lock_timeout = ${LOCK_TIMEOUT}`
    await this.client.query(`${settings}; select set_config('mqueue.mark', '${this.#mark}', false)`)
    await this.begin()
    await this.client.query('rollback')
  }

  /**
   * Begins a transaction that may write.
   *
   * @throws Unusable when the session takes no changes, or is another one
   */
  async begin(): Promise<void> {
    const { readOnly, mark } = await this.#begun()
    if (mark !== this.#mark) throw shared()
    if (readOnly === 'on') throw new Unusable('it is read-only', WRITABLE)
  }

  async #begun(): Promise<Beginning> {
    try {
      const text = `begin isolation level read committed;
        select current_setting('transaction_read_only') as "readOnly", ${MARK} as mark`
      // Two statements have two results.
      const results = (await this.client.query(text)) as unknown as pg.QueryResult<Beginning>[]
      return results[1]?.rows[0] as Beginning
    } catch (error) {
      // It concerns no table: such a server refuses every change.
      if (error instanceof pg.DatabaseError) throw new Unusable(error.message, WRITABLE)
      throw error
    }
  }

  /** Makes sure that the pooler does not have another client share the session, or us share another one. */
  async #assertOwn(): Promise<void> {
    const other = this.#newClient()
    other.on('error', () => {})
    try {
      await other.connect()
      for (let look = 0; look < LOOKS; look++) {
        const [first, second] = [await pidOf(this.client), await pidOf(this.client)]
        if (first !== second || second === (await pidOf(other, SPARE_TIMEOUT))) throw shared()
      }
    } catch (error) {
      // Where no second client is let in, only the mark can show it.
      if (error instanceof Unusable) throw error
    } finally {
      await other.end()
    }
  }
}

/** The error of a session that others are given as well. */
export function shared(): Unusable {
  const reason = 'the pooler before it runs each transaction in another session'
  const advice = 'Set pool_mode = session there, or give the address of the server itself.'
  return new Unusable(reason, advice)
}

async function pidOf(client: pg.Client, timeout?: number): Promise<unknown> {
  const text = 'select pg_backend_pid() as pid'
  const query = { text, query_timeout: timeout } as pg.QueryConfig
  return (await client.query(query)).rows[0]?.pid
}
