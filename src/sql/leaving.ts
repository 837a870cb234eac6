import { setImmediate } from 'node:timers/promises'
import type { Item } from '../engine.ts'
import { quote } from '../errors.ts'
import type { QueuedItem } from '../local/items.ts'
import type { Past } from '../local/leases.ts'
import type { Queue } from '../local/queue.ts'
import { idBatches } from './batches.ts'
import type { Claim } from './claims.ts'
import type { Database } from './database.ts'
import { LOAD_TIMEOUT, takeAll } from './loading.ts'
import { UNWATCHED } from './merging.ts'
import { deleteLoaded, unwritable } from './reports.ts'
import type { RescueFile } from './rescue-file.ts'

/** How long a step of leaving a table may take, in ms. */
const LEAVE_TIMEOUT = 10_000

/** Removes the rows of what a queue holds, all or none. */
export function removeRows({ connection, table }: Claim, queue: Queue): Promise<void> {
  return connection.transaction(async (driver, progressed) => {
    for (const ids of idBatches(queue)) {
      await driver.remove(table, ids)
      progressed()
      await setImmediate()
    }
  }, LEAVE_TIMEOUT)
}

/** Takes into a queue what a journal that has failed left in the table. */
export async function takeOut(database: Database, name: string, queue: Queue): Promise<void> {
  const claim = await database.claim(name, LOAD_TIMEOUT)
  const rescue = database.rescueFile(name, database.namesOf(claim.table))
  try {
    const loaded = await takeAll(claim, rescue, UNWATCHED, () => {})
    queue.clear()
    const { items, pasts } = loaded
    refill(queue, withPasts(items, pasts))
    deleteLoaded(database, rescue)
  } finally {
    await claim.release()
  }
}

/** Adds items to a queue, with what they have been through. */
export function refill(
  queue: Queue,
  items: Iterable<Item & { readonly past: Past | undefined }>,
): void {
  for (const { key, value, past } of items) {
    const { dropped } = queue.add(key, value)
    const isIn = dropped?.reason !== 'full' && dropped?.reason !== 'duplicate'
    if (past !== undefined && isIn) queue.noteNewest(past)
  }
}

function* withPasts(items: Iterable<QueuedItem>, pasts: ReadonlyMap<number, Past>) {
  for (const item of items) yield { ...item, past: pasts.get(item.id) }
}

/** Notes that rows which may be there still do not belong there, for who opens their table next. */
export async function disown(
  database: Database,
  name: string,
  file: RescueFile,
  queue: Queue,
): Promise<void> {
  const ids = [...queue].map(({ id }) => id)
  try {
    await file.append([], ids)
  } catch (cause) {
    database.report.error(unwritable(name, file, cause).message)
  }
}

/** Reports that the rows of a queue stay where they are, although it has left. */
export function reportLeft(
  database: Database,
  name: string,
  wasOpen: boolean,
  cause: unknown,
): void {
  const { shown } = database
  const text = wasOpen
    ? `what was journaled in ${shown} stays there as well`
    : `what is journaled in ${shown} stays there, and is not moved`
  database.report.warn(`Queue ${quote(name)}: ${text}: ${database.reason(cause)}.`)
}
