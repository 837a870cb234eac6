import { setImmediate } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import { MqueueError } from '../errors.ts'
import type { Opening } from '../local/storage.ts'
import { decode, encodeAsText, type StoredItem } from '../value.ts'
import type { Driver, Row, Table } from './drivers/driver.ts'
import { noIdLeft } from './ids.ts'
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

/** What became of the items of a rescue file. */
export interface PutBack {
  /** How many are in the table that were not before. */
  readonly rescued: number
  /** Those that the table cannot keep, and why, of the first. */
  readonly left: readonly RescuedItem[]
  readonly reason: string
  /** Whether some are left for want of ids. */
  readonly lacksIds: boolean
}

/** Inserts what the rescue file holds and the table lacks. */
export async function putBack(
  driver: Driver,
  table: Table,
  rescue: RescueFile,
  progress: Progress,
  progressed: () => void,
): Promise<PutBack> {
  await removeUnwanted(driver, table, rescue)
  let free: number | undefined
  let rescued = 0
  const left: RescuedItem[] = []
  let reason = ''
  let lacksIds = false
  const leave = ({ key, val, val_type }: RescuedItem, why: string) => {
    left.push({ key, val, val_type })
    reason ||= why
  }
  for (const batch of batchesOf(rescue)) {
    const found = await readItemsOf(driver, table, idsOf(batch))
    const rows: Row[] = []
    for (const item of batch) {
      let id = item.id ?? Number.POSITIVE_INFINITY
      const row = fittingRow(table, { ...item, id })
      if (row instanceof MqueueError) {
        leave(item, row.message)
        continue
      }
      const present = found.get(id)
      if (present !== undefined) {
        if (isSame(row, present)) continue
        // Another program has taken the id for a row of its own.
        free ??= Math.max(await driver.lastId(table), largestId(rescue))
        id = ++free
      }
      if (id <= table.largestId) {
        rows.push({ ...row, id })
        continue
      }
      leave(item, noIdLeft(table).message)
      lacksIds = true
    }
    if (rows.length > 0) await driver.insert(table, rows)
    rescued += rows.length
    progressed()
    await pause(progress)
  }
  return { rescued, left, reason, lacksIds }
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
      if (present === undefined) return false
      const row = fittingRow(table, { ...item, id: present.id })
      return !(row instanceof MqueueError) && isSame(row, present)
    }),
  )
}

/** Whether an item of the table is what a row would be in its place. */
function isSame(row: Row, item: ItemInRow): boolean {
  // One value may be written in several ways, so what is read counts.
  const { key, value } = decode(row)
  return key === item.key && isDeepStrictEqual(value, item.value)
}

/** The smallest and the largest id of a table. */
export const rangeOf = (table: Table) => async (driver: Driver) => ({
  first: await driver.firstId(table),
  last: await driver.lastId(table),
})

/**
 * Writes an id to every item of a rescue file that has none, before all rows where there is room.
 *
 * @param largest the largest id: for what would get a larger one there is none
 */
export async function numberItems(
  range: { first: number; last: number },
  rescue: RescueFile,
  largest: number,
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
      const needsNone = item === undefined || item.id !== undefined || next > largest
      yield needsNone ? entry : { item: { ...item, id: next++ } }
    }
  }
  await rescue.write(numbered())
}

/** An item as the row that a table can keep, or why it cannot keep it. */
function fittingRow(table: Table, item: StoredItem & { id: number }): Row | MqueueError {
  try {
    const row = table.typed ? item : asText(item)
    assertFits(table, row)
    return row
  } catch (error) {
    if (error instanceof MqueueError) return error
    throw error
  }
}

function asText({ id, ...item }: StoredItem & { id: number }): Row {
  const { key, value } = decode(item)
  return { id, ...encodeAsText(key, value) }
}
