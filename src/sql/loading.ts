import type { Past } from '../local/leases.ts'
import { Segments } from '../local/segments.ts'
import { decode, encodeWhatCan } from '../value.ts'
import type { Claim } from './claims.ts'
import { UncertainCommit } from './connection.ts'
import type { Driver, Table } from './drivers/driver.ts'
import { makeRoom } from './ids.ts'
import {
  batchesOf,
  numberItems,
  type Progress,
  type PutBack,
  pause,
  presentOf,
  putBack,
  rangeOf,
  removeUnwanted,
} from './merging.ts'
import type { RescuedItem, RescueFile } from './rescue-file.ts'
import { PAGE, readItems } from './table.ts'

/** How long a step of a load may take, in ms. */
export const LOAD_TIMEOUT = 60_000
/** The items that a queue takes over between two turns of the event loop. */
export const AT_ONCE = 20_000

/** What was loaded. */
export interface Loaded {
  /** The items with the ids of their rows, oldest first. An item that has no row has the id 0. */
  readonly items: Segments<unknown>
  /** What some of the items have been through, by the ids of their rows. */
  readonly pasts: ReadonlyMap<number, Past>
  /** The largest id that the table holds or has assigned. */
  readonly lastId: number
  /** How many of them came from the rescue file. */
  readonly rescued: number
}

/** What was brought together in the table. */
export interface Restored extends Loaded, PutBack {
  /** Whether the rows have other ids than before. */
  readonly isRenumbered?: boolean
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
  const pasts = new Map<number, Past>()
  let rescued = 0
  const rows = () => rescuedItems(items, rescued)
  try {
    await connection.transaction(async (driver, progressed) => {
      await removeUnwanted(driver, table, rescue)
      for (const batch of batchesOf(rescue)) {
        const present = await presentOf(driver, table, batch)
        for (const item of batch) {
          if (present.has(item)) continue
          const { key, value } = decode(item)
          items.add(0, key, value, 0)
          rescued++
        }
        progressed()
        await pause(progress)
      }
      const read = await readAll(driver, table, { items, pasts }, progress, progressed)
      onTaking(rows)
      const removed = await driver.removeAll(table)
      if (removed !== read) throw changedMeanwhile(removed, read)
    }, LOAD_TIMEOUT)
  } catch (error) {
    if (error instanceof UncertainCommit) await rescue.append(rows())
    throw error
  }
  return { items, pasts, lastId: 0, rescued }
}

/**
 * Brings a queue's table and its rescue file together in the table, and reads it (dbmode 4, and dbmode 3 with a
 * rescue file). What the table cannot keep is left in the file. Where the ids of the table have come to their end they begin
 * again, so that more can be added behind what it holds.
 */
export async function restore(
  claim: Claim,
  rescue: RescueFile,
  progress: Progress,
): Promise<Restored> {
  const first = await bringTogether(claim, rescue, progress)
  const { largestId } = claim.table
  const lacksIds = first.lacksIds || first.lastId >= largestId
  if (!lacksIds || first.items.size >= largestId) return first
  await makeRoom(claim, 1, LOAD_TIMEOUT)
  const { rescued, ...second } = await bringTogether(claim, rescue, progress)
  return { rescued: first.rescued + rescued, ...second, isRenumbered: true }
}

async function bringTogether(
  { connection, table }: Claim,
  rescue: RescueFile,
  progress: Progress,
): Promise<Restored> {
  // The file knows the ids before the table does, so that no item is put back twice, whatever fails in between.
  const isRescuing = rescue.exists
  if (isRescuing) {
    const range = await connection.withoutTransaction(rangeOf(table), LOAD_TIMEOUT)
    await numberItems(range, rescue, table.largestId)
  }
  const items = new Segments<unknown>()
  const pasts = new Map<number, Past>()
  const load = async (driver: Driver, progressed: () => void) => {
    const put = isRescuing
      ? await putBack(driver, table, rescue, progress, progressed)
      : { rescued: 0, left: [], reason: '', lacksIds: false }
    const reading = readAll(driver, table, { items, pasts }, progress, progressed)
    const [read, lastId] = await Promise.all([reading, driver.lastId(table)])
    // What one statement has read is all that there was.
    const count = read < PAGE ? read : await driver.count(table)
    if (count !== read) throw changedMeanwhile(count, read)
    return { items, pasts, lastId, ...put }
  }
  // Each round trip counts where thousands of queues are opened: what only reads needs no transaction.
  const restored = isRescuing
    ? await connection.transaction(load, LOAD_TIMEOUT)
    : await connection.withoutTransaction(load, LOAD_TIMEOUT)
  // While the file tells of rows by their ids nothing may happen to those.
  if (restored.left.length === 0) rescue.delete()
  else await rescue.write(restored.left.map((item) => ({ item })))
  return restored
}

async function readAll(
  driver: Driver,
  table: Table,
  { items, pasts }: { items: Segments<unknown>; pasts: Map<number, Past> },
  progress: Progress,
  progressed: () => void,
): Promise<number> {
  let read = 0
  let lastId: number | undefined
  for await (const page of readItems(driver, table)) {
    for (const { id, key, value, past } of page) {
      if (id === lastId) {
        throw new Error(`row ${id}: there are two rows with this id; give one another id`)
      }
      lastId = id
      items.add(id, key, value, 0)
      if (past !== undefined) pasts.set(id, past)
    }
    read += page.length
    progressed()
    progress.progress(items.size)
    await pause(progress)
  }
  progress.signal.throwIfAborted()
  return read
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
