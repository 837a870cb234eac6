import type { DatabaseSync } from 'node:sqlite'

/** Tables as SQLite describes them: lists with a place for each. */
export interface TableColumns {
  /** In lower case: SQLite takes names that differ in case alone for one. */
  readonly names: string[]
  readonly kinds: string[]
  /** The columns of each, in JSON: a list of names and types. */
  readonly columns: string[]
  /** What is wrong with the pages of each; undefined where nothing is. */
  readonly damages: (string | undefined)[]
  /** What names the file. */
  readonly file: readonly string[]
}

/** The columns of the tables that are made here. SQLite keeps the text as it is. */
const COLUMNS = `(id integer primary key, "key" text not null, val text not null, val_type text,
  attempts integer not null default 0, dead_letter text)`

/** Why a queue can have no table: Kamailio does not quote its name, and SQLite reads it as something else then. */
export function unfitName(queue: string): string | undefined {
  if (queue.includes('--')) {
    return 'what follows "--" in its name is a comment to Kamailio and SQLite; rename the queue'
  }
  const [, table] = /^main\.(\w+)$/i.exec(queue) ?? []
  return table && `Kamailio and SQLite take it for the table "${table}"; rename the queue`
}

/** What SQLite says of some tables or views; one that does not exist is not among them. */
export function describeTables(
  database: DatabaseSync,
  tables: readonly string[],
): Omit<TableColumns, 'file'> {
  const text = `select lower(found.name) as name, found.type as kind,
      json_group_array(json_array(one.name, one.type)) filter (where one.name is not null) as columns
    from sqlite_master as found
    left join pragma_table_info(iif(found.type = 'table', found.name, null)) as one
    where found.type in ('table', 'view')
      and lower(found.name) in (select value from json_each(?))
    group by found.name`
  const asked = JSON.stringify(tables.map((table) => table.toLowerCase()))
  const rows = database.prepare(text).all(asked) as {
    name: string
    kind: string
    columns: string
  }[]
  return {
    names: rows.map(({ name }) => name),
    kinds: rows.map(({ kind }) => kind),
    columns: rows.map(({ columns }) => columns),
    damages: rows.map(({ name, kind }) =>
      kind === 'table' ? damageOf(database, name) : undefined,
    ),
  }
}

/** The statement that makes a queue's table. */
export function creating(table: string): string {
  return `create table if not exists ${quoted(table)} ${COLUMNS}`
}

export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

/** What is wrong with the pages of a table: nothing may be written to a file that is damaged. */
function damageOf(database: DatabaseSync, table: string): string | undefined {
  const rows = database.prepare(`pragma quick_check(${quoted(table)})`).all()
  const [{ quick_check: found = 'ok' } = {}] = rows as { quick_check?: string }[]
  return found === 'ok' ? undefined : found
}
