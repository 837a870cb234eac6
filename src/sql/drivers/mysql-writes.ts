import mysql from 'mysql2'
import { batches } from '../batches.ts'
import { attemptsOf, columnsOf, havePast } from './attempts.ts'
import type { Row, Table, TableChanges } from './driver.ts'
import { nameOf } from './mysql-session.ts'
import { type Run, runsOf } from './runs.ts'

/** The most rows or runs of ids, and about the most characters, of one statement. */
const MOST_ROWS = 1_000
const MOST_CHARACTERS = 1_000_000
/** What a text needs besides its statements, in bytes. */
const AROUND = 1_000

/** A statement as a text. */
export interface Statement {
  readonly text: string
  /** The same with parameters, when it is of a kind that comes again and again. */
  readonly prepared:
    | { readonly text: string; readonly values: (string | number | null)[] }
    | undefined
}

/** Changes as statements, in the order in which they must be made. */
export function* statementsOf(changes: Iterable<TableChanges>): Generator<Statement> {
  for (const { table, removed, added, attempted } of changes) {
    const from = `delete from ${nameOf(table.name)} where`
    yield* byIds(from, runsOf(removed))
    for (const rows of batches(added, MOST_ROWS, MOST_CHARACTERS)) yield addition(table, rows)
    for (const { attempts, runs } of attemptsOf(attempted)) {
      yield* byIds(`update ${nameOf(table.name)} set attempts = ${attempts} where`, runs)
    }
  }
}

/**
 * Puts statements together into a transaction, in as few texts as can be. The last one commits.
 *
 * @param packet the most bytes of a text
 */
export function* textsOf(statements: Iterable<Statement>, packet: number): Generator<string> {
  let some = ['start transaction']
  let bytes = 0
  for (const { text } of statements) {
    const length = Buffer.byteLength(text) + 1
    if (bytes > 0 && bytes + length > packet - AROUND) {
      yield some.join(';')
      some = []
      bytes = 0
    }
    some.push(text)
    bytes += length
  }
  yield [...some, 'commit'].join(';')
}

/** The statements that begin so and do something with rows of some ids. */
function* byIds(beginning: string, runs: readonly Run[]): Generator<Statement> {
  const [[only, end] = []] = runs
  if (runs.length === 1 && only !== undefined && only === end) {
    const prepared = { text: `${beginning} id = ?`, values: [only] }
    yield { text: `${beginning} id = ${only}`, prepared }
    return
  }
  for (let at = 0; at < runs.length; at += MOST_ROWS) {
    const singles: number[] = []
    const conditions: string[] = []
    for (const [first, last] of runs.slice(at, at + MOST_ROWS)) {
      if (first === last) singles.push(first)
      else conditions.push(`id between ${first} and ${last}`)
    }
    if (singles.length > 0) conditions.push(`id in (${singles.join()})`)
    yield { text: `${beginning} ${conditions.join(' or ')}`, prepared: undefined }
  }
}

function addition(table: Table, rows: readonly Row[]): Statement {
  const written = { typed: table.typed, counts: table.counts && havePast(rows) }
  const columns = columnsOf(written, '`key`')
  const into = `insert into ${nameOf(table.name)} (${columns.join()}) values`
  const places = columns.map(() => '?').join()
  const [first] = rows
  return {
    get text() {
      return `${into} ${rows.map((row) => `(${inRow(written, row).map(literal).join()})`).join()}`
    },
    prepared:
      rows.length === 1 && first !== undefined
        ? { text: `${into} (${places})`, values: inRow(written, first) }
        : undefined,
  }
}

function inRow(
  { typed, counts }: Pick<Table, 'typed' | 'counts'>,
  { id, key, val, val_type, attempts = 0, dead_letter = '' }: Row,
): (string | number | null)[] {
  const past = counts ? [attempts, dead_letter || null] : []
  return [id, key, val, ...(typed ? [val_type] : []), ...past]
}

function literal(value: string | number | null): string {
  return mysql.escape(value)
}
