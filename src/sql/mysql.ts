import { createHash } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'
import { Kysely, MysqlDialect, sql } from 'kysely'
import mysql from 'mysql2'
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

/** The most rows, and about the most characters, of one statement. */
const MOST_ROWS = 1_000
const MOST_CHARACTERS = 1_000_000

/** Connects to MariaDB or MySQL. */
export async function openMysql(url: string, { owner, onLost }: OpenOptions): Promise<Driver> {
  const connection = mysql.createConnection({
    uri: url,
    connectTimeout: CONNECT_TIMEOUT,
    charset: 'utf8mb4',
    supportBigNumbers: true,
    enableKeepAlive: true,
  })
  const driver = new MysqlDriver(connection, owner)
  let timer: NodeJS.Timeout | undefined
  try {
    await new Promise<void>((resolve, reject) => {
      // A server that has let us in may fall silent before it answers the first statement.
      timer = setTimeout(() => reject(new Error('no answer')), 2 * CONNECT_TIMEOUT)
      connection.connect((error) => {
        if (error === null) driver.prepare().then(resolve, reject)
        else reject(error)
      })
      // Without a listener an error ends the process.
      connection.on('error', reject)
    })
  } catch (error) {
    connection.destroy()
    throw error
  } finally {
    clearTimeout(timer)
  }
  connection.on('error', onLost)
  connection.on('end', () => onLost(new Error('the server has ended the connection')))
  // An idle connection does not keep the process from ending.
  const { stream } = connection as unknown as { stream: { unref(): void } }
  stream.unref()
  return driver
}

class MysqlDriver implements Driver {
  readonly db: Kysely<unknown>
  readonly #connection: mysql.Connection
  /** The lock that tells the connections of one owner. */
  readonly #ownerLock: string
  readonly #locked = new Set<string>()

  constructor(connection: mysql.Connection, owner: string) {
    this.#connection = connection
    this.#ownerLock = lockName(`owner ${owner}`)
    const single = Object.assign(connection, { release() {} })
    const pool = {
      getConnection: (give: (error: unknown, connection: never) => void) =>
        give(null, single as never),
      end: (done: (error: unknown) => void) => done(undefined),
    }
    this.db = new Kysely({ dialect: new MysqlDialect({ pool: pool as never }) })
  }

  /** Sets what the driver relies on, whatever the server's own settings are. */
  async prepare(): Promise<void> {
    const modes = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION,NO_AUTO_VALUE_ON_ZERO'
    const seconds = LOCK_TIMEOUT / 1_000
    await sql`
      set session sql_mode = ${modes}, session wait_timeout = 2147483,
        session lock_wait_timeout = ${seconds}, session innodb_lock_wait_timeout = ${seconds}
    `.execute(this.db)
    await this.#tryLock(this.#ownerLock)
  }

  async begin(): Promise<void> {
    await sql`start transaction`.execute(this.db)
  }

  async commit(): Promise<void> {
    await sql`commit`.execute(this.db)
  }

  async rollback(): Promise<void> {
    await sql`rollback`.execute(this.db)
  }

  async describe(table: string): Promise<Description | undefined> {
    const found = await sql<{ kind: string; engine: string | null }>`
      select table_type as kind, engine as engine from information_schema.tables
      where table_schema = database() and table_name = ${table}
    `.execute(this.db)
    const [relation] = found.rows
    if (relation === undefined) return undefined
    const columns = await sql<FoundColumn>`
      select column_name as name, column_type as type, data_type as kind,
        character_maximum_length as longest, character_set_name as charset,
        @@max_allowed_packet as packet
      from information_schema.columns where table_schema = database() and table_name = ${table}
    `.execute(this.db)
    return { unfit: unfitness(relation), columns: columns.rows.map(asColumn) }
  }

  async create(table: string): Promise<void> {
    await sql`create table if not exists ${sql.id(table)} (
      id bigint not null auto_increment primary key,
      ${sql.id('key')} longtext not null, val longtext not null, val_type varchar(16)
    ) engine = InnoDB default charset = utf8mb4 collate = utf8mb4_bin`.execute(this.db)
  }

  async insert(table: Table, rows: readonly Row[]): Promise<void> {
    const names = table.typed
      ? sql`id, ${sql.id('key')}, val, val_type`
      : sql`id, ${sql.id('key')}, val`
    for (const some of portions(rows, MOST_ROWS, MOST_CHARACTERS)) {
      const values = some.map(({ id, key, val, val_type }) =>
        table.typed ? [id, key, val, val_type] : [id, key, val],
      )
      // The driver writes a list of lists as the rows of a statement.
      await sql`insert into ${sql.id(table.name)} (${names}) values ${values}`.execute(this.db)
    }
  }

  async delete(table: Table, ids: readonly number[]): Promise<void> {
    for (let from = 0; from < ids.length; from += MOST_ROWS) {
      const some = ids.slice(from, from + MOST_ROWS)
      await sql`delete from ${sql.id(table.name)} where id in (${some})`.execute(this.db)
    }
  }

  async lastId(table: Table): Promise<number> {
    const found = await sql<{ last: number | null }>`
      select max(id) as last from ${sql.id(table.name)}
    `.execute(this.db)
    return Math.max(0, Number(found.rows[0]?.last ?? 0))
  }

  async reserveIds(): Promise<void> {
    // The server gives the largest id there was plus one.
  }

  async lock(table: string): Promise<boolean> {
    // A lock that is taken twice would have to be let go of twice.
    if (this.#locked.has(table)) return true
    const name = await this.#tableLock(table)
    const isLocked = (await this.#tryLock(name)) || (await this.#takeFromLost(name))
    if (isLocked) this.#locked.add(table)
    return isLocked
  }

  async unlock(table: string): Promise<void> {
    this.#locked.delete(table)
    await sql`select release_lock(${await this.#tableLock(table)})`.execute(this.db)
  }

  close(): Promise<void> {
    return new Promise((resolve) => this.#connection.end(() => resolve()))
  }

  destroy(): void {
    this.#connection.destroy()
  }

  /** Takes a lock from a connection of the same owner that was lost, if that is who has it. */
  async #takeFromLost(name: string): Promise<boolean> {
    const held = await sql<{ holder: number | null; isOurs: number | null }>`
      select is_used_lock(${name}) as holder,
        is_used_lock(${name}) = is_used_lock(${this.#ownerLock}) as isOurs
    `.execute(this.db)
    const { holder, isOurs } = held.rows[0] ?? {}
    if (Number(isOurs) !== 1) return false
    await sql`kill ${sql.lit(Number(holder))}`.execute(this.db)
    const deadline = performance.now() + END_TIMEOUT
    while (performance.now() < deadline) {
      if (await this.#tryLock(name)) {
        await this.#tryLock(this.#ownerLock)
        return true
      }
      await wait(20)
    }
    return false
  }

  async #tryLock(name: string): Promise<boolean> {
    const tried = await sql<{ locked: number }>`
      select get_lock(${name}, 0) as locked
    `.execute(this.db)
    return Number(tried.rows[0]?.locked) === 1
  }

  /** The lock of a table: locks belong to the whole server. */
  async #tableLock(table: string): Promise<string> {
    const found = await sql<{ name: string }>`select database() as name`.execute(this.db)
    return lockName(`table ${found.rows[0]?.name}.${table}`)
  }
}

/** The names of locks are short. */
function lockName(of: string): string {
  return `mqueue.${createHash('sha1').update(of).digest('hex')}`
}

interface FoundColumn {
  name: string
  type: string
  kind: string
  longest: number | null
  charset: string | null
  packet: number
}

function unfitness({ kind, engine }: { kind: string; engine: string | null }): string | undefined {
  if (kind === 'VIEW') return 'it is a view'
  if (engine === 'InnoDB') return undefined
  return `its engine is ${engine}, which knows no transactions; alter it to engine = InnoDB`
}

function asColumn({ name, type, kind, longest, charset, packet }: FoundColumn): Column {
  const isBounded = kind === 'varchar'
  // A text type is bounded in bytes, and a statement with its quoted text must fit into a packet.
  const inPacket = Number(packet) / 2 - 1_000
  const bytes = isBounded ? inPacket : Math.min(Number(longest), inPacket)
  return {
    name: name.toLowerCase(),
    type,
    isText: ['varchar', 'tinytext', 'text', 'mediumtext', 'longtext'].includes(kind),
    isInteger: kind.endsWith('int'),
    refuses(text) {
      if (charset !== 'utf8mb4' && !isIn(charset, text)) {
        return `its character set ${charset} does not hold every text; convert it to utf8mb4`
      }
      if (isBounded && text.length > Number(longest) && [...text].length > Number(longest)) {
        return `it holds at most ${longest} characters`
      }
      if (3 * text.length <= bytes || Buffer.byteLength(text) <= bytes) return undefined
      return `it holds at most ${Math.floor(bytes)} bytes`
    },
  }
}

/** Tells whether a character set certainly holds a text. */
function isIn(charset: string | null, text: string): boolean {
  const isBasic = !/[\u{10000}-\u{10ffff}]/u.test(text)
  if (charset === 'utf8' || charset === 'utf8mb3') return isBasic
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 127) return false
  return true
}
