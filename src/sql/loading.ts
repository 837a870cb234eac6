import { setImmediate } from 'node:timers/promises'
import type { Past } from '../local/leases.ts'
import type { Queue } from '../local/queue.ts'
import { Segments } from '../local/segments.ts'
import { decode } from '../value.ts'
import type { Claim } from './claims.ts'
import { StoreGone, UncertainCommit } from './connection.ts'
import type { Driver, Table } from './drivers/driver.ts'
import { encoded } from './encoded.ts'
import { makeRoom } from './ids.ts'
import type { RefusedRow } from './inserting.ts'
import {
  batchesOf,
  IdsTaken,
  leaveOnly,
  type Progress,
  type PutBack,
  pause,
  presentOf,
  putBack,
  rangeOf,
  removeUnwanted,
} from './merging.ts'
import { entriesOnce, numberItems } from './numbering.ts'
import type { RescueFile } from './rescue-file.ts'
import type { Encoded } from './rescue-lines.ts'
import { PAGE, pastIn, readItems } from './table.ts'

/** How long a step of a load may take, in ms. */
export const LOAD_TIMEOUT = 60_000
/** The items that a queue takes over between two turns of the event loop. */
export const AT_ONCE = 20_000

/** What was loaded. */
export interface Loaded {
  /** The items with the ids of their rows, oldest first. An item that has no row has an id below 0. */
  readonly items: Segments<unknown>
  /** What some of the items have been through, by the ids of their rows. */
  readonly pasts: ReadonlyMap<number, Past>
  /** The largest id that the table holds or has assigned. */
  readonly lastId: number
  /** How many of them came from the rescue file. */
  readonly rescued: number
  /** What of the rescue file the table does not take. */
  readonly refused: readonly RefusedRow[]
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
 * @param onTaking is called before the rows are taken, with a function. It returns what must be added to the
 *   rescue file where it is not known what became of them, or the process ends before the queue has them
 */
export async function takeAll(
  { connection, table }: Claim,
  rescue: RescueFile,
  progress: Progress,
  onTaking: (rows: () => Iterable<Encoded>) => void,
): Promise<Loaded> {
  await rescue.takeIn()
  const items = new Segments<unknown>()
  const pasts = new Map<number, Past>()
  /** The ids of the rows that the rescue file has as well. */
  const inBoth = new Set<number>()
  let rescued = 0
  const rows = () => readRows(items, pasts, inBoth)
  const entries = await entriesOnce(rescue)
  try {
    await connection.transaction(async (driver, progressed) => {
      await removeUnwanted(driver, table, rescue)
      for (const batch of batchesOf(entries)) {
        const present = await presentOf(driver, table, batch)
        for (const item of batch) {
          if (present.has(item)) {
            inBoth.add(item.id as number)
            continue
          }
          const { key, value } = decode(item)
          // No row has such an id.
          const id = -++rescued
          items.add(id, key, value, 0)
          const past = pastIn(item)
          if (past !== undefined) pasts.set(id, past)
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
    // What was read is not in the table any more for certain.
    const isLeft = !(error instanceof UncertainCommit || error instanceof StoreGone)
    if (!isLeft) await rescue.append(rows())
    throw error
  }
  return { items, pasts, lastId: 0, rescued, refused: [] }
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
  await rescue.takeIn()
  const first = await bringTogether(claim, rescue, progress)
  const { largestId } = claim.table
  const lacksIds = first.lacksIds || first.lastId >= largestId
  if (!lacksIds || first.items.size >= largestId) return first
  // Rows get other ids now: the file must not name any by theirs.
  await leaveOnly(rescue, first.refused)
  await makeRoom(claim, 1, LOAD_TIMEOUT)
  const { rescued, ...second } = await bringTogether(claim, rescue, progress)
  return { rescued: first.rescued + rescued, ...second, isRenumbered: true }
}

async function bringTogether(
  { connection, table }: Claim,
  rescue: RescueFile,
  progress: Progress,
): Promise<Restored> {
  let taken: ReadonlySet<number> = new Set()
  for (;;) {
    // The file knows the ids before the table does, so that no item is put back twice, whatever fails in between.
    const isRescuing = rescue.exists
    if (isRescuing) {
      const range = await connection.withoutTransaction(rangeOf(table), LOAD_TIMEOUT)
      await numberItems(range, rescue, taken, table.largestId)
    }
    const load = (driver: Driver, progressed: () => void) =>
      merge(driver, table, isRescuing ? rescue : undefined, progress, progressed)
    try {
      // Each round trip counts where thousands of queues are opened: what only reads needs no transaction.
      return isRescuing
        ? await connection.transaction(load, LOAD_TIMEOUT)
        : await connection.withoutTransaction(load, LOAD_TIMEOUT)
    } catch (error) {
      if (!(error instanceof IdsTaken)) throw error
      taken = error.ids
    }
  }
}

async function merge(
  driver: Driver,
  table: Table,
  rescue: RescueFile | undefined,
  progress: Progress,
  progressed: () => void,
): Promise<Restored> {
  const items = new Segments<unknown>()
  const pasts = new Map<number, Past>()
  const put: PutBack =
    rescue === undefined
      ? { rescued: 0, refused: [], lacksIds: false }
      : await putBack(driver, table, rescue, progress, progressed)
  const reading = readAll(driver, table, { items, pasts }, progress, progressed)
  const [read, lastId] = await Promise.all([reading, driver.lastId(table)])
  // What one statement has read is all that there was.
  const count = read < PAGE ? read : await driver.count(table)
  if (count !== read) throw changedMeanwhile(count, read)
  return { items, pasts, lastId, ...put }
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

/**
 * Puts items into a queue with the ids they have.
 *
 * @param areKnown whether the queue held them before
 * @returns how many it did not let in
 */
export async function fill(
  queue: Queue,
  { items, pasts }: Loaded,
  areKnown: boolean,
): Promise<number> {
  let left = 0
  for (let count = 1; ; count++) {
    const item = items.take()
    if (item === undefined) return left
    const { id, key, value } = item
    if (queue.load(id, key, value, pasts.get(id), areKnown) !== undefined) left++
    if (count % AT_ONCE === 0) await setImmediate()
  }
}

/**
 * What was read from rows, for a rescue file.
 *
 * @param inFile the ids of rows that it has already
 */
function* readRows(
  items: Segments<unknown>,
  pasts: ReadonlyMap<number, Past>,
  inFile: ReadonlySet<number>,
): Generator<Encoded> {
  for (const { id, key, value } of items) {
    if (id >= 0 && !inFile.has(id)) yield encoded(id, key, value, pasts.get(id))
  }
}

function changedMeanwhile(count: number, read: number): Error {
  return new Error(
    `${read} rows were read and there are ${count}: another program is changing it, or its ids are NULL or not unique`,
  )
}
