import mysql from 'mysql2'
import type { Charset } from './charset.ts'
import type { Column, Description } from './driver.ts'
import { MysqlCharsets } from './mysql-charsets.ts'
import type { MysqlSession } from './mysql-session.ts'

interface FoundTable {
  readonly table: string
  readonly kind: string
  readonly engine: string | null
}

interface FoundColumn {
  readonly table: string
  readonly name: string
  readonly type: string
  readonly kind: string
  readonly longest: number | null
  readonly octets: number | null
  readonly charset: string | null
  readonly packet: number
}

/** The tables of queues on a server. */
export class MysqlTables {
  readonly #session: MysqlSession
  readonly #isFolding: boolean
  readonly #databases: readonly string[]
  readonly #charsets: MysqlCharsets

  /**
   * @param isFolding whether the server takes names for the same that differ only in case
   * @param databases what names their database
   */
  constructor(session: MysqlSession, isFolding: boolean, databases: readonly string[]) {
    this.#session = session
    this.#isFolding = isFolding
    this.#databases = databases
    this.#charsets = new MysqlCharsets(session)
  }

  /** What the server knows of the tables or views of some queues, by queue. Kamailio quotes their names as well. */
  async describe(queues: readonly string[]): Promise<Map<string, Description>> {
    if (queues.length === 0) return new Map()
    const found = new Map<string, Description & { columns: Column[] }>()
    const where = `where table_schema = database() and ${this.#amongst(queues)}`
    const relations = await this.#session.rows<FoundTable>(
      `select table_name as \`table\`, table_type as kind, engine as engine
      from information_schema.tables ${where}`,
    )
    for (const relation of relations) {
      const names = this.#databases.map((database) => `${database}/${relation.table}`)
      const description = { name: relation.table, names, columns: [], unfit: unfitness(relation) }
      found.set(this.#known(relation.table), description)
    }
    const columns = found.size === 0 ? [] : await this.#columns(where)
    for (const column of columns) {
      const charset =
        column.charset === null ? undefined : await this.#charsets.find(column.charset)
      found.get(this.#known(column.table))?.columns.push(asColumn(column, charset))
    }
    return new Map(
      queues.flatMap((queue) => {
        const description = found.get(this.#known(queue))
        return description === undefined ? [] : [[queue, description]]
      }),
    )
  }

  /** The name that a table is known by here. */
  #known(name: string): string {
    return this.#isFolding ? name.toLowerCase() : name
  }

  #amongst(queues: readonly string[]): string {
    const names = queues.map((queue) => mysql.escape(this.#known(queue)))
    // The server looks a single name up; for several it goes through all tables, and would take "q" for "Q" there.
    if (names.length === 1) return `table_name = ${names}`
    const exact = this.#isFolding ? 'lower(table_name)' : 'cast(table_name as binary)'
    return `${exact} in (${names.join()})`
  }

  #columns(where: string): Promise<FoundColumn[]> {
    return this.#session.rows<FoundColumn>(
      `select table_name as \`table\`, column_name as name, column_type as type,
        data_type as kind, character_maximum_length as longest, character_octet_length as octets,
        character_set_name as charset, @@max_allowed_packet as packet
      from information_schema.columns ${where}`,
    )
  }
}

function unfitness({ kind, engine }: FoundTable): string | undefined {
  if (kind === 'VIEW') return 'it is a view'
  if (engine === 'InnoDB') return undefined
  return `its engine is ${engine}, which has no transactions; alter it to engine = InnoDB`
}

function asColumn(column: FoundColumn, charset: Charset | undefined): Column {
  const { name, type, kind, longest, octets, packet } = column
  // A varchar is bounded in characters, a text type in bytes.
  const isVarchar = kind === 'varchar'
  const most = isVarchar ? Number.POSITIVE_INFINITY : Number(octets)
  // A statement with its quoted text must fit into a packet.
  const mostSent = Number(packet) / 2 - 1_000
  return {
    name: name.toLowerCase(),
    type,
    isText: ['varchar', 'tinytext', 'text', 'mediumtext', 'longtext'].includes(kind),
    largest: largestOf(kind, type),
    refuses(text) {
      const missing = charset?.missing(text)
      if (missing !== undefined) {
        return `its character set ${column.charset} does not hold ${missing}; convert it to utf8mb4`
      }
      if (isVarchar && text.length > Number(longest) && [...text].length > Number(longest)) {
        return `it holds at most ${longest} characters`
      }
      // No character takes more bytes for each of its code units.
      if (4 * text.length <= Math.min(most, mostSent)) return undefined
      const sent = Buffer.byteLength(text)
      if ((charset?.bytes(text) ?? sent) <= most && sent <= mostSent) return undefined
      return `it holds at most ${Math.floor(Math.min(most, mostSent))} bytes`
    },
  }
}

/** The bytes of the types that hold whole numbers. */
const INTEGERS: Readonly<Record<string, number>> = {
  tinyint: 1,
  smallint: 2,
  mediumint: 3,
  int: 4,
  bigint: 8,
}

function largestOf(kind: string, type: string): number | undefined {
  const bytes = INTEGERS[kind]
  if (bytes === undefined) return undefined
  const bits = 8 * bytes - (type.includes('unsigned') ? 0 : 1)
  return Math.min(2 ** bits - 1, Number.MAX_SAFE_INTEGER)
}
