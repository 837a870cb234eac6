import { setImmediate } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import type { Opening } from '../local/storage.ts'
import { decode, encodeAsText, type StoredItem } from '../value.ts'
import type { Driver, Row, Table } from './drivers/driver.ts'
import type { RescuedItem, RescueFile } from './rescue-file.ts'
import { assertFits, type ItemInRow, readItemsOf } from './table.ts'

/** The items that are compared, or written, at a time. */
const BATCH = 1_000

/** Whom a load tells how far it is, and who may end it. */
export type Progress = Pick<Opening, 'progress' | 'signal'>

/** The progress of a load that nobody watches or ends. */
export const UNWATCHED: Progress = { progress() {}, signal: new AbortController().signal }

/** Lets other things go on, and ends a load that is not wanted any more. */
export async function pause({ signal }: Progress): Promise<void> {
  await setImmediate()
  signal.throwIfAborted()
}

/** Inserts what the rescue file holds and the table lacks; returns how many items that were. */
export async function putBack(
  driver: Driver,
  table: Table,
  rescue: RescueFile,
  progress: Progress,
  progressed: () => void,
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
        free ??= Math.max(await driver.lastId(table), largestId(rescue))
        id = ++free
      }
      const row = rowFor(table, { ...item, id })
      assertFits(table, row)
      rows.push(row)
    }
    if (rows.length > 0) await driver.insert(table, rows)
    rescued += rows.length
    progressed()
    await pause(progress)
  }
  return rescued
}

export async function removeUnwanted(
  driver: Driver,
  table: Table,
  rescue: RescueFile,
): Promise<void> {
  let passed = 0
  for (const { removed } of rescue.entries()) {
    if (removed !== undefined) await driver.remove(table, removed)
    if (++passed % BATCH === 0) await setImmediate()
  }
}

/** The items of a rescue file, some at a time. */
export function* batchesOf(rescue: RescueFile): Generator<RescuedItem[]> {
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

function largestId(rescue: RescueFile): number {
  let largest = 0
  for (const { item } of rescue.entries()) largest = Math.max(largest, item?.id ?? 0)
  return largest
}

const idsOf = (batch: readonly RescuedItem[]) => batch.flatMap(({ id }) => id ?? [])

/** Those items of a rescue file that are in the table as well. */
export async function presentOf(
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
export const rangeOf = (table: Table) => async (driver: Driver) => ({
  first: await driver.firstId(table),
  last: await driver.lastId(table),
})

/** Writes an id to every item of a rescue file that has none, before all rows where there is room. */
export async function numberItems(
  range: { first: number; last: number },
  rescue: RescueFile,
): Promise<void> {
  let { first, last } = range
  let count = 0
  let passed = 0
  for (const { item } of rescue.entries()) {
    if (++passed % BATCH === 0) await setImmediate()
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

/** An item as the row that a table can keep. */
function rowFor(table: Table, { id, ...item }: StoredItem & { id: number }): Row {
  if (table.typed) return { id, ...item }
  const { key, value } = decode(item)
  return { id, ...encodeAsText(key, value) }
}
