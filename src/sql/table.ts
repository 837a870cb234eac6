import { isUtf8 } from 'node:buffer'
import { MqueueError } from '../errors.ts'
import type { Origin, Past } from '../local/leases.ts'
import { decode, type StoredItem } from '../value.ts'
import type { Column, Description, Driver, Row, Table } from './drivers/driver.ts'

/** The rows that are read at a time. */
export const PAGE = 2_000

/** An item and the id of its row. */
export interface ItemInRow {
  readonly id: number
  readonly key: string
  readonly value: unknown
  /** What it has been through; undefined where that is nothing. */
  readonly past: Past | undefined
}

/**
 * Finds the tables of some queues, or makes them, and checks that items can be kept in them.
 *
 * @returns for each queue its table, or an error that says what is wrong with it
 */
export async function openTables(
  driver: Driver,
  queues: readonly string[],
): Promise<Map<string, Table | Error>> {
  const found = await driver.describe(queues)
  const missing = queues.filter((queue) => !found.has(queue))
  const failed = missing.length > 0 ? await driver.create(missing) : new Map<string, Error>()
  const made = missing.length > 0 ? await driver.describe(missing) : new Map<string, Description>()
  const tables = new Map<string, Table | Error>()
  for (const queue of queues) {
    const description = found.get(queue) ?? made.get(queue)
    tables.set(queue, failed.get(queue) ?? fitTable(queue, description))
  }
  return tables
}

/** A queue's table, when items can be kept in it; else what is wrong with it. */
function fitTable(queue: string, description: Description | undefined): Table | Error {
  if (description === undefined) return new Error('it is gone')
  const { name, columns, unfit, names } = description
  if (unfit !== undefined) return new Error(unfit)
  try {
    const id = column(columns, 'id')
    if (id.largest === undefined) {
      throw new Error(`its column "id" has the type ${id.type}; it must be an integer`)
    }
    const type = columns.find((one) => one.name === 'val_type')
    if (type !== undefined) assertText(type)
    const [key, val] = [column(columns, 'key'), column(columns, 'val')]
    assertText(key)
    assertText(val)
    return {
      queue,
      name,
      key,
      val,
      typed: type !== undefined,
      counts: isCounting(columns),
      largestId: id.largest,
      names,
    }
  } catch (error) {
    return error as Error
  }
}

/** Whether a table can keep how often its items were handed out, and where they came from. */
function isCounting(columns: readonly Column[]): boolean {
  const attempts = columns.find((one) => one.name === 'attempts')
  const origin = columns.find((one) => one.name === 'dead_letter')
  return attempts?.largest !== undefined && origin?.isText === true
}

function column(columns: readonly Column[], wanted: string): Column {
  const found = columns.find((one) => one.name === wanted)
  if (found === undefined) throw new Error(`it has no column "${wanted}"; add it`)
  return found
}

function assertText({ name, type, isText }: Column): void {
  if (!isText) throw new Error(`its column "${name}" has the type ${type}; it must be a text`)
}

/**
 * Makes sure that a table can keep an item.
 *
 * @throws MqueueError `MQ_INVALID_VALUE` or `MQ_INVALID_KEY`, which says what the column keeps
 */
export function assertFits({ queue, key, val }: Table, item: StoredItem): void {
  assertColumnFits(queue, key, item.key, 'MQ_INVALID_KEY')
  assertColumnFits(queue, val, item.val, 'MQ_INVALID_VALUE')
}

function assertColumnFits(
  queue: string,
  column: Column,
  text: string,
  code: 'MQ_INVALID_KEY' | 'MQ_INVALID_VALUE',
): void {
  const reason = column.refuses(text)
  if (reason === undefined) return
  const where = `column "${column.name}" (${column.type}) of table "${queue}"`
  throw new MqueueError(code, `It does not fit into ${where}: ${reason}.`, { queue })
}

/**
 * Reads all items of a table, oldest first, a page at a time.
 *
 * @throws Error that names the row which cannot be read
 */
export async function* readItems(driver: Driver, table: Table): AsyncGenerator<ItemInRow[]> {
  let after: number | undefined
  for (;;) {
    const rows = await driver.read(table, after, PAGE)
    if (rows.length === 0) return
    const items = rows.map(readRow)
    await assertUtf8(driver, table, rows)
    yield items
    if (rows.length < PAGE) return
    after = items.at(-1)?.id
  }
}

/** Reads those items of a table that have one of these ids. */
export async function readItemsOf(
  driver: Driver,
  table: Table,
  ids: readonly number[],
): Promise<Map<number, ItemInRow>> {
  const rows = await driver.readIds(table, ids)
  return new Map(rows.map((row) => [Number(row.id), readRow(row)]))
}

function readRow(row: Row): ItemInRow {
  const id = Number(row.id)
  if (row.id === null || !Number.isSafeInteger(id)) {
    throw badRow(row.id, 'its id is not an integer below 2^53')
  }
  for (const name of ['key', 'val'] as const) {
    if (row[name] === null) throw badRow(id, `its ${name} is NULL`)
    if (typeof row[name] !== 'string') throw badRow(id, `its ${name} is not a text`)
  }
  try {
    const item = decode({ key: row.key, val: row.val, val_type: row.val_type ?? null })
    return { id, ...item, past: pastIn(row) }
  } catch (error) {
    throw badRow(id, `its value cannot be read (${(error as Error).message})`)
  }
}

/** What the columns of a row, or a line of a rescue file, say that its item has been through. */
export function pastIn({
  attempts = 0,
  dead_letter: text,
}: Pick<Row, 'attempts' | 'dead_letter'>): Past | undefined {
  const [, reason, queue = ''] = /^(attempts|rejected):(.*)$/.exec(text ?? '') ?? []
  if (attempts === 0 && reason === undefined) return undefined
  const origin = reason && { reason: reason as Origin['reason'], queue }
  return { attempts, origin: origin || undefined }
}

/** The columns of a row that say what its item has been through; none where that is nothing. */
export function pastColumns(past: Past | undefined): Pick<Row, 'attempts' | 'dead_letter'> {
  if (past === undefined) return {}
  const { attempts, origin } = past
  return {
    ...(attempts > 0 && { attempts }),
    ...(origin && { dead_letter: `${origin.reason}:${origin.queue}` }),
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
  return new Error(`row ${id}: ${reason}; correct or delete the row`)
}
