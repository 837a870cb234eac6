import { columnsOf } from './attempts.ts'
import {
  type Description,
  type Driver,
  LOCK_TIMEOUT,
  type OpenOptions,
  type Row,
  type Table,
  type TableChanges,
  Unusable,
  WRITABLE,
} from './driver.ts'
import { MysqlLocks } from './mysql-locks.ts'
import { MysqlSession, nameOf } from './mysql-session.ts'
import { MysqlTables } from './mysql-tables.ts'
import { type Statement, statementsOf, textsOf } from './mysql-writes.ts'
import {
  answered,
  asRow,
  commitFailure,
  createTables,
  type FoundRow,
  insertOrNot,
  type ServerSession,
  settle,
} from './server.ts'

/** The most tables that are made at once. */
const TABLES_AT_ONCE = 500

/** Connects to MariaDB or MySQL. */
export async function openMysql(url: string, options: OpenOptions): Promise<Driver> {
  const session = await MysqlSession.open(url, options.onLost)
  try {
    return await answered(MysqlDriver.on(session, url, options))
  } catch (error) {
    session.destroy()
    throw error
  }
}

/** What the server is set to. */
interface Settings {
  readonly database: string
  /** What names the database: as the server says, and as it is asked for. */
  readonly databases: readonly string[]
  /** The most bytes of one message to the server. */
  readonly packet: number
  /** Not 0 where the server takes names of tables for the same that differ only in case. */
  readonly folding: number
}

class MysqlDriver implements Driver {
  readonly #session: MysqlSession
  readonly #onLost: OpenOptions['onLost']
  readonly #settings: Settings
  readonly #locks: MysqlLocks
  readonly #tables: MysqlTables
  readonly #asServer: ServerSession = {
    run: (text) => this.#session.query(text),
    rollback: () => this.rollback(),
    isAnswer,
    giveUp: (cause) => {
      this.#session.destroy()
      this.#onLost(cause)
    },
  }

  /** Sets what the driver relies on, whatever the server's own settings are. */
  static async on(
    session: MysqlSession,
    url: string,
    { owner, onLost }: OpenOptions,
  ): Promise<MysqlDriver> {
    const modes = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION,NO_AUTO_VALUE_ON_ZERO'
    const seconds = LOCK_TIMEOUT / 1_000
    await session.query(
      `set session sql_mode = '${modes}', session wait_timeout = 2147483,
        session lock_wait_timeout = ${seconds}, session innodb_lock_wait_timeout = ${seconds}`,
    )
    const [found] = await session.rows<Settings>(
      `select database() as \`database\`, @@max_allowed_packet as packet,
        @@lower_case_table_names as folding, concat(@@hostname, ':', @@port, @@datadir) as server`,
    )
    // MariaDB calls it server_uid and MySQL server_uuid; older servers have neither.
    const [id] = await session.rows<{ Value: string }>(`show variables like 'server\\_u%id'`)
    const { database, packet, folding, server } = found as Settings & { server: string }
    const { hostname, port } = new URL(url)
    const databases = [
      `mysql ${id?.Value ?? ''} ${server} ${database}`,
      `mysql ${hostname}:${port || 3306} ${database}`,
    ]
    const settings = { database, databases, packet: Number(packet), folding: Number(folding) }
    const driver = new MysqlDriver(session, onLost, owner, settings)
    await driver.begin()
    await driver.rollback()
    await driver.#locks.showOwner()
    session.hold(false)
    return driver
  }

  private constructor(
    session: MysqlSession,
    onLost: OpenOptions['onLost'],
    owner: string,
    settings: Settings,
  ) {
    this.#session = session
    this.#onLost = onLost
    this.#settings = settings
    this.#locks = new MysqlLocks(session, owner, settings.database)
    this.#tables = new MysqlTables(session, settings.folding !== 0, settings.databases)
  }

  async begin(): Promise<void> {
    try {
      await this.#session.query('start transaction read write')
    } catch (error) {
      // It concerns no table: such a server refuses every change.
      if (isAnswer(error)) throw new Unusable(error.message, WRITABLE)
      throw error
    }
  }

  async commit(): Promise<void> {
    try {
      await this.#session.query('commit')
    } catch (error) {
      throw await commitFailure(this.#asServer, error)
    }
  }

  async rollback(): Promise<void> {
    await this.#session.query('rollback')
  }

  describe(queues: readonly string[]): Promise<Map<string, Description>> {
    return this.#tables.describe(queues)
  }

  create(queues: readonly string[]): Promise<Map<string, Error>> {
    return createTables(this.#asServer, queues, TABLES_AT_ONCE, creating)
  }

  lock(tables: readonly string[]): Promise<Set<string>> {
    return this.#locks.lock(tables)
  }

  unlock(tables: readonly string[]): Promise<void> {
    return this.#locks.unlock(tables)
  }

  read(table: Table, after: number | undefined, limit: number): Promise<Row[]> {
    const where = after === undefined ? '' : `where id > ${Number(after)}`
    return this.#rows(table, `${where} order by id limit ${Number(limit)}`)
  }

  async readIds(table: Table, ids: readonly number[]): Promise<Row[]> {
    return ids.length === 0 ? [] : this.#rows(table, `where id in (${ids.map(Number).join()})`)
  }

  async count(table: Table): Promise<number> {
    return Number(await this.#value(`select count(*) as value from ${nameOf(table.name)}`))
  }

  async firstId(table: Table): Promise<number> {
    const first = await this.#value(`select min(id) as value from ${nameOf(table.name)}`)
    return Number(first ?? Number.POSITIVE_INFINITY)
  }

  async lastId(table: Table): Promise<number> {
    const last = await this.#value(`select max(id) as value from ${nameOf(table.name)}`)
    return Math.max(0, Number(last ?? 0))
  }

  async reserveIds(): Promise<void> {
    // The server assigns the largest id there was plus one.
  }

  async restartIds(table: Table): Promise<void> {
    try {
      // The server takes the smallest that is free behind all rows.
      await this.#session.query(`alter table ${nameOf(table.name)} auto_increment = 1`)
    } catch (error) {
      // Without the permission others get no more ids; what is written here has its own.
      if (!isAnswer(error)) throw error
    }
  }

  async insert(table: Table, added: readonly Row[]): Promise<void> {
    for (const statement of statementsOf([{ table, removed: [], added }])) {
      await this.#session.query(statement.text)
    }
  }

  insertOrNot(table: Table, added: readonly Row[]): Promise<Error | undefined> {
    return insertOrNot(this.#asServer, () => this.insert(table, added))
  }

  async remove(table: Table, removed: readonly number[]): Promise<void> {
    for (const statement of statementsOf([{ table, removed, added: [] }])) {
      await this.#session.query(statement.text)
    }
  }

  async removeAll(table: Table): Promise<number> {
    const { affectedRows } = await this.#session.query(`delete from ${nameOf(table.name)}`)
    return affectedRows ?? 0
  }

  async write(changes: readonly TableChanges[]): Promise<void> {
    const statements = [...statementsOf(changes)]
    const [first] = statements
    if (first === undefined) return
    // Alone it is its own transaction.
    if (statements.length === 1) return this.#last(() => this.#run(first))
    const texts = [...textsOf(statements, this.#settings.packet)]
    const last = texts.pop() as string
    try {
      for (const text of texts) await this.#session.query(text)
    } catch (error) {
      await settle(this.#asServer)
      throw error
    }
    await this.#last(() => this.#session.query(last))
  }

  hold(isHeld: boolean): void {
    this.#session.hold(isHeld)
  }

  close(): Promise<void> {
    return this.#session.close()
  }

  destroy(): void {
    this.#session.destroy()
  }

  /** Does what commits. */
  async #last(commit: () => Promise<unknown>): Promise<void> {
    try {
      await commit()
    } catch (error) {
      throw await commitFailure(this.#asServer, error)
    }
  }

  /** Runs a statement, which the server keeps prepared when it comes often. */
  #run({ text, prepared }: Statement): Promise<unknown> {
    if (prepared === undefined) return this.#session.query(text)
    return this.#session.execute(prepared.text, prepared.values)
  }

  async #rows(table: Table, ending: string): Promise<Row[]> {
    const names = columnsOf(table, '`key`').join()
    const rows = await this.#session.rows<FoundRow>(
      `select ${names} from ${nameOf(table.name)} ${ending}`,
    )
    return rows.map(asRow)
  }

  async #value(text: string): Promise<unknown> {
    const [row] = await this.#session.rows<{ value: unknown }>(text)
    return row?.value
  }
}

function creating(table: string): string {
  return `create table if not exists ${nameOf(table)} (
    id bigint not null auto_increment primary key,
    \`key\` longtext not null, val longtext not null, val_type varchar(16),
    attempts int not null default 0, dead_letter varchar(80)
  ) engine = InnoDB default charset = utf8mb4 collate = utf8mb4_bin`
}

/** Whether an error is one that the server answered with. */
function isAnswer(error: unknown): error is Error {
  const { errno, sqlState, fatal } = error as Record<string, unknown>
  return error instanceof Error && errno !== undefined && sqlState !== undefined && fatal !== true
}
