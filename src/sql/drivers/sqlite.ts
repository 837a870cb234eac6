import { MqueueError } from '../../errors.ts'
import { attemptsOf } from './attempts.ts'
import type { Column, Description, Driver, OpenOptions, Row, Table } from './driver.ts'
import type { TableRef } from './sqlite-reads.ts'
import { asRows, type Columns, inColumns } from './sqlite-rows.ts'
import { type TableColumns, unfitName } from './sqlite-tables.ts'
import { SqliteThread } from './sqlite-thread.ts'

/**
 * Opens an SQLite file in the thread that has them all; makes it when there is none, and its directory when
 * that is our own.
 *
 * @throws MqueueError `MQ_UNAVAILABLE` when this Node.js has no SQLite
 */
export async function openSqlite(
  path: string,
  isOwn: boolean,
  options: OpenOptions,
): Promise<Driver> {
  const thread = SqliteThread.get()
  try {
    return new SqliteDriver(thread, await thread.open(path, isOwn, options.onLost))
  } catch (cause) {
    if ((cause as { code?: unknown }).code !== 'ERR_UNKNOWN_BUILTIN_MODULE') throw cause
    const text = 'SQLite needs Node.js 22.13 or later. Update Node.js, or give a database address.'
    throw new MqueueError('MQ_UNAVAILABLE', text, { cause })
  }
}

/** Hands everything to the thread, each call in one message. */
class SqliteDriver implements Driver {
  readonly #thread: SqliteThread
  readonly #connection: number

  constructor(thread: SqliteThread, connection: number) {
    this.#thread = thread
    this.#connection = connection
  }

  begin(): Promise<void> {
    return this.#thread.call(this.#connection, 'begin')
  }

  commit(): Promise<void> {
    return this.#thread.call(this.#connection, 'commit')
  }

  rollback(): Promise<void> {
    return this.#thread.call(this.#connection, 'rollback')
  }

  async describe(queues: readonly string[]): Promise<Map<string, Description>> {
    const found = asDescriptions(await this.#thread.call(this.#connection, 'describe', queues))
    return new Map(
      queues.flatMap((queue) => {
        const name = queue.toLowerCase()
        const unfit = unfitName(queue)
        const description =
          unfit === undefined ? found.get(name) : { name, names: [], columns: [], unfit }
        return description === undefined ? [] : [[queue, description]]
      }),
    )
  }

  async create(queues: readonly string[]): Promise<Map<string, Error>> {
    const failed = await this.#thread.call(this.#connection, 'create', queues)
    return new Map(failed.map(([table, reason]) => [table, new Error(reason)]))
  }

  async lock(tables: readonly string[]): Promise<Set<string>> {
    return new Set(await this.#thread.call(this.#connection, 'lock', tables))
  }

  unlock(tables: readonly string[]): Promise<void> {
    return this.#thread.call(this.#connection, 'unlock', tables)
  }

  async read(table: Table, after: number | undefined, limit: number): Promise<Row[]> {
    return asRows(await this.#thread.call(this.#connection, 'read', ref(table), after, limit))
  }

  async readIds(table: Table, ids: readonly number[]): Promise<Row[]> {
    return asRows(await this.#thread.call(this.#connection, 'readIds', ref(table), ids))
  }

  bytes(table: Table, id: number, column: 'key' | 'val'): Promise<Uint8Array> {
    return this.#thread.call(this.#connection, 'bytes', ref(table), id, column)
  }

  count(table: Table): Promise<number> {
    return this.#thread.call(this.#connection, 'count', ref(table))
  }

  firstId(table: Table): Promise<number> {
    return this.#thread.call(this.#connection, 'firstId', ref(table))
  }

  lastId(table: Table): Promise<number> {
    return this.#thread.call(this.#connection, 'lastId', ref(table))
  }

  async reserveIds(): Promise<void> {
    // SQLite assigns the largest id there is plus one.
  }

  async restartIds(): Promise<void> {
    // The same.
  }

  insert(table: Table, rows: readonly Row[]): Promise<void> {
    return this.#thread.call(this.#connection, 'insert', ref(table), columnsOf(table, rows))
  }

  async insertOrNot(table: Table, rows: readonly Row[]): Promise<Error | undefined> {
    const columns = columnsOf(table, rows)
    const reason = await this.#thread.call(this.#connection, 'insertOrNot', ref(table), columns)
    return reason === undefined ? undefined : new Error(reason)
  }

  remove(table: Table, ids: readonly number[]): Promise<void> {
    return this.#thread.call(this.#connection, 'remove', ref(table), ids)
  }

  removeAll(table: Table): Promise<number> {
    return this.#thread.call(this.#connection, 'removeAll', ref(table))
  }

  write(changes: Parameters<Driver['write']>[0]): Promise<void> {
    const sent = changes.map(({ table, removed, added, attempted }) => ({
      table: ref(table),
      removed,
      added: columnsOf(table, added),
      attempted: attemptsOf(attempted),
    }))
    return this.#thread.call(this.#connection, 'write', sent)
  }

  hold(): void {
    // The thread keeps the process from ending while it has something to do.
  }

  close(): Promise<void> {
    return this.#thread.close(this.#connection)
  }

  destroy(): void {
    this.#thread.destroy(this.#connection)
  }
}

/** What the thread has to know of a table; functions do not get there. */
function ref({ name, typed, counts }: Table): TableRef {
  return { name, typed, counts }
}

function columnsOf(table: Table, rows: readonly Row[]): Columns {
  return inColumns(rows, table)
}

function asDescriptions(tables: TableColumns): Map<string, Description> {
  const { names, kinds, columns, damages, file } = tables
  // Most tables have the same columns, and share them here.
  const known = new Map<string, Column[]>()
  const read = (text: string): Column[] => {
    const found = known.get(text) ?? (JSON.parse(text) as [string, string][]).map(asColumn)
    known.set(text, found)
    return found
  }
  return new Map(
    names.map((name, at) => [
      name,
      {
        name,
        unfit: unfitness(kinds[at], damages[at]),
        columns: read(columns[at] as string),
        names: file.map((one) => `${one} ${name.toLowerCase()}`),
      },
    ]),
  )
}

function unfitness(kind: string | undefined, damage: string | undefined): string | undefined {
  if (kind === 'view') return 'it is a view'
  return damage && `the database file is malformed (${damage}); restore it from a copy`
}

function asColumn([name, type]: readonly [string, string]): Column {
  return {
    name: name.toLowerCase(),
    type,
    // SQLite goes by these parts of a type's name, and holds a column to no length.
    isText: /char|clob|text|blob|^$/i.test(type) && !/int/i.test(type),
    largest: /int/i.test(type) ? Number.MAX_SAFE_INTEGER : undefined,
    refuses: () => undefined,
  }
}
