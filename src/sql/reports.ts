import { MqueueError, quote, reasonOf } from '../errors.ts'
import type { Database } from './database.ts'
import type { Table } from './drivers/driver.ts'
import type { RefusedRow } from './inserting.ts'
import type { Loaded } from './loading.ts'
import { leaveOnly } from './merging.ts'
import type { RescueFile } from './rescue-file.ts'
import type { Encoded, Unkept } from './rescue-lines.ts'

/** So many items are reported by their keys. */
const MOST_LISTED = 10

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
  const text = `Table ${quote(queue)} has no column val_type: values that are not texts are kept as JSON`
  database.report.warn(`${text}, and come back as texts.`)
}

/** Reports how many items of a load did not fit into their queue. */
export function reportLeftOut(database: Database, queue: string, left: number): void {
  if (left === 0) return
  const text = `Queue ${quote(queue)}: items dropped because of its size or addmode: ${left}.`
  database.report.warn(text)
}

/** Reports items that cannot be written anywhere. */
export function reportUnkept(database: Database, queue: string, unkept: readonly Unkept[]): void {
  if (unkept.length === 0) return
  const text = `Queue ${quote(queue)}: items that cannot be kept: ${listed(unkept)}.`
  database.report.error(text)
}

/**
 * Adds to the rescue file of a queue at once, and in a second place what has no room there. Reports what can be kept in
 * neither.
 *
 * @param items returns the items, as often as it is called
 */
export function rescueNow(
  database: Database,
  queue: string,
  file: RescueFile,
  items: () => Iterable<Encoded>,
  removed: readonly number[] = [],
): Rescue {
  const { done, unkept, paths, error } = file.appendNow(items, removed)
  reportUnkept(database, queue, unkept)
  if (error === undefined) return { lost: unkept.length, paths }
  let left = -done
  for (const _ of items()) left++
  const { message } = unwritable(queue, file, error)
  database.report.error(`${message} Lost items: ${left}.`)
  return { lost: unkept.length + left, paths }
}

/** What has become of items that had to be rescued. */
export interface Rescue {
  /** How many of them can be kept nowhere. */
  readonly lost: number
  /** The files that the others are in. */
  readonly paths: readonly string[]
}

/** Leaves in a rescue file only what the table does not take, and reports it. */
export async function leaveRefused(
  database: Database,
  queue: string,
  file: RescueFile,
  refused: readonly RefusedRow[],
): Promise<void> {
  await leaveOnly(file, refused)
  if (refused.length > 0) reportRefused(database, queue, refused, `They stay in ${file.path}`)
}

/** Reports what a table does not take. */
export function reportRefused(
  database: Database,
  queue: string,
  refused: readonly RefusedRow[],
  where: string,
): void {
  const told = listed(refused.map(({ row, reason }) => ({ key: row.key, reason })))
  const text = `Queue ${quote(queue)}: items that its table does not take: ${told}. ${where}.`
  database.report.error(text)
}

/** The number of some items, and the first of them by key and reason. */
function listed(items: readonly Unkept[]): string {
  const first = items.slice(0, MOST_LISTED).map(({ key, reason }) => {
    return `key ${quote(key)}: ${reason.replace(/\.$/, '')}`
  })
  if (items.length > MOST_LISTED) first.push('…')
  return `${items.length} (${first.join('; ')})`
}

/** The error of a rescue file that cannot be written. */
export function unwritable(queue: string, { path }: RescueFile, cause: unknown): MqueueError {
  if (cause instanceof MqueueError) return cause
  const text = `Queue ${quote(queue)}: ${path} cannot be written: ${reasonOf(cause)}`
  const advice =
    'Make room, or let this process write there; the file may be needed when the process ends'
  return new MqueueError('MQ_UNAVAILABLE', `${text}. ${advice}.`, { queue })
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
