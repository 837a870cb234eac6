import { setImmediate } from 'node:timers/promises'
import { MqueueError, quote, reasonOf } from './errors.ts'
import type { LeasingEngine } from './leasing.ts'
import type { MaybePromise } from './maybe-promise.ts'

/** How many items are under way at once. */
const PORTION = 100
/** How long an item is leased while it is on its way, in ms. */
const ON_ITS_WAY = 60_000
/** How many items that cannot go back are passed over before it ends: they are leased meanwhile, so that others are reached. */
const MOST_STUCK = 10_000
/** Why items were left: another caller returned them meanwhile. */
const GIVEN_BACK = 'The items were given back meanwhile, as by a deploy. Send them back again.'

/** What became of the items to send back. */
export interface SentBack {
  /** How many are in the queues that gave them up. */
  readonly sent: number
  /** How many are still in the dead letter queue. */
  readonly left: number
  /** How many other items had to go there, because an item with the same key came, or others filled a queue meanwhile. */
  readonly dropped: number
  /** Why items were left, for people; undefined where none was. */
  readonly reason?: string
}

/** Where an item can go. */
type Outcome =
  | { readonly is: 'sent'; readonly dropped: number }
  | { readonly is: 'left'; reason: string }

/**
 * Sends items of a dead letter queue back to the end of the queues that gave them up, as new items with no attempt
 * counted. What cannot go back stays where it is, in its order; one item alone comes to the head under addmode 0, as each
 * that is released. Each is in one of the two queues at any time; one is in both when the process dies between the two, or
 * the server fails. It ends early when another caller returns what is on its way, as a deploy does: to go on could send
 * items twice.
 *
 * @param id the id of the only item to be sent back, as `peek` returns it; by default all
 * @throws MqueueError as `take` of the engine does
 * @example
 * await sendBack(engine, 'dead') // { sent: 3, left: 0, dropped: 0 }
 */
export async function sendBack(
  engine: LeasingEngine,
  queue: string,
  id?: string,
): Promise<SentBack> {
  const total = id === undefined ? await engine.size(queue) : 1
  /** The leases of what is not sent, in the order of the items. */
  const here = new Set<string>()
  let [sent, dropped] = [0, 0]
  let reason: string | undefined
  const isGivenBack = ([lease]: Iterable<string>) =>
    lease !== undefined && !engine.holds(queue, lease)
  try {
    while (sent + here.size < total && here.size < MOST_STUCK && reason !== GIVEN_BACK) {
      const count = Math.min(PORTION, total - sent - here.size)
      const only = id === undefined ? {} : { item: id }
      const taken = await engine.take(queue, { count, lease: ON_ITS_WAY, asFetch: true, ...only })
      if (taken.length === 0) break
      for (const { lease = '' } of taken) here.add(lease)
      const ends: MaybePromise<unknown>[] = []
      for (const { key, value, from, lease = '' } of taken) {
        if (isGivenBack(here) || isGivenBack([lease])) {
          reason = GIVEN_BACK
          break
        }
        const outcome = await send(engine, from, key, value)
        if (outcome.is === 'sent') {
          here.delete(lease)
          ends.push(end(engine, queue, lease))
          sent++
          dropped += outcome.dropped
        } else reason ??= outcome.reason
      }
      await Promise.all(ends)
      // Others have their turn, also where nothing takes any time.
      await setImmediate()
    }
  } finally {
    // In their order, and so to their places.
    if (here.size > 0) await engine.release(queue, [...here])
  }
  const left = id === undefined ? await engine.size(queue) : here.size
  return { sent, left, dropped, ...(reason !== undefined && { reason }) }
}

/**
 * Ends the lease of an item that is sent, at once: one that is given back before it ends is in both queues.
 *
 * @returns a promise that may reject before anybody waits for it
 */
function end(engine: LeasingEngine, queue: string, lease: string): MaybePromise<unknown> {
  const ended = engine.acknowledge(queue, [lease])
  if (ended instanceof Promise) ended.catch(() => {})
  return ended
}

async function send(
  engine: LeasingEngine,
  to: string | undefined,
  key: string,
  value: unknown,
): Promise<Outcome> {
  if (to === undefined) return { is: 'left', reason: 'No queue gave it up.' }
  const full: Outcome = { is: 'left', reason: `Queue ${quote(to)} is full.` }
  try {
    if (isFull(engine, to)) return full
    const { dropped } = await engine.add(to, key, value)
    if (dropped?.reason === 'full') return full
    if (dropped?.reason === 'duplicate') {
      return { is: 'left', reason: `Queue ${quote(to)} has an item with the same key.` }
    }
    return { is: 'sent', dropped: dropped === undefined ? 0 : 1 }
  } catch (error) {
    if (!(error instanceof MqueueError)) throw error
    return { is: 'left', reason: reasonOf(error) }
  }
}

/**
 * Whether a queue has no room for another item, as far as is known. It is not asked to take one: it would count that as
 * dropped or, where it drops its oldest, lose what waits there or was sent back just now.
 */
function isFull(engine: LeasingEngine, queue: string): boolean {
  const { size } = engine.definition(queue)
  return size > 0 && engine.known(queue) >= size
}
