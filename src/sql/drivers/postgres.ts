import pg from 'pg'
import { columnsOf } from './attempts.ts'
import type { Description, Driver, OpenOptions, Row, Table, TableChanges } from './driver.ts'
import { newClient } from './postgres-client.ts'
import { PostgresLocks } from './postgres-locks.ts'
import { inStatement, type Place, placesOf } from './postgres-names.ts'
import { PostgresSession } from './postgres-session.ts'
import { PostgresTables } from './postgres-tables.ts'
import { changesOf, type Statement, statementsOf, together } from './postgres-writes.ts'
import {
  answered,
  asRow,
  commitFailure,
  createTables,
  insertOrNot,
  type ServerSession,
  settle,
} from './server.ts'

/** How far ahead of the ids that are written the sequence is set. */
const RESERVED_AHEAD = 1_000
/** The most statements that the server keeps prepared for us. */
const MOST_PREPARED = 500
/** The code of the error that there is no such schema. */
const NO_SCHEMA = '3F000'
/** The tables that are made in one transaction: the server has room for so many locks. */
const TABLES_AT_ONCE = 50

/** Connects to PostgreSQL. */
export async function openPostgres(url: string, { owner, onLost }: OpenOptions): Promise<Driver> {
  const session = new PostgresSession(() => newClient(url, owner))
  const driver = new PostgresDriver(session, owner, onLost)
  try {
    await answered(session.open())
    driver.hold(false)
    return driver
  } catch (error) {
    driver.destroy()
    throw error
  }
}

class PostgresDriver implements Driver {
  readonly #session: PostgresSession
  readonly #client: pg.Client
  readonly #locks: PostgresLocks
  readonly #tables: PostgresTables
  readonly #asServer: ServerSession = {
    run: (text) => this.#client.query(text),
    rollback: () => this.rollback(),
    isAnswer: (error) => error instanceof pg.DatabaseError,
    giveUp: (cause) => {
      const onLost = this.#onLost
      this.destroy()
      onLost(cause)
    },
  }
  #onLost: OpenOptions['onLost']
  /** The highest id of each table that its sequence will not give away. */
  readonly #reserved = new Map<string, number>()
  /** The names of prepared statements, by their text. */
  readonly #prepared = new Map<string, string>()

  constructor(session: PostgresSession, owner: string, onLost: OpenOptions['onLost']) {
    this.#session = session
    this.#client = session.client
    this.#locks = new PostgresLocks(session, owner)
    this.#tables = new PostgresTables(session.client)
    this.#onLost = onLost
    // Without a listener an error ends the process.
    this.#client.on('error', (error) => this.#onLost(error))
    this.#client.on('end', () => this.#onLost(new Error('the server has ended the connection')))
  }

  begin(): Promise<void> {
    return this.#session.begin()
  }

  async commit(): Promise<void> {
    let answer: pg.QueryResult
    try {
      answer = await this.#client.query('commit')
    } catch (error) {
      throw await commitFailure(this.#asServer, error)
    }
    // So it answers when a statement failed before.
    if (answer.command === 'ROLLBACK') throw new Error('the transaction had failed')
  }

  async rollback(): Promise<void> {
    await this.#client.query('rollback')
  }

  describe(queues: readonly string[]): Promise<Map<string, Description>> {
    return this.#tables.describe(queues)
  }

  async create(queues: readonly string[]): Promise<Map<string, Error>> {
    const creatingOf = (queue: string) => creating(placesOf(queue, this.#client).table)
    const failed = await createTables(this.#asServer, queues, TABLES_AT_ONCE, creatingOf)
    for (const [queue, { code, message }] of failed as Map<string, pg.DatabaseError>) {
      if (code !== NO_SCHEMA) continue
      failed.set(queue, new Error(`${message}; make it, or rename the queue`))
    }
    return failed
  }

  lock(tables: readonly string[]): Promise<Set<string>> {
    return this.#locks.lock(tables)
  }

  unlock(tables: readonly string[]): Promise<void> {
    return this.#locks.unlock(tables)
  }

  read(table: Table, after: number | undefined, limit: number): Promise<Row[]> {
    const where = after === undefined ? '' : 'where id > $2'
    const values = after === undefined ? [limit] : [limit, after]
    return this.#rows(table, `${where} order by id limit $1`, values)
  }

  readIds(table: Table, ids: readonly number[]): Promise<Row[]> {
    return this.#rows(table, 'where id = any($1::bigint[])', [`{${ids.join()}}`])
  }

  async count(table: Table): Promise<number> {
    return Number(await this.#value(`select count(*) as value from ${table.name}`))
  }

  async firstId(table: Table): Promise<number> {
    const first = await this.#value(`select min(id) as value from ${table.name}`)
    return Number(first ?? Number.POSITIVE_INFINITY)
  }

  async lastId(table: Table): Promise<number> {
    const last = await this.#value(
      `select greatest(
        (select max(id) from ${table.name}), pg_sequence_last_value(${sequenceOf('$1')})
      ) as value`,
      [table.name],
    )
    return Math.max(0, Number(last ?? 0))
  }

  async reserveIds(table: Table, upTo: number): Promise<void> {
    const text = `select setval(${sequenceOf('$1')}, greatest(
      $2::bigint, pg_sequence_last_value(${sequenceOf('$1')})
    ))`
    await this.#client.query(text, [table.name, Math.min(upTo, table.largestId)])
    this.#reserved.set(table.name, upTo)
  }

  async restartIds(table: Table): Promise<void> {
    this.#reserved.delete(table.name)
    const text = `select setval(${sequenceOf('$1')}, greatest(max(id), 1), max(id) is not null)
      from ${table.name}`
    await this.#client.query(text, [table.name])
  }

  async insert(table: Table, added: readonly Row[]): Promise<void> {
    await this.#reserveFor(table, added)
    for (const statement of statementsOf([{ table, removed: [], added }]))
      await this.#run(statement)
  }

  insertOrNot(table: Table, added: readonly Row[]): Promise<Error | undefined> {
    return insertOrNot(this.#asServer, () => this.insert(table, added))
  }

  async remove(table: Table, removed: readonly number[]): Promise<void> {
    for (const statement of statementsOf([{ table, removed, added: [] }]))
      await this.#run(statement)
  }

  async removeAll(table: Table): Promise<number> {
    const { rowCount } = await this.#client.query(`delete from ${table.name}`)
    return rowCount ?? 0
  }

  async write(changes: readonly TableChanges[]): Promise<void> {
    for (const { table, added } of changes) await this.#reserveFor(table, added)
    const pieces = changesOf(changes)
    const [first, ...others] = together(pieces)
    if (first === undefined) return
    // Through a pooler it must be found out whether the session is still ours.
    const isAlone = others.length === 0 && !this.#session.isPooled
    if (!isAlone) return this.#writeAll([first, ...others])
    try {
      // Alone it is its own transaction.
      await this.#run(first)
    } catch (error) {
      throw await commitFailure(this.#asServer, error)
    }
  }

  hold(isHeld: boolean): void {
    const client = this.#client as unknown as { ref(): void; unref(): void }
    if (isHeld) client.ref()
    else client.unref()
  }

  async close(): Promise<void> {
    this.#onLost = () => {}
    await this.#client.end()
  }

  destroy(): void {
    this.#onLost = () => {}
    // Without the courtesy of telling the server, which may never answer.
    const { connection } = this.#client as unknown as {
      connection: { stream: { destroy(): void } }
    }
    connection.stream.destroy()
  }

  async #writeAll(statements: readonly Statement[]): Promise<void> {
    try {
      await this.begin()
      for (const statement of statements) await this.#run(statement)
    } catch (error) {
      await settle(this.#asServer)
      throw error
    }
    await this.commit()
  }

  async #run({ text, values, isKept }: Statement): Promise<void> {
    await this.#client.query({ name: isKept ? this.#nameFor(text) : undefined, text, values })
  }

  /** The name under which the server keeps a statement; none when it has enough of them. */
  #nameFor(text: string): string | undefined {
    const known = this.#prepared.get(text)
    if (known !== undefined || this.#prepared.size >= MOST_PREPARED) return known
    const name = `m${this.#prepared.size}`
    this.#prepared.set(text, name)
    return name
  }

  async #rows(table: Table, ending: string, values: unknown[]): Promise<Row[]> {
    const text = `select ${columnsOf(table, '"key"').join()} from ${table.name} ${ending}`
    const { rows } = await this.#client.query(text, values)
    return rows.map(asRow)
  }

  async #value(text: string, values: unknown[] = []): Promise<unknown> {
    const { rows } = await this.#client.query(text, values)
    return rows[0]?.value
  }

  /** Makes sure that nobody else gets the ids of rows that will be added. */
  async #reserveFor(table: Table, added: readonly Row[]): Promise<void> {
    const last = added.reduce((largest, { id }) => Math.max(largest, id), 0)
    if (last <= (this.#reserved.get(table.name) ?? 0)) return
    const ahead = last + RESERVED_AHEAD
    // The last ids are not taken from others before they are used.
    await this.reserveIds(table, ahead < table.largestId ? ahead : last)
  }
}

function creating(place: Place): string {
  return `create table if not exists ${inStatement(place)} (
    id bigserial primary key, "key" varchar not null, val varchar not null, val_type varchar,
    attempts integer not null default 0, dead_letter varchar
  )`
}

/** The sequence that others get ids from, if there is one, by what stands for the table's name in a statement. */
function sequenceOf(name: string): string {
  return `pg_get_serial_sequence(${name}, 'id')::regclass`
}
