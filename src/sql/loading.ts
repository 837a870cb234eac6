import { isDeepStrictEqual } from 'node:util'
import { MqueueError, quote } from '../errors.ts'
import { type Connection, UncertainCommit } from './connection.ts'
import type { Driver, Row, Table } from './driver.ts'
import { assertFits } from './fitting.ts'
import type { Rescued, RescuedItem, RescueFile } from './rescue-file.ts'
import { countRows, deleteAll, firstId, type ItemInRow, openTable, readItems } from './table.ts'
import { decode, encodeAsText, encodeWhatCan, type StoredItem } from './value.ts'

/** How long a step of a load may take, in ms. */
const PATIENCE = 60_000

/** A load that is under way. */
export interface Loading {
  readonly connection: Connection
  readonly queue: string
  readonly rescue: RescueFile
  /** Hears how many items have been read. */
  onProgress(read: number): void
  /** Throws when the load is not wanted any more. */
  assertWanted(): void
  /**
   * Hears, before the rows are taken, what is to be in the rescue file should it not be known what became of
   * them, or should the process end before the queue has them.
   */
  onTaking(rescued: () => Rescued): void
}

/** What was loaded. */
export interface Loaded {
  readonly table: Table
  /** The items, oldest first. */
  readonly items: ItemInRow[]
  /** The largest id that the table holds or has given away. */
  readonly lastId: number
  /** How many of them came from the rescue file. */
  readonly rescued: number
}

/**
 * Finds or makes a queue's table and takes its lock.
 *
 * @throws MqueueError `MQ_STORE_LOCKED` when another process, or another config node, has it
 */
export function openLocked(
  connection: Connection,
  queue: string,
  patience = PATIENCE,
): Promise<Table> {
  return connection.plainly(async (driver) => {
    const table = await openTable(driver, queue)
    if (await driver.lock(queue)) return table
    const where = `table ${quote(queue)} in ${connection.address.shown}`
    const advice = 'Give this one another database or another queue name, or stop the other one.'
    const text = `Queue ${quote(queue)}: another process or config node uses ${where}. ${advice}`
    throw new MqueueError('MQ_STORE_LOCKED', text, { queue })
  }, patience)
}

/**
 * Takes all items out of a queue's table, as Kamailio does at its start (dbmode 1 and 2): what the rescue file
 * holds comes first. Either all are taken or, when it fails, none.
 */
export async function takeAll(loading: Loading): Promise<Loaded> {
  const { connection, queue, rescue } = loading
  const table = await openLocked(connection, queue)
  try {
    const rescued = rescue.read()
    const missing = byId(rescued)
    const items: ItemInRow[] = []
    const ifUncertain = (): Rescued => ({
      removed: rescued.removed,
      items: rescued.items.concat(
        items.map(({ id, key, value }) => ({ id, ...encodeWhatCan(key, value) })),
      ),
    })
    try {
      await connection.transaction(async (driver, beat) => {
        if (rescued.removed.length > 0) await driver.delete(table, rescued.removed)
        await readAll(loading, driver, table, items, missing, beat)
        loading.onTaking(ifUncertain)
        const deleted = await deleteAll(driver, table)
        if (deleted !== items.length) throw changedMeanwhile(deleted, items.length)
      }, PATIENCE)
    } catch (error) {
      if (error instanceof UncertainCommit) rescue.write(ifUncertain())
      throw error
    }
    const first = rescued.items.filter(({ id }) => id === undefined || missing.has(id))
    const all = [...first.map((item) => ({ id: item.id ?? 0, ...decode(item) })), ...items]
    return { table, items: all, lastId: 0, rescued: first.length }
  } finally {
    await unlock(connection, queue)
  }
}

/**
 * Brings a queue's table and its rescue file together in the table, and reads it (dbmode 4, and dbmode 3 with a
 * rescue file). The lock stays taken.
 */
export async function restore(loading: Loading): Promise<Loaded> {
  const table = await openLocked(loading.connection, loading.queue)
  try {
    return await bringTogether(loading, table)
  } catch (error) {
    await unlock(loading.connection, loading.queue)
    throw error
  }
}

async function bringTogether(loading: Loading, table: Table): Promise<Loaded> {
  const { connection, rescue } = loading
  const rescued = await withIds(connection, table, rescue)
  const missing = byId(rescued)
  const items: ItemInRow[] = []
  const lastId = await connection.transaction(async (driver, beat) => {
    if (rescued.removed.length > 0) await driver.delete(table, rescued.removed)
    await readAll(loading, driver, table, items, missing, beat)
    const count = await countRows(driver, table)
    if (count !== items.length) throw changedMeanwhile(count, items.length)
    // Another program may have taken an id for a row of its own.
    const taken = new Set(items.map(({ id }) => id))
    let free = await driver.lastId(table)
    const rows = [...missing.values()].map((item) =>
      rowFor(table, taken.has(item.id) ? { ...item, id: ++free } : item),
    )
    for (const row of rows) assertFits(table, row)
    if (rows.length > 0) await driver.insert(table, rows)
    for (const { id, ...item } of rows) items.push({ id, ...decode(item) })
    return driver.lastId(table)
  }, PATIENCE)
  if (missing.size > 0) items.sort((a, b) => a.id - b.id)
  return { table, items, lastId, rescued: missing.size }
}

export async function unlock(connection: Connection, queue: string): Promise<void> {
  if (connection.lost !== undefined) return
  await connection.plainly((driver) => driver.unlock(queue), PATIENCE).catch(() => {})
}

/** An item as the row that a table can keep. */
export function rowFor(table: Table, { id, ...item }: StoredItem & { id: number }): Row {
  if (table.typed) return { id, ...item }
  const { key, value } = decode(item)
  return { id, ...encodeAsText(key, value) }
}

async function readAll(
  loading: Loading,
  driver: Driver,
  table: Table,
  items: ItemInRow[],
  missing: Map<number, RescuedItem>,
  beat: () => void,
): Promise<void> {
  for await (const page of readItems(driver, table)) {
    for (const item of page) {
      if (item.id === items.at(-1)?.id) {
        throw new Error(`row ${item.id}: there are two rows with this id; give one another id`)
      }
      items.push(item)
      const twin = missing.get(item.id)
      if (twin !== undefined && isSame(table, twin, item)) missing.delete(item.id)
    }
    beat()
    loading.onProgress(items.length)
    await new Promise(setImmediate)
    loading.assertWanted()
  }
  loading.assertWanted()
}

/** Tells whether a row is what a rescued item would be in its place. */
function isSame(table: Table, twin: RescuedItem, item: ItemInRow): boolean {
  // One value may be written in several ways, so what is read counts.
  const { key, value } = decode(rowFor(table, { ...twin, id: item.id }))
  return key === item.key && isDeepStrictEqual(value, item.value)
}

function byId({ items }: Rescued): Map<number, RescuedItem & { id: number }> {
  const found = new Map<number, RescuedItem & { id: number }>()
  for (const item of items) if (item.id !== undefined) found.set(item.id, { ...item, id: item.id })
  return found
}

/**
 * Gives every item of a rescue file an id, before all rows where there is room. The file knows the ids before
 * the table does, so that no item is put back twice, whatever fails in between.
 */
async function withIds(connection: Connection, table: Table, rescue: RescueFile): Promise<Rescued> {
  const { items, removed } = rescue.read()
  const ids = items.flatMap(({ id }) => id ?? [])
  const count = items.length - ids.length
  if (count === 0) return { items, removed }
  let next = await connection.plainly(async (driver) => {
    const first = ids.reduce((a, b) => Math.min(a, b), await firstId(driver, table))
    if (Number.isFinite(first) && first > count) return first - count
    return ids.reduce((a, b) => Math.max(a, b), await driver.lastId(table)) + 1
  }, PATIENCE)
  const numbered = items.map((item) => (item.id === undefined ? { ...item, id: next++ } : item))
  rescue.write({ items: numbered, removed })
  return { items: numbered, removed }
}

function changedMeanwhile(count: number, read: number): Error {
  return new Error(
    `${read} rows were read and there are ${count}: another program is changing it, or its ids are NULL or not unique`,
  )
}
