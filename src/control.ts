import type { Engine, QueueStats } from './engine.ts'
import { leasing, type SeenItem } from './leasing.ts'
import { after, type MaybePromise } from './maybe-promise.ts'
import { type SentBack, sendBack } from './send-back.ts'

/** What people can ask of a queue. */
export interface Requests {
  /** The oldest items, from a place on. */
  peek: { readonly count: number; readonly from?: number }
  /** An item by its id. */
  find: { readonly item: string }
  /** Removes the items of a key. */
  remove: { readonly key: string }
  /** Removes an item by its id. */
  'remove-item': { readonly item: string }
  /** Removes all items. */
  clear: object
  /** Nothing more is handed out. */
  pause: object
  resume: object
  stats: object
  /** Items of a dead letter queue go back to the queues that gave them up: one by its id, or all. */
  'send-back': { readonly item?: string | undefined }
}

/** The answers. */
export interface Answers {
  peek: readonly SeenItem[]
  find: SeenItem | undefined
  /** How many went. */
  remove: number
  /** Whether it was there. */
  'remove-item': boolean
  clear: number
  /** Whether the queue is paused now. */
  pause: boolean
  resume: boolean
  stats: QueueStats
  'send-back': SentBack
}

export type Action = keyof Requests

type Act<A extends Action> = (
  engine: Engine,
  queue: string,
  request: Requests[A],
) => MaybePromise<Answers[A]>

const ACTS: { readonly [A in Action]: Act<A> } = {
  peek: (engine, queue, { count, from }) => leasing(engine).peek(queue, count, from),
  find: (engine, queue, { item }) => leasing(engine).find(queue, item),
  remove: (engine, queue, { key }) => leasing(engine).remove(queue, key),
  'remove-item': (engine, queue, { item }) => leasing(engine).removeItem(queue, item),
  clear: (engine, queue) => leasing(engine).clear(queue),
  pause: (engine, queue) => after(leasing(engine).pause(queue), () => true),
  resume: (engine, queue) => after(leasing(engine).resume(queue), () => false),
  stats: (engine, queue) => engine.stats(queue),
  'send-back': (engine, queue, { item }) => sendBack(leasing(engine), queue, item),
}

/**
 * Does what people ask of a queue, be it in a flow, by the RPC or in the sidebar.
 *
 * @throws MqueueError as the engine does; `MQ_UNSUPPORTED` where it has no leases, except for `stats`
 * @example
 * await control(engine, 'calls', 'remove', { key: 'alice' }) // 3
 */
export function control<A extends Action>(
  engine: Engine,
  queue: string,
  action: A,
  request: Requests[A],
): MaybePromise<Answers[A]> {
  return ACTS[action](engine, queue, request)
}
