import pg from 'pg'
import type { Charset } from './charset.ts'
import type { Column, Description } from './driver.ts'
import { askEncoding } from './postgres-encoding.ts'
import { inStatement, type Place, placesOf } from './postgres-names.ts'

/** The encodings in which a text of any kind is kept as it is. */
const HOLDING_ALL = ['UTF8', 'SQL_ASCII']

interface FoundColumn {
  /** The place that was asked for, as it stands in a statement. */
  readonly place: string
  /** The table's name with that of its schema, as they stand in a statement. */
  readonly table: string
  /** What the relation is, in a letter. */
  readonly relation: string
  readonly isTemporary: boolean
  readonly mayBeUsed: boolean
  readonly encoding: string
  readonly oid: string
  /** Null when the relation has no column at all. */
  readonly name: string | null
  readonly type: string
  readonly kind: string
  readonly modifier: number
  /** The largest number that the sequence of the column returns, if it has one. */
  readonly given: string | null
}

/**
 * What names the database of a connection: the system that it is part of, and its own number there. Null where the
 * server does not tell.
 */
export async function databaseName(client: pg.Client): Promise<string | null> {
  const text = `select system_identifier || '/' || pg_database.oid as name
    from pg_control_system(), pg_database where datname = current_database()`
  try {
    const { rows } = await client.query<{ name: string }>(text)
    return rows[0]?.name ?? null
  } catch (error) {
    if (error instanceof pg.DatabaseError) return null
    throw error
  }
}

/** The tables of queues in a database. */
export class PostgresTables {
  readonly #client: pg.Client
  /** What the encoding of the database holds; undefined where that is everything, or not found out yet. */
  #charset: Charset | undefined
  /** What names the database; null where the server does not tell, undefined when it was not asked yet. */
  #database: string | null | undefined

  constructor(client: pg.Client) {
    this.#client = client
  }

  /** What PostgreSQL knows of the tables or views of some queues, by queue, in one statement. */
  async describe(queues: readonly string[]): Promise<Map<string, Description>> {
    if (this.#database === undefined) this.#database = await databaseName(this.#client)
    const places = queues.map((queue) => [queue, placesOf(queue, this.#client)] as const)
    const asked = places.flatMap(([, { table, quoted }]) => [table, ...(quoted ? [quoted] : [])])
    const found = await this.#describePlaces(asked)
    const described = new Map<string, Description>()
    for (const [queue, { table, quoted, unfit }] of places) {
      const description = unfit
        ? { name: inStatement(table), names: [], columns: [], unfit }
        : chosen(found.get(inStatement(table)), quoted && found.get(inStatement(quoted)))
      if (description !== undefined) described.set(queue, description)
    }
    return described
  }

  async #describePlaces(places: readonly Place[]): Promise<Map<string, Description>> {
    const names = new Map(places.map((place) => [inStatement(place), place]))
    const { rows } = await this.#client.query<FoundColumn>(
      `select place, format('%I.%I', nspname, relname) as "table", relkind as relation,
        relpersistence = 't' as "isTemporary",
        has_schema_privilege(relnamespace, 'usage') as "mayBeUsed",
        current_setting('server_encoding') as encoding, pg_class.oid, attname as name,
        format_type(atttypid, atttypmod) as type, typname as kind, atttypmod as modifier,
        (select max(seqmax) from pg_sequence join pg_depend on objid = seqrelid
          where classid = 'pg_class'::regclass and refclassid = 'pg_class'::regclass
            and refobjid = attrelid and refobjsubid = attnum and deptype in ('a', 'i')) as given
      from unnest($1::text[], $2::text[], $3::text[]) as wanted(place, schema, name)
      join pg_class on pg_class.oid = case when wanted.schema is null
        then to_regclass(quote_ident(wanted.name))::oid
        else (select one.oid from pg_class as one join pg_namespace on pg_namespace.oid = relnamespace
          where nspname = wanted.schema and relname = wanted.name) end
      join pg_namespace on pg_namespace.oid = pg_class.relnamespace
      left join pg_attribute on attrelid = pg_class.oid and attnum > 0 and not attisdropped
      left join pg_type on pg_type.oid = atttypid`,
      [
        [...names.keys()],
        [...names.values()].map(({ schema }) => schema),
        [...names.values()].map(({ name }) => name),
      ],
    )
    const encoding = rows[0]?.encoding ?? 'UTF8'
    if (!HOLDING_ALL.includes(encoding)) this.#charset ??= await askEncoding(this.#client)
    const found = new Map<string, Description & { columns: Column[] }>()
    for (const row of rows) {
      const description = found.get(row.place) ?? {
        name: row.table,
        names: this.#database === null ? [] : [`postgres ${this.#database}/${row.oid}`],
        columns: [],
        unfit: unfitness(row),
      }
      found.set(row.place, description)
      if (row.name !== null) description.columns.push(asColumn(row.name, row, this.#charset))
    }
    return found
  }
}

/** The table of a queue: Kamailio's, or one that was made for it under its quoted name; never one of two. */
function chosen(
  kamailios: Description | undefined,
  quoted: Description | undefined,
): Description | undefined {
  if (quoted === undefined || !isQueueTable(quoted)) return kamailios
  if (kamailios === undefined) return quoted
  const text = `it has two tables, ${kamailios.name}, which is Kamailio's, and ${quoted.name}`
  return { ...kamailios, unfit: `${text}; move the rows of the second to the first and drop it` }
}

function isQueueTable({ columns }: Description): boolean {
  return ['id', 'key', 'val'].every((name) => columns.some((column) => column.name === name))
}

function unfitness({ relation, isTemporary, mayBeUsed }: FoundColumn) {
  if (!mayBeUsed) return 'it is in a schema that may not be used; grant usage on it'
  if (isTemporary) return 'it is temporary'
  if (relation === 'v' || relation === 'm') return 'it is a view'
  if (relation !== 'r' && relation !== 'p') return 'it is not a table of this database'
  return undefined
}

function asColumn(name: string, column: FoundColumn, charset: Charset | undefined): Column {
  const { type, kind, modifier, encoding } = column
  // The modifier of a varchar is its length and a header of 4.
  const longest = kind === 'varchar' && modifier > 4 ? modifier - 4 : Number.POSITIVE_INFINITY
  return {
    name,
    type,
    isText: kind === 'varchar' || kind === 'text',
    largest: largestOf(column),
    refuses(text) {
      const missing = charset?.missing(text)
      if (missing !== undefined) {
        return `the encoding ${encoding} of its database does not hold ${missing}; make one with UTF8`
      }
      if (text.length <= longest || [...text].length <= longest) return undefined
      return `it holds at most ${longest} characters`
    },
  }
}

/** The bytes of the types that hold whole numbers. */
const INTEGERS: Readonly<Record<string, number>> = { int2: 2, int4: 4, int8: 8 }

function largestOf({ kind, given }: FoundColumn): number | undefined {
  const bytes = INTEGERS[kind]
  if (bytes === undefined) return undefined
  const largest = 2 ** (8 * bytes - 1) - 1
  return Math.min(largest, Number(given ?? largest), Number.MAX_SAFE_INTEGER)
}
