import { MqueueError, quote, reasonOf } from './errors.ts'
import type { LeasingEngine } from './leasing.ts'

/** How many items are under way at once. */
const PORTION = 100
/** How long an item is leased while it is on its way, in ms. */
const ON_ITS_WAY = 60_000

/** What became of the items that were to be sent back. */
export interface SentBack {
  /** How many are in the queues that gave them up. */
  readonly sent: number
  /** How many are still in the dead letter queue. */
  readonly left: number
  /** How many other items had to go there, because a queue was full or an item with the same key came. */
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
 * that is released. Each is in one of the two queues at any time; one is in both when the process dies between the two,
 * or the server fails.
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
  const stay: string[] = []
  let [sent, dropped] = [0, 0]
  let reason: string | undefined
  try {
    while (sent + stay.length < total) {
      const count = Math.min(PORTION, total - sent - stay.length)
      const only = id === undefined ? {} : { item: id }
      const taken = await engine.take(queue, { count, lease: ON_ITS_WAY, asFetch: true, ...only })
      if (taken.length === 0) break
      const gone: string[] = []
      for (const { key, value, from, lease = '' } of taken) {
        const outcome = await send(engine, from, key, value)
        if (outcome.is === 'sent') {
          gone.push(lease)
          dropped += outcome.dropped
        } else {
          stay.push(lease)
          reason ??= outcome.reason
        }
      }
      sent += gone.length
      await engine.acknowledge(queue, gone)
    }
  } finally {
    // In their order, and so to their places.
    if (stay.length > 0) await engine.release(queue, stay)
  }
  const left = id === undefined ? await engine.size(queue) : stay.length
  return { sent, left, dropped, ...(reason !== undefined && { reason }) }
}

async function send(
  engine: LeasingEngine,
  to: string | undefined,
  key: string,
  value: unknown,
): Promise<Outcome> {
  if (to === undefined) return { is: 'left', reason: 'No queue gave it up.' }
  try {
    const { dropped } = await engine.add(to, key, value)
    if (dropped?.reason === 'full') return { is: 'left', reason: `Queue ${quote(to)} is full.` }
    if (dropped?.reason === 'duplicate') {
      return { is: 'left', reason: `Queue ${quote(to)} has an item with the same key.` }
    }
    return { is: 'sent', dropped: dropped === undefined ? 0 : 1 }
  } catch (error) {
    if (!(error instanceof MqueueError)) throw error
    return { is: 'left', reason: reasonOf(error) }
  }
}
