import { setImmediate } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import { Segments } from '../local/segments.ts'
import type { Opening } from '../local/storage.ts'
import { decode, encodeAsText, encodeWhatCan, type StoredItem } from '../value.ts'
import { UncertainCommit } from './connection.ts'
import type { Claim } from './database.ts'
import type { Driver, Row, Table } from './drivers/driver.ts'
import type { RescuedItem, RescueFile } from './rescue-file.ts'
import { assertFits, type ItemInRow, readItems, readItemsOf } from './table.ts'

/** How long a step of a load may take, in ms. */
export const LOAD_PATIENCE = 60_000
/** The items that a queue takes over between two turns of the event loop. */
export const AT_ONCE = 20_000
/** The rows that are compared, written or removed at a time. */
const BATCH = 1_000

/** Whom a load tells how far it is, and who may end it. */
export type Progress = Pick<Opening, 'progress' | 'signal'>

/** What was loaded. */
export interface Loaded {
  /** The items with the ids of their rows, oldest first. An item that has no row has the id 0. */
  readonly items: Segments<unknown>
  /** The largest id that the table holds or has given away. */
  readonly lastId: number
  /** How many of them came from the rescue file. */
  readonly rescued: number
}

/**
 * Takes all items out of a queue's table, as Kamailio does at its start (dbmode 1 and 2): what the rescue file
 * holds comes first. Either all are taken or, when it fails, none.
 *
 * @param onTaking is called before the rows are taken, with a function that returns what must be added to the rescue
 *   file should it not be known what became of them, or should the process end before the queue has them
 */
export async function takeAll(
  { connection, table }: Claim,
  rescue: RescueFile,
  progress: Progress,
  onTaking: (rows: () => Iterable<RescuedItem>) => void,
): Promise<Loaded> {
  const items = new Segments<unknown>()
  let rescued = 0
  const rows = () => rescuedItems(items, rescued)
  try {
    await connection.transaction(async (driver, beat) => {
      await removeUnwanted(driver, table, rescue)
      for (const batch of batchesOf(rescue)) {
        const present = await presentOf(driver, table, batch)
        for (const item of batch) {
          if (present.has(item)) continue
          const { key, value } = decode(item)
          items.add(0, key, value, 0)
          rescued++
        }
        beat()
        await pause(progress)
      }
      const read = await readAll(driver, table, items, progress, beat)
      onTaking(rows)
      const removed = await driver.removeAll(table)
      if (removed !== read) throw changedMeanwhile(removed, read)
    }, LOAD_PATIENCE)
  } catch (error) {
    if (error instanceof UncertainCommit) await rescue.append(rows())
    throw error
  }
  return { items, lastId: 0, rescued }
}

/**
 * Brings a queue's table and its rescue file together in the table, and reads it (dbmode 4, and dbmode 3 with a
 * rescue file).
 */
export async function restore(
  { connection, table }: Claim,
  rescue: RescueFile,
  progress: Progress,
): Promise<Loaded> {
  // The file knows the ids before the table does, so that no item is put back twice, whatever fails in between.
  if (rescue.exists) await numberItems(await connection.plainly(rangeOf(table), LOAD_PATIENCE), rescue)
  const items = new Segments<unknown>()
  return connection.transaction(async (driver, beat) => {
    const rescued = rescue.exists ? await putBack(driver, table, rescue, progress, beat) : 0
    const read = await readAll(driver, table, items, progress, beat)
    const count = await driver.count(table)
    if (count !== read) throw changedMeanwhile(count, read)
    return { items, lastId: await driver.lastId(table), rescued }
  }, LOAD_PATIENCE)
}

/** An item as the row that a table can keep. */
export function rowFor(table: Table, { id, ...item }: StoredItem & { id: number }): Row {
  if (table.typed) return { id, ...item }
  const { key, value } = decode(item)
  return { id, ...encodeAsText(key, value) }
}

/** Lets other things go on, and ends a load that is not wanted any more. */
async function pause({ signal }: Progress): Promise<void> {
  await setImmediate()
  signal.throwIfAborted()
}

/** Inserts what the rescue file holds and the table lacks; returns how many items that were. */
async function putBack(
  driver: Driver,
  table: Table,
  rescue: RescueFile,
  progress: Progress,
  beat: () => void,
): Promise<number> {
  await removeUnwanted(driver, table, rescue)
  let free: number | undefined
  let rescued = 0
  for (const batch of batchesOf(rescue)) {
    const found = await readItemsOf(driver, table, idsOf(batch))
    const rows: Row[] = []
    for (const item of batch) {
      const present = found.get(item.id as number)
      if (present !== undefined && isSame(table, item, present)) continue
      let id = item.id as number
      if (present !== undefined) {
        // Another program has taken the id for a row of its own.
        free ??= await driver.lastId(table)
        id = ++free
      }
      const row = rowFor(table, { ...item, id })
      assertFits(table, row)
      rows.push(row)
    }
    if (rows.length > 0) await driver.insert(table, rows)
    rescued += rows.length
    beat()
    await pause(progress)
  }
  return rescued
}

async function removeUnwanted(driver: Driver, table: Table, rescue: RescueFile): Promise<void> {
  for (const { removed } of rescue.entries()) {
    if (removed !== undefined) await driver.remove(table, removed)
  }
}

async function readAll(
  driver: Driver,
  table: Table,
  items: Segments<unknown>,
  progress: Progress,
  beat: () => void,
): Promise<number> {
  let read = 0
  let lastId: number | undefined
  for await (const page of readItems(driver, table)) {
    for (const { id, key, value } of page) {
      if (id === lastId) {
        throw new Error(`row ${id}: there are two rows with this id; give one another id`)
      }
      lastId = id
      items.add(id, key, value, 0)
    }
    read += page.length
    beat()
    progress.progress(items.size)
    await pause(progress)
  }
  progress.signal.throwIfAborted()
  return read
}

/** The items of a rescue file, some at a time. */
function* batchesOf(rescue: RescueFile): Generator<RescuedItem[]> {
  let batch: RescuedItem[] = []
  for (const { item } of rescue.entries()) {
    if (item === undefined) continue
    batch.push(item)
    if (batch.length < BATCH) continue
    yield batch
    batch = []
  }
  if (batch.length > 0) yield batch
}

const idsOf = (batch: readonly RescuedItem[]) => batch.flatMap(({ id }) => id ?? [])

/** Those items of a rescue file that are in the table as well. */
async function presentOf(
  driver: Driver,
  table: Table,
  batch: readonly RescuedItem[],
): Promise<Set<RescuedItem>> {
  const ids = idsOf(batch)
  const found = ids.length > 0 ? await readItemsOf(driver, table, ids) : new Map()
  return new Set(
    batch.filter((item) => {
      const present = item.id === undefined ? undefined : found.get(item.id)
      return present !== undefined && isSame(table, item, present)
    }),
  )
}

/** Whether a row is what a rescued item would be in its place. */
function isSame(table: Table, twin: RescuedItem, item: ItemInRow): boolean {
  // One value may be written in several ways, so what is read counts.
  const { key, value } = decode(rowFor(table, { ...twin, id: item.id }))
  return key === item.key && isDeepStrictEqual(value, item.value)
}

/** The smallest and the largest id of a table. */
const rangeOf = (table: Table) => async (driver: Driver) => ({
  first: await driver.firstId(table),
  last: await driver.lastId(table),
})

/** Writes an id to every item of a rescue file that has none, before all rows where there is room. */
async function numberItems(
  range: { first: number; last: number },
  rescue: RescueFile,
): Promise<void> {
  let { first, last } = range
  let count = 0
  for (const { item } of rescue.entries()) {
    if (item === undefined) continue
    if (item.id === undefined) count++
    else {
      first = Math.min(first, item.id)
      last = Math.max(last, item.id)
    }
  }
  if (count === 0) return
  let next = Number.isFinite(first) && first > count ? first - count : last + 1
  function* numbered() {
    for (const entry of rescue.entries()) {
      const { item } = entry
      yield item === undefined || item.id !== undefined ? entry : { item: { ...item, id: next++ } }
    }
  }
  await rescue.write(numbered())
}

/** What was read from rows, for a rescue file. The first items came from that file. */
function* rescuedItems(items: Segments<unknown>, fromFile: number): Generator<RescuedItem> {
  let skipped = 0
  for (const { id, key, value } of items) {
    if (skipped++ >= fromFile) yield { id, ...encodeWhatCan(key, value) }
  }
}

function changedMeanwhile(count: number, read: number): Error {
  return new Error(
    `${read} rows were read and there are ${count}: another program is changing it, or its ids are NULL or not unique`,
  )
}
