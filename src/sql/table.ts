import { isUtf8 } from 'node:buffer'
import { sql } from 'kysely'
import type { Column, Driver, Row, Table } from './driver.ts'
import { decode } from './value.ts'

/** The rows that are read at a time. */
const PAGE = 5_000

/** An item and the id of its row. */
export interface ItemInRow {
  readonly id: number
  readonly key: string
  readonly value: unknown
}

/**
 * Finds a queue's table, or makes it, and checks that items can be kept in it.
 *
 * @throws Error that says what is wrong with it
 */
export async function openTable(driver: Driver, name: string): Promise<Table> {
  if ((await driver.describe(name)) === undefined) await driver.create(name)
  const { columns, unfit } = (await driver.describe(name)) ?? { columns: [], unfit: 'it is gone' }
  if (unfit !== undefined) throw new Error(unfit)
  const column = (wanted: string): Column => {
    const found = columns.find((one) => one.name === wanted)
    if (found === undefined) throw new Error(`it has no column "${wanted}"; add it`)
    return found
  }
  const text = (found: Column): Column => {
    if (found.isText) return found
    throw new Error(`its column "${found.name}" has the type ${found.type}; it must be a text`)
  }
  const id = column('id')
  if (!id.isInteger)
    throw new Error(`its column "id" has the type ${id.type}; it must be an integer`)
  const type = columns.find((one) => one.name === 'val_type')
  if (type !== undefined) text(type)
  return { name, key: text(column('key')), val: text(column('val')), typed: type !== undefined }
}

/**
 * Reads all items of a table, oldest first, a page at a time.
 *
 * @throws Error that names the row which cannot be read
 */
export async function* readItems(driver: Driver, table: Table): AsyncGenerator<ItemInRow[]> {
  const names = table.typed
    ? sql`id, ${sql.id('key')}, val, val_type`
    : sql`id, ${sql.id('key')}, val`
  let after = sql``
  for (;;) {
    const { rows } = await sql<Row>`
      select ${names} from ${sql.id(table.name)} ${after} order by id limit ${sql.lit(PAGE)}
    `.execute(driver.db)
    if (rows.length === 0) return
    const items = rows.map(readRow)
    await assertUtf8(driver, table, rows)
    yield items
    after = sql`where id > ${items.at(-1)?.id}`
  }
}

/** The number of rows in a table. */
export async function countRows(driver: Driver, table: Table): Promise<number> {
  const { rows } = await sql<{ count: number | string }>`
    select count(*) as count from ${sql.id(table.name)}
  `.execute(driver.db)
  return Number(rows[0]?.count)
}

/** The smallest id in a table; infinite when it is empty. */
export async function firstId(driver: Driver, table: Table): Promise<number> {
  const { rows } = await sql<{ first: number | string | null }>`
    select min(id) as first from ${sql.id(table.name)}
  `.execute(driver.db)
  return Number(rows[0]?.first ?? Number.POSITIVE_INFINITY)
}

/** Deletes all rows of a table, and tells how many there were. */
export async function deleteAll(driver: Driver, table: Table): Promise<number> {
  const result = await sql`delete from ${sql.id(table.name)}`.execute(driver.db)
  return Number(result.numAffectedRows)
}

function readRow(row: Row): ItemInRow {
  const id = Number(row.id)
  const bad = (reason: string) => badRow(row.id, reason)
  if (row.id === null || !Number.isSafeInteger(id)) throw bad('its id is no integer below 2^53')
  for (const name of ['key', 'val'] as const) {
    if (row[name] === null) throw bad(`its ${name} is NULL`)
    if (typeof row[name] !== 'string') throw bad(`its ${name} is no text`)
  }
  try {
    return { id, ...decode({ key: row.key, val: row.val, val_type: row.val_type ?? null }) }
  } catch (error) {
    throw bad(`its value cannot be read (${(error as Error).message})`)
  }
}

/** What is not UTF-8 is read with the character U+FFFD in its place, and must not be taken for it. */
async function assertUtf8(driver: Driver, table: Table, rows: readonly Row[]): Promise<void> {
  if (driver.bytes === undefined) return
  for (const row of rows) {
    for (const name of ['key', 'val'] as const) {
      if (!row[name].includes('\ufffd')) continue
      if (isUtf8(await driver.bytes(table, row.id, name))) continue
      throw badRow(row.id, `its ${name} is not UTF-8`)
    }
  }
}

function badRow(id: unknown, reason: string): Error {
  return new Error(`row ${id}: ${reason}; mend or delete the row`)
}
