import { MqueueError, quote, reasonOf } from '../errors.ts'
import type { Database } from './database.ts'
import type { Table } from './drivers/driver.ts'
import type { Loaded, Restored } from './loading.ts'
import type { RescuedItem, RescueFile } from './rescue-file.ts'

/**
 * The error of a queue that could not be opened. It is reported, unless nobody wants the queue open any more.
 */
export function openingError(
  database: Database,
  queue: string,
  cause: unknown,
  { aborted }: AbortSignal,
): MqueueError {
  const error = database.explain(queue, cause)
  if (!aborted) database.complain(queue, error)
  return error
}

/** Reports what was brought together. */
export function reportRestored(
  database: Database,
  queue: string,
  table: Table,
  restored: Restored,
): void {
  reportLoaded(database, queue, table, restored)
  const { left, reason } = restored
  if (left.length > 0) reportUnfit(database, queue, left.length, reason)
}

/** Reports what came out of a rescue file, and what the table is not made for. */
export function reportLoaded(
  database: Database,
  queue: string,
  table: Table,
  { rescued }: Loaded,
): void {
  const { path } = database.rescueFile(queue)
  if (rescued > 0) {
    database.report.warn(`Queue ${quote(queue)}: ${rescued} items were loaded from ${path}.`)
  }
  if (table.typed) return
  const text = `Table ${quote(queue)} has no column val_type: values that are no texts are kept as JSON`
  database.report.warn(`${text}, and come back as texts.`)
}

/** Reports how many items of a load did not fit into their queue. */
export function reportLeftOut(database: Database, queue: string, left: number): void {
  if (left === 0) return
  const text = `Queue ${quote(queue)}: items that its size or addmode did not let in: ${left}.`
  database.report.warn(text)
}

/** Adds to the rescue file of a queue at once, or reports that even that is not possible; returns whether it was. */
export function rescueNow(
  database: Database,
  queue: string,
  items: Iterable<RescuedItem>,
  removed: readonly number[] = [],
): boolean {
  const file = database.rescueFile(queue)
  try {
    file.appendNow(items, removed)
    return true
  } catch (error) {
    database.report.error(unwritable(queue, file, error).message)
    return false
  }
}

/** The error of a rescue file that cannot be written. */
export function unwritable(queue: string, { path }: RescueFile, cause: unknown): MqueueError {
  if (cause instanceof MqueueError) return cause
  const text = `Queue ${quote(queue)}: ${path} cannot be written: ${reasonOf(cause)}`
  const advice = 'Make room, or let this process write there; it may be needed at its end'
  return new MqueueError('MQ_UNAVAILABLE', `${text}. ${advice}.`, { queue })
}

/** Reports items that the table of a queue cannot keep, and that its rescue file keeps instead. */
export function reportUnfit(
  database: Database,
  queue: string,
  count: number,
  reason: string,
): void {
  const { path } = database.rescueFile(queue)
  const text = `Queue ${quote(queue)}: ${reason} Items that are kept in ${path} instead: ${count}.`
  database.report.error(text)
}

/** Deletes a rescue file whose items are in the queue now. */
export function deleteLoaded(database: Database, file: RescueFile): void {
  try {
    file.delete()
  } catch (error) {
    const text = `${file.path} cannot be deleted: ${reasonOf(error)}. Delete it, since it was loaded`
    database.report.error(`${text}; otherwise it is loaded again next time.`)
  }
}
