import { setImmediate } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import { MqueueError, reasonOf } from '../errors.ts'
import type { Opening } from '../local/storage.ts'
import { decode, encodeAsText } from '../value.ts'
import type { Driver, Row, Table } from './drivers/driver.ts'
import { noIdLeft } from './ids.ts'
import { insertEach, type RefusedRow } from './inserting.ts'
import type { RescueFile } from './rescue-file.ts'
import type { Entry, RescuedItem } from './rescue-lines.ts'
import { assertFits, type ItemInRow, pastColumns, pastIn, readItemsOf } from './table.ts'

/** The items that are compared, or written, at a time. */
const BATCH = 1_000
/** About the most characters of these. */
const MOST_CHARACTERS = 8_000_000

/** Who gets the progress of a load, and who may end it. */
export type Progress = Pick<Opening, 'progress' | 'signal'>

/** The progress of a load that nobody watches or ends. */
export const UNWATCHED: Progress = { progress() {}, signal: new AbortController().signal }

/** Lets other things go on, and ends a load that is not wanted any more. */
export async function pause({ signal }: Progress): Promise<void> {
  await setImmediate()
  signal.throwIfAborted()
}

/** Other rows have the ids that items of a rescue file have: those need others. */
export class IdsTaken extends Error {
  readonly ids: ReadonlySet<number>

  constructor(ids: ReadonlySet<number>) {
    super('another program has taken the ids of rescued items')
    this.ids = ids
  }
}

/** What a rescue file wrote to its table. */
export interface PutBack {
  /** How many items were inserted. */
  readonly rescued: number
  /** What the table does not take. */
  readonly refused: readonly RefusedRow[]
  /** Whether some are refused for want of ids. */
  readonly lacksIds: boolean
}

/**
 * Inserts what the rescue file holds and the table lacks, each item for itself. One without an id is refused: there was
 * none for it.
 *
 * @throws IdsTaken when there are other rows with their ids
 */
export async function putBack(
  driver: Driver,
  table: Table,
  rescue: RescueFile,
  progress: Progress,
  progressed: () => void,
): Promise<PutBack> {
  await removeUnwanted(driver, table, rescue)
  const taken = new Set<number>()
  const refused: RefusedRow[] = []
  let rescued = 0
  let lacksIds = false
  for (const batch of batchesOf(rescue.entries())) {
    const found = await readItemsOf(driver, table, idsOf(batch))
    const rows: Row[] = []
    for (const item of batch) {
      const id = item.id ?? Number.POSITIVE_INFINITY
      if (id > table.largestId) {
        refused.push({ row: item, reason: noIdLeft(table).message })
        lacksIds = true
        continue
      }
      const present = found.get(id)
      if (present === undefined) addRow(table, { ...item, id }, rows, refused)
      else if (!isSame(table, item, present)) taken.add(id)
    }
    // Once one id is taken all this is done again.
    if (taken.size === 0) {
      const others = await insertEach(driver, table, rows, progressed)
      rescued += rows.length - others.length
      refused.push(...others)
    }
    progressed()
    await pause(progress)
  }
  if (taken.size > 0) throw new IdsTaken(taken)
  return { rescued, refused, lacksIds }
}

/** Leaves in a rescue file only what a table does not take. These have no rows, so that their ids are free again. */
export async function leaveOnly(rescue: RescueFile, refused: readonly RefusedRow[]): Promise<void> {
  if (refused.length === 0) rescue.delete()
  else {
    const items = refused.map(({ row }) => row as RescuedItem)
    await rescue.write(items.map(({ id: _, ...item }) => ({ item })))
  }
}

function addRow(
  table: Table,
  item: RescuedItem & { id: number },
  rows: Row[],
  refused: RefusedRow[],
): void {
  try {
    const row = rowFor(table, item)
    assertFits(table, row)
    rows.push(row)
  } catch (error) {
    refused.push({ row: item, reason: reasonOf(error) })
  }
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
export function* batchesOf(entries: Iterable<Entry>): Generator<RescuedItem[]> {
  let batch: RescuedItem[] = []
  let characters = 0
  for (const { item } of entries) {
    if (item === undefined) continue
    batch.push(item)
    characters += item.val.length
    if (batch.length < BATCH && characters < MOST_CHARACTERS) continue
    yield batch
    batch = []
    characters = 0
  }
  if (batch.length > 0) yield batch
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
      return isSame(table, item, present)
    }),
  )
}

/** Whether a row is what a rescued item would be in its place. */
function isSame(table: Table, twin: RescuedItem, item: ItemInRow): boolean {
  try {
    // One value may be written in several ways, so what is read counts.
    const { key, value } = decode(rowFor(table, { ...twin, id: item.id }))
    return key === item.key && isDeepStrictEqual(value, item.value)
  } catch (error) {
    // What the table cannot keep is not in it.
    if (error instanceof MqueueError) return false
    throw error
  }
}

/** The smallest and the largest id of a table. */
export const rangeOf = (table: Table) => async (driver: Driver) => ({
  first: await driver.firstId(table),
  last: await driver.lastId(table),
})

/** An item as the row that a table can keep. */
function rowFor(table: Table, { id, ...item }: RescuedItem & { id: number }): Row {
  const past = table.counts ? pastColumns(pastIn(item)) : {}
  const { key, val, val_type } = item
  if (table.typed) return { id, key, val, val_type, ...past }
  const { value, ...decoded } = decode(item)
  return { id, ...encodeAsText(decoded.key, value), ...past }
}
