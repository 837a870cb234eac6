import mysql from 'mysql2'
import { batches } from '../batches.ts'
import type { Row, Table, TableChanges } from './driver.ts'
import { nameOf } from './mysql-session.ts'
import { runsOf } from './runs.ts'

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

/** Changes as statements, in the order in which they are to be made. */
export function* statementsOf(changes: Iterable<TableChanges>): Generator<Statement> {
  for (const { table, removed, added } of changes) {
    yield* removals(table, removed)
    for (const rows of batches(added, MOST_ROWS, MOST_CHARACTERS)) yield addition(table, rows)
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

function* removals(table: Table, ids: readonly number[]): Generator<Statement> {
  const from = `delete from ${nameOf(table.name)} where`
  const [first] = ids
  if (ids.length === 1 && first !== undefined) {
    const prepared = { text: `${from} id = ?`, values: [first] }
    yield { text: `${from} id = ${first}`, prepared }
    return
  }
  const runs = runsOf(ids)
  for (let at = 0; at < runs.length; at += MOST_ROWS) {
    const singles: number[] = []
    const conditions: string[] = []
    for (const [first, last] of runs.slice(at, at + MOST_ROWS)) {
      if (first === last) singles.push(first)
      else conditions.push(`id between ${first} and ${last}`)
    }
    if (singles.length > 0) conditions.push(`id in (${singles.join()})`)
    yield { text: `${from} ${conditions.join(' or ')}`, prepared: undefined }
  }
}

function addition(table: Table, rows: readonly Row[]): Statement {
  const names = table.typed ? 'id, `key`, val, val_type' : 'id, `key`, val'
  const into = `insert into ${nameOf(table.name)} (${names}) values`
  const places = table.typed ? '?, ?, ?, ?' : '?, ?, ?'
  const [first] = rows
  return {
    get text() {
      return `${into} ${rows.map((row) => `(${inRow(table, row).map(literal).join()})`).join()}`
    },
    prepared:
      rows.length === 1 && first !== undefined
        ? { text: `${into} (${places})`, values: inRow(table, first) }
        : undefined,
  }
}

function inRow({ typed }: Table, { id, key, val, val_type }: Row): (string | number | null)[] {
  return typed ? [id, key, val, val_type] : [id, key, val]
}

function literal(value: string | number | null): string {
  return mysql.escape(value)
}
