import { columnsOf, havePast } from './attempts.ts'
import type { Row, Table, TableChanges } from './driver.ts'

/** The most rows or ids, and about the most characters, of one statement. */
const MOST_ROWS = 10_000
const MOST_CHARACTERS = 10_000_000
/** A row with more characters is sent as it is, and not within a list in JSON. */
const LONG = 100_000
/** The most tables that one statement changes. */
const MOST_PARTS = 50

/** A statement with its parameters. */
export interface Statement {
  readonly text: string
  readonly values: unknown[]
  /** Whether it comes again and again, so that the server should keep it prepared. */
  readonly isKept: boolean
}

/** A part of a statement that changes one table in one way. */
interface Part {
  readonly table: string
  /** Whether it stands on what others have changed in its table, which only another statement sees. */
  readonly standsOnOthers?: boolean
  readonly rows: number
  readonly characters: number
  readonly values: readonly unknown[]
  /**
   * Its text.
   *
   * @param first the number of the first of its parameters
   * @param condition on which it is made
   */
  text(first: number, condition: string): string
}

/** Changes as parts of statements, in the order in which they must be made. */
export function* changesOf(changes: Iterable<TableChanges>): Generator<Part> {
  const tables = new Set<string>()
  for (const one of changes) {
    const { name } = one.table
    let standsOnOthers = tables.has(name)
    tables.add(name)
    for (const part of partsOf(one)) {
      yield standsOnOthers ? { ...part, standsOnOthers } : part
      standsOnOthers = false
    }
  }
}

function* partsOf({ table, removed, added, attempted }: TableChanges): Generator<Part> {
  for (let from = 0; from < removed.length; from += MOST_ROWS) {
    yield removal(table, removed.slice(from, from + MOST_ROWS))
  }
  yield* additions(table, added)
  if (attempted !== undefined && attempted.size > 0) yield attempts(table, attempted)
}

/** Puts parts together into as few statements as can be. Each statement is made as a whole or not at all. */
export function* together(parts: Iterable<Part>): Generator<Statement> {
  let some: Part[] = []
  let rows = 0
  let characters = 0
  for (const part of parts) {
    rows += part.rows
    characters += part.characters
    const isFull = rows > MOST_ROWS || characters > MOST_CHARACTERS || some.length === MOST_PARTS
    if (some.length > 0 && (isFull || part.standsOnOthers)) {
      yield asStatement(some)
      some = []
      rows = part.rows
      characters = part.characters
    }
    some.push(part)
  }
  if (some.length > 0) yield asStatement(some)
}

/** Changes as statements. */
export function statementsOf(changes: Iterable<TableChanges>): Generator<Statement> {
  return together(changesOf(changes))
}

/**
 * The parts as one statement. The database would make them in any order; rows must be gone before others come, since
 * a table may have an index that does not take them both. So a part waits for those of its table that precede it.
 */
function asStatement(parts: readonly Part[]): Statement {
  const values: unknown[] = []
  const texts = parts.map((part, at) => {
    const isBefore = (other: Part, when: number) => other.table === part.table && when < at
    const isAfter = (other: Part, when: number) => other.table === part.table && when > at
    const before = parts.flatMap((other, when) => (isBefore(other, when) ? [when] : []))
    const condition = before
      .map((when) => `(select count(*) from change${when}) >= 0`)
      .join(' and ')
    const text = part.text(values.length + 1, condition)
    values.push(...part.values)
    return parts.some(isAfter) ? `${text} returning 1` : text
  })
  const last = texts.pop() as string
  const others = texts.map((text, at) => `change${at} as (${text})`)
  const first = others.length === 0 ? '' : `with ${others.join(', ')} `
  // Those of several tables hardly come twice.
  const isKept = parts.every(({ table }) => table === parts[0]?.table)
  return { text: `${first}${last}`, values, isKept }
}

function removal(table: Table, ids: readonly number[]): Part {
  const isOne = ids.length === 1
  return {
    table: table.name,
    rows: ids.length,
    characters: 0,
    values: isOne ? ids : [`{${ids.join()}}`],
    text(first, condition) {
      const which = isOne ? `id = $${first}` : `id = any($${first}::bigint[])`
      return `delete from ${table.name} where ${[which, condition].filter(Boolean).join(' and ')}`
    },
  }
}

function attempts(table: Table, attempted: ReadonlyMap<number, number>): Part {
  return {
    table: table.name,
    rows: attempted.size,
    characters: 0,
    values: [`{${[...attempted.keys()].join()}}`, `{${[...attempted.values()].join()}}`],
    text: (first, condition) =>
      `update ${table.name} as row set attempts = given.attempts
        from unnest($${first}::bigint[], $${first + 1}::integer[]) as given(id, attempts)
        where ${['row.id = given.id', condition].filter(Boolean).join(' and ')}`,
  }
}

function* additions(table: Table, rows: readonly Row[]): Generator<Part> {
  let some: Row[] = []
  let characters = 0
  for (const row of rows) {
    const length = row.key.length + row.val.length
    const isFull = some.length === MOST_ROWS || characters + length > MOST_CHARACTERS
    if (some.length > 0 && (isFull || length > LONG)) {
      yield addition(table, some, characters)
      some = []
      characters = 0
    }
    if (length > LONG) {
      yield single(table, row, length)
      continue
    }
    some.push(row)
    characters += length
  }
  if (some.length > 0) yield addition(table, some, characters)
}

function addition(table: Table, rows: readonly Row[], characters: number): Part {
  const [first] = rows
  if (rows.length === 1 && first !== undefined) return single(table, first, characters)
  const isPast = havePast(rows)
  const { into, names } = target(table, isPast)
  return {
    table: table.name,
    rows: rows.length,
    characters,
    values: [JSON.stringify(rows.map(isPast ? withPast : bare))],
    text: (first, condition) =>
      `${into} select ${names} from json_to_recordset($${first}::json)
        as rows (id bigint, "key" text, val text, val_type text, attempts integer, dead_letter text)
        ${where(condition)}`,
  }
}

function single(table: Table, row: Row, characters: number): Part {
  const isPast = table.counts && havePast([row])
  const { into } = target(table, isPast)
  const values = [
    row.id,
    row.key,
    row.val,
    ...(table.typed ? [row.val_type] : []),
    ...(isPast ? [row.attempts ?? 0, row.dead_letter ?? null] : []),
  ]
  return {
    table: table.name,
    rows: 1,
    characters,
    values,
    text(first, condition) {
      const types = ['bigint', 'text', 'text', ...(table.typed ? ['text'] : []), 'integer', 'text']
      const places = values.map((_, at) => `$${first + at}::${types[at]}`)
      return `${into} select ${places.join()} ${where(condition)}`
    },
  }
}

function where(condition: string): string {
  return condition === '' ? '' : `where ${condition}`
}

/** The beginning of a statement that adds rows, and the columns that it fills. */
function target({ name, typed, counts }: Table, isPast: boolean): { into: string; names: string } {
  const names = columnsOf({ typed, counts: counts && isPast }, '"key"').join()
  // Ids are ours to give, whatever the table says of them.
  const into = `insert into ${name} (${names}) overriding system value`
  return { into, names }
}

/** A row with nothing in it but its columns. */
function bare({ id, key, val, val_type }: Row): Row {
  return { id, key, val, val_type }
}

function withPast({ attempts = 0, ...row }: Row): Row {
  return { attempts, ...row }
}
