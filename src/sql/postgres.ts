import { setTimeout } from 'node:timers/promises'
import { Kysely, PostgresDialect, sql } from 'kysely'
import pg from 'pg'
import {
  CONNECT_TIMEOUT,
  type Column,
  type Description,
  type Driver,
  END_TIMEOUT,
  LOCK_TIMEOUT,
  type OpenOptions,
  type Row,
  type Table,
} from './driver.ts'
import { portions } from './portions.ts'

/** The first half of the key of our advisory locks; the table is the other half. */
const LOCK_CLASS = 0x6d717565
const LONGEST_NAME = 63
/** The most rows, and about the most characters, of one statement. */
const MOST_ROWS = 10_000
const MOST_CHARACTERS = 10_000_000

/** Connects to PostgreSQL. */
export async function openPostgres(url: string, { owner, onLost }: OpenOptions): Promise<Driver> {
  const client = new pg.Client({
    connectionString: url,
    connectionTimeoutMillis: CONNECT_TIMEOUT,
    keepAlive: true,
    application_name: owner,
  })
  client.on('error', onLost)
  client.on('end', () => onLost(new Error('the server has ended the connection')))
  try {
    await client.connect()
    await client.query(`set lock_timeout = ${LOCK_TIMEOUT}`)
    // An idle connection does not keep the process from ending.
    ;(client as unknown as { unref(): void }).unref()
  } catch (error) {
    cut(client)
    throw error
  }
  return new PostgresDriver(client, owner)
}

class PostgresDriver implements Driver {
  readonly db: Kysely<unknown>
  readonly #client: pg.Client
  readonly #owner: string
  /** The highest id of each table that its sequence will not give away. */
  readonly #reserved = new Map<string, number>()
  readonly #locked = new Set<string>()

  constructor(client: pg.Client, owner: string) {
    this.#client = client
    this.#owner = owner
    const single = Object.assign(client, { release() {} })
    const pool = { options: {}, connect: async () => single, end: async () => {} }
    this.db = new Kysely({ dialect: new PostgresDialect({ pool }) })
  }

  async begin(): Promise<void> {
    await sql`begin isolation level read committed`.execute(this.db)
  }

  async commit(): Promise<void> {
    await sql`commit`.execute(this.db)
  }

  async rollback(): Promise<void> {
    await sql`rollback`.execute(this.db)
  }

  async describe(table: string): Promise<Description | undefined> {
    if (table.length > LONGEST_NAME) {
      return { columns: [], unfit: `PostgreSQL keeps ${LONGEST_NAME} characters of a name` }
    }
    const found = await sql<{ kind: string; encoding: string }>`
      select relkind as kind, current_setting('server_encoding') as encoding
      from pg_class where oid = to_regclass(quote_ident(${table}))
    `.execute(this.db)
    const [relation] = found.rows
    if (relation === undefined) return undefined
    const columns = await sql<{ name: string; type: string; kind: string; modifier: number }>`
      select attname as name, format_type(atttypid, atttypmod) as type, typname as kind,
        atttypmod as modifier
      from pg_attribute join pg_type on pg_type.oid = atttypid
      where attrelid = to_regclass(quote_ident(${table})) and attnum > 0 and not attisdropped
    `.execute(this.db)
    return { unfit: unfitness(relation), columns: columns.rows.map(asColumn) }
  }

  async create(table: string): Promise<void> {
    await sql`create table if not exists ${sql.id(table)} (
      id bigserial primary key, "key" varchar not null, val varchar not null, val_type varchar
    )`.execute(this.db)
  }

  async insert(table: Table, rows: readonly Row[]): Promise<void> {
    const last = rows.at(-1)?.id ?? 0
    if (last > (this.#reserved.get(table.name) ?? 0)) await this.reserveIds(table, last + 1_000)
    const names = table.typed ? sql`id, "key", val, val_type` : sql`id, "key", val`
    for (const some of portions(rows, MOST_ROWS, MOST_CHARACTERS)) {
      await sql`
        insert into ${sql.id(table.name)} (${names}) overriding system value
        select ${names} from json_to_recordset(${JSON.stringify(some)}::json)
          as rows (id bigint, "key" text, val text, val_type text)
      `.execute(this.db)
    }
  }

  async delete(table: Table, ids: readonly number[]): Promise<void> {
    await sql`
      delete from ${sql.id(table.name)} where id = any(${`{${ids.join()}}`}::bigint[])
    `.execute(this.db)
  }

  async lastId(table: Table): Promise<number> {
    const found = await sql<{ last: string | null }>`
      select greatest(
        (select max(id) from ${sql.id(table.name)}),
        pg_sequence_last_value(${sequenceOf(table)}::regclass)
      ) as last
    `.execute(this.db)
    return Math.max(0, Number(found.rows[0]?.last ?? 0))
  }

  async reserveIds(table: Table, upTo: number): Promise<void> {
    await sql`
      select setval(${sequenceOf(table)}::regclass, greatest(
        ${upTo}::bigint, pg_sequence_last_value(${sequenceOf(table)}::regclass)
      ))
    `.execute(this.db)
    this.#reserved.set(table.name, upTo)
  }

  async lock(table: string): Promise<boolean> {
    // A lock that is taken twice would have to be let go of twice.
    if (this.#locked.has(table)) return true
    const isLocked = (await this.#tryLock(table)) || (await this.#takeFromLost(table))
    if (isLocked) this.#locked.add(table)
    return isLocked
  }

  async unlock(table: string): Promise<void> {
    this.#locked.delete(table)
    await sql`select pg_advisory_unlock(${LOCK_CLASS}, ${keyOf(table)}::int)`.execute(this.db)
  }

  async close(): Promise<void> {
    await this.#client.end()
  }

  destroy(): void {
    cut(this.#client)
  }

  /** Takes a lock from a connection of the same owner that was lost, if that is who has it. */
  async #takeFromLost(table: string): Promise<boolean> {
    await sql`
      select pg_terminate_backend(pid) from pg_locks join pg_stat_activity using (pid)
      where locktype = 'advisory' and classid = ${LOCK_CLASS} and objid = ${keyOf(table)}
        and application_name = ${this.#owner} and pid <> pg_backend_pid()
    `.execute(this.db)
    const deadline = performance.now() + END_TIMEOUT
    while (performance.now() < deadline) {
      const others = await sql<{ others: string }>`
        select count(*) as others from pg_stat_activity
        where application_name = ${this.#owner} and pid <> pg_backend_pid()
      `.execute(this.db)
      if (await this.#tryLock(table)) return true
      if (Number(others.rows[0]?.others) === 0) return false
      await setTimeout(20)
    }
    return false
  }

  async #tryLock(table: string): Promise<boolean> {
    const tried = await sql<{ locked: boolean }>`
      select pg_try_advisory_lock(${LOCK_CLASS}, ${keyOf(table)}::int) as locked
    `.execute(this.db)
    return tried.rows[0]?.locked === true
  }
}

/** Ends a connection without the courtesy of telling the server, which may never answer. */
function cut(client: pg.Client): void {
  const { connection } = client as unknown as { connection: { stream: { destroy(): void } } }
  connection.stream.destroy()
}

/** The second half of the key of a table's lock. */
function keyOf(table: string) {
  return sql`(to_regclass(quote_ident(${table}))::oid::bigint % 2147483647)`
}

/** The sequence that gives ids to others, if there is one. */
function sequenceOf(table: Table) {
  return sql`pg_get_serial_sequence(quote_ident(${table.name}), 'id')`
}

function unfitness({ kind, encoding }: { kind: string; encoding: string }): string | undefined {
  if (kind === 'v' || kind === 'm') return 'it is a view'
  if (kind !== 'r' && kind !== 'p') return 'it is not a table of this database'
  if (encoding === 'UTF8' || encoding === 'SQL_ASCII') return undefined
  return `its database has the encoding ${encoding}, which does not hold every text; make one with UTF8`
}

function asColumn(column: { name: string; type: string; kind: string; modifier: number }): Column {
  const { name, type, kind, modifier } = column
  // The modifier of a varchar is its length and a header of 4.
  const longest = kind === 'varchar' && modifier > 4 ? modifier - 4 : Number.POSITIVE_INFINITY
  return {
    name,
    type,
    isText: kind === 'varchar' || kind === 'text',
    isInteger: ['int2', 'int4', 'int8'].includes(kind),
    refuses: (text) =>
      text.length > longest && [...text].length > longest
        ? `it holds at most ${longest} characters`
        : undefined,
  }
}
