import pg from 'pg'
import type { Column, Description } from './driver.ts'

const LONGEST_NAME = 63

interface FoundColumn {
  readonly table: string
  /** What the relation is, in a letter. */
  readonly relation: string
  readonly encoding: string
  readonly oid: string
  /** Null when the relation has no column at all. */
  readonly name: string | null
  readonly type: string
  readonly kind: string
  readonly modifier: number
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

/**
 * What PostgreSQL knows of some tables or views, by name, in one statement.
 *
 * @param database what names the database
 */
export async function describeTables(
  client: pg.Client,
  tables: readonly string[],
  database: string | null,
): Promise<Map<string, Description>> {
  const { rows } = await client.query<FoundColumn>(
    `select wanted.name as "table", relkind as relation,
      current_setting('server_encoding') as encoding, pg_class.oid, attname as name,
      format_type(atttypid, atttypmod) as type, typname as kind, atttypmod as modifier
    from unnest($1::text[]) as wanted(name)
    join pg_class on pg_class.oid = to_regclass(quote_ident(wanted.name))
    left join pg_attribute on attrelid = pg_class.oid and attnum > 0 and not attisdropped
    left join pg_type on pg_type.oid = atttypid`,
    [[...new Set(tables.filter((table) => table.length <= LONGEST_NAME))]],
  )
  const found = new Map<string, Description & { columns: Column[] }>()
  for (const row of rows) {
    const names = database === null ? [] : [`postgres ${database}/${row.oid}`]
    const description = found.get(row.table) ?? { columns: [], unfit: unfitness(row), names }
    found.set(row.table, description)
    if (row.name !== null) description.columns.push(asColumn(row.name, row))
  }
  for (const table of tables) {
    if (table.length <= LONGEST_NAME) continue
    found.set(table, {
      columns: [],
      unfit: `PostgreSQL keeps ${LONGEST_NAME} characters of a name`,
      names: [],
    })
  }
  return found
}

function unfitness({ relation, encoding }: FoundColumn): string | undefined {
  if (relation === 'v' || relation === 'm') return 'it is a view'
  if (relation !== 'r' && relation !== 'p') return 'it is not a table of this database'
  if (encoding === 'UTF8' || encoding === 'SQL_ASCII') return undefined
  return `its database has the encoding ${encoding}, which does not hold every text; make one with UTF8`
}

function asColumn(name: string, { type, kind, modifier }: FoundColumn): Column {
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
