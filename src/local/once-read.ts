import { quote } from '../errors.ts'
import type { MaybePromise } from '../maybe-promise.ts'
import { stopping } from '../missing.ts'
import type { Report } from '../report.ts'
import type { LocalQueue } from './local-queue.ts'
import type { Storage } from './storage.ts'

/** A queue that goes to another name. */
export interface Move {
  readonly queue: LocalQueue
  /** The name that it is stored under. */
  readonly from: string
  /** The queues that must be read first: it itself, and the one that is stored under its new name. */
  readonly awaited: readonly LocalQueue[]
}

/**
 * The storage of a queue that goes to another name, once what is stored under both names was read. Otherwise it would
 * leave its own items behind, or find those of the other queue.
 *
 * @param make makes the storage
 */
export async function onceRead(
  { queue, from, awaited }: Move,
  report: () => Report,
  make: () => MaybePromise<Storage>,
): Promise<Storage> {
  const { name } = queue.definition
  const areRead = await Promise.all(awaited.map((one) => one.ready))
  const isOwnRead = awaited.every((one, index) => one !== queue || areRead[index])
  if (isOwnRead) return make()
  const text = `what is stored of it as ${quote(from)} stays there`
  const advice = 'It could not be read. Call the queue so again to find it'
  report().warn(`Queue ${quote(name)}: ${text}. ${advice}.`)
  throw stopping(name)
}
