import type { DroppedItem, Engine, Item } from './engine.ts'
import { MqueueError } from './errors.ts'
import type { MaybePromise } from './maybe-promise.ts'

/** An item that is looked at and stays where it is. */
export interface SeenItem<V = unknown> extends Item<V> {
  /** Names the item while it waits in its queue. */
  readonly id: string
  /** How long it has been in the queue, in ms; after a restart, since it was loaded. */
  readonly age: number
  /** How often it has been handed out. */
  readonly attempt: number
  /** Why it was given up, where it is in a dead letter queue. */
  readonly reason?: 'attempts' | 'rejected'
  /** The queue that gave it up. */
  readonly from?: string
  /** Why it cannot be read, where it cannot: then it has no key and no value. */
  readonly problem?: MqueueError
}

/** An engine whose items can be leased, looked at and removed, and whose queues can be paused. */
export interface LeasingEngine extends Engine {
  /** Ends leases, since their items are done. Returns, for each id, whether it still held. */
  acknowledge(queue: string, leases: readonly string[]): MaybePromise<boolean[]>

  /**
   * Ends leases, since the work failed: the items come back, or go to the dead letter queue where they have no attempt
   * left.
   *
   * @param delay after how many ms they come back; by default as the definition says
   * @returns for each id, whether it still held
   */
  retry(queue: string, leases: readonly string[], delay?: number): MaybePromise<boolean[]>

  /** Ends leases of items whose work can never succeed: they go to the dead letter queue. Returns as `acknowledge`. */
  reject(queue: string, leases: readonly string[]): MaybePromise<boolean[]>

  /** Ends leases as if they had not begun: the items come back at once, the attempt is not counted. */
  release(queue: string, leases: readonly string[]): MaybePromise<boolean[]>

  /** Has leases last for a time from now on, in ms. Returns, for each id, whether it still holds. */
  extend(queue: string, leases: readonly string[], length: number): MaybePromise<boolean[]>

  /** Whether a lease holds, as far as this process knows. */
  holds(queue: string, lease: string): boolean

  /** How many items are handed out, as far as this process knows: all, or the leases of one owner. */
  leased(queue: string, owner?: string): number

  /** Releases all leases of this process, or those of one owner. */
  releaseAll(owner?: string): void

  /**
   * The oldest items, which stay where they are. One that cannot be read is there with its problem.
   *
   * @param count how many at most; an engine with a server behind it may return fewer when they are large, but none only
   *   at the end of the queue
   * @param from how many of the oldest are passed over, 0 by default
   */
  peek(queue: string, count: number, from?: number): MaybePromise<SeenItem[]>

  /** An item waiting, by its id, which stays where it is; undefined when it does not wait there any more. */
  find(queue: string, id: string): MaybePromise<SeenItem | undefined>

  /** Removes an item waiting, by its id; returns whether it still waited there. */
  removeItem(queue: string, id: string): MaybePromise<boolean>

  /** Removes the items waiting that have a key; returns how many those were. */
  remove(queue: string, key: string): MaybePromise<number>

  /** Removes all items waiting; returns how many those were. */
  clear(queue: string): MaybePromise<number>

  /** Hands out nothing any more on a lease, nor to those who wait as consumers, until `resume`. */
  pause(queue: string): MaybePromise<void>

  /** Hands items out again. */
  resume(queue: string): MaybePromise<void>

  /** Whether a queue is paused, as far as this process knows. */
  isPaused(queue: string): boolean

  /**
   * Calls `listener` with items that were dropped without a message that caused it, such as one whose last lease has
   * ended. Each is reported once: to its owner where that listens, else to whoever listens, else to the log.
   *
   * @returns a function that ends it
   */
  onDropped(queue: string, owner: string, listener: (item: DroppedItem) => void): () => void
}

/**
 * An engine as one that leases.
 *
 * @param advice what to do where it cannot
 * @throws MqueueError `MQ_UNSUPPORTED` where it cannot
 */
export function leasing(engine: Engine, advice = 'Choose another engine there'): LeasingEngine {
  if (engine.supports.leases) return engine as LeasingEngine
  const text = `The engine of this mqueue config node has no leases. ${advice}.`
  throw new MqueueError('MQ_UNSUPPORTED', text)
}
