import type { Dbmode, QueueDefinition } from './definition.ts'
import type { MqueueError } from './errors.ts'
import type { MaybePromise } from './maybe-promise.ts'

export type { MaybePromise } from './maybe-promise.ts'

/** An item of a queue: a key and a value. */
export interface Item<V = unknown> {
  readonly key: string
  readonly value: V
}

/**
 * Why an item did not stay. `overflow`: the queue was full and it was the oldest. `replaced`:
 * a newer item with its key came (addmode 2). `duplicate`: an item with its key was there (addmode 1). `full`: the
 * queue was full and refuses what is new. Where there is no dead letter queue also `attempts`, it was handed out as
 * often as the queue allows, and `rejected`, its work can never succeed.
 */
export type DropReason = 'overflow' | 'replaced' | 'duplicate' | 'full' | 'attempts' | 'rejected'

/** An item that did not stay. */
export interface DroppedItem<V = unknown> extends Item<V> {
  readonly reason: DropReason
}

/** The outcome of an add. At most one item is dropped by it. */
export interface AddResult<V = unknown> {
  /** The number of items in the queue after the add. */
  readonly size: number
  readonly dropped: DroppedItem<V> | undefined
}

/** An item taken out of a queue. */
export interface FetchedItem<V = unknown> extends Item<V> {
  /** The number of items left in the queue. */
  readonly size: number
  /** Why it was given up, where it is in a dead letter queue. */
  readonly reason?: 'attempts' | 'rejected' | undefined
  /** The queue that gave it up. */
  readonly from?: string | undefined
}

/** An item that was handed out. */
export interface Taken<V = unknown> extends FetchedItem<V> {
  /** The id of its lease in its queue; undefined where it was taken for good. */
  readonly lease?: string | undefined
  /** How often it has been handed out, this time included; undefined where it was taken for good. */
  readonly attempt?: number | undefined
}

/** How items are taken. */
export interface TakeOptions {
  /** How many at most; 1 by default. */
  readonly count?: number
  /**
   * Whether a call that waits for several gets the first at once, and the others the next time. By default a burst
   * of items comes together, a turn of the event loop later.
   */
  readonly isEager?: boolean
  /** How long they are leased, in ms; without it they are taken for good. */
  readonly lease?: number
  /** How long to wait for the first, in ms, `Infinity` for as long as it takes; by default not at all. */
  readonly wait?: number
  /** The owner that takes them, such as the id of a node; for `inFlight` and `releaseAll`. */
  readonly owner?: string
  /** The id of the only item that is wanted, as `peek` returns it. It is for a lease. */
  readonly item?: string
  /** Takes as a fetch does: whatever is paused, in flight or has no attempt left. */
  readonly asFetch?: boolean
  /** How many items the owner may have on lease in this queue. */
  readonly inFlight?: number
  /** Ends the call when its asker is gone, as in a fetch. */
  readonly signal?: AbortSignal
}

/** What a change of the definitions took out of a queue. */
export interface DroppedItems {
  readonly queue: string
  readonly items: readonly DroppedItem[]
}

/** What an engine can do. Whatever it cannot do is answered with `MQ_UNSUPPORTED`. */
export interface Supports {
  /** Whether items can be added. */
  readonly add: boolean
  /** Whether it is a `LeasingEngine`. */
  readonly leases: boolean
  /** The dbmodes that its queues may have. */
  readonly dbmodes: readonly Dbmode[]
}

/**
 * What people should know of a queue that works. `defined elsewhere`: its definition is that of another process,
 * which is newer than the one of this process. `may evict`: its server may give it up when the memory of the server
 * is full.
 */
export type Caution = 'defined elsewhere' | 'may evict'

/** What a queue has and what it has done, since it was made or loaded. */
export interface QueueStats {
  /** The items waiting. */
  readonly size: number
  /** The items handed out: leased, or waiting for their next attempt. */
  readonly leased: number
  /** How many callers wait for items. */
  readonly waiting: number
  readonly paused: boolean
  /** The age of the oldest item waiting, in ms; 0 when there is none, undefined where nobody knows it. */
  readonly oldest: number | undefined
  /** All items that ever came: `fetched + acknowledged + dropped + size + leased`. */
  readonly added: number
  /** The items that were taken for good. */
  readonly fetched: number
  readonly acknowledged: number
  /** The items that did not stay, by reason. */
  readonly dropped: Readonly<Record<string, number>>
}

/** How a fetch is done. */
export interface FetchOptions {
  /**
   * Ends the fetch when its asker is gone: then nothing is taken, and what was taken but not answered yet goes back
   * to its place. The fetch fails with `MQ_CLOSED`.
   */
  readonly signal?: AbortSignal
  /**
   * Is called with the item before it is taken. When it throws, the item stays where it is, and the fetch fails with
   * what was thrown.
   */
  readonly inspect?: (item: Item) => void
}

/**
 * Where queues live, one for each config node. The engine of this process answers at once where it can; an engine
 * with a server behind it answers with promises. A caller must accept both.
 *
 * Every operation on a queue throws, or rejects with, an `MqueueError`. It is
 * `MQ_UNKNOWN_QUEUE` when no definition has that name, `MQ_INVALID_DEFINITION` when it has a bad one, and
 * `MQ_UNSUPPORTED` when the engine cannot do that. It is `MQ_UNAVAILABLE` while its database or server cannot be
 * used, and `MQ_CLOSED` when the engine was closed. A failed operation has changed nothing, except one that failed
 * with `MQ_UNAVAILABLE` while a server had it: that may have been done.
 */
export interface Engine {
  readonly supports: Supports

  /**
   * Brings the queues into line with their definitions: makes new ones, changes living
   * ones and deletes those that are no longer defined. A smaller size drops the oldest items, and a new addmode adds
   * again in order what is there. While there are errors nothing is deleted, because a queue that is not in the list
   * may be one whose definition is bad for the moment. It is kept, out of reach, until the list is good again.
   *
   * @param definitions the good definitions
   * @param errors what is wrong with the others
   * @returns the items that no longer fitted, by queue; items of deleted queues are not among them
   */
  define(
    definitions: readonly QueueDefinition[],
    errors?: readonly MqueueError[],
  ): MaybePromise<DroppedItems[]>

  /** The names of all queues with a good definition, in the order of the definitions. */
  names(): readonly string[]

  /** The definition of a queue. */
  definition(queue: string): QueueDefinition

  /**
   * Adds an item at the end of a queue, as Kamailio's `mq_add`, and says what became of it.
   * The value is kept as it is given, not copied.
   */
  add(queue: string, key: string, value: unknown): MaybePromise<AddResult>

  /** Takes the oldest item, as Kamailio's `mq_fetch`; undefined when the queue is empty. */
  fetch(queue: string, options?: FetchOptions): MaybePromise<FetchedItem | undefined>

  /**
   * Takes the oldest items: for good, or on a lease, after which they come back unless they are acknowledged. Those who
   * wait are served in the order in which they asked.
   *
   * @returns the items, oldest first; none when there were none in that time
   * @throws MqueueError `MQ_UNSUPPORTED` for a lease, where the engine has none
   */
  take(queue: string, options?: TakeOptions): MaybePromise<Taken[]>

  /**
   * Puts items that were taken for good back in their places, because the caller that they are for has gone. Only an engine without
   * leases needs it.
   *
   * @param items as they were returned by `fetch` or `take`
   */
  putBack?(queue: string, items: readonly FetchedItem[]): void

  /** The number of items in a queue, as Kamailio's `mq_size`, but 0 for an empty one. */
  size(queue: string): MaybePromise<number>

  /** The sizes by name, in the order of the definitions, of all queues that can be used now. */
  sizes(): MaybePromise<Map<string, number>>

  /** What a queue has and has done. */
  stats(queue: string): MaybePromise<QueueStats>

  /**
   * The size of a queue that was seen last, for a status: without asking anybody, so at once.
   *
   * @throws MqueueError while the queue cannot be used, as an operation on it would
   */
  known(queue: string): number

  /**
   * What people should know of a queue, at once and without asking anybody; it is shown instead of the size. An
   * engine that never has a caution need not have this function.
   *
   * @returns undefined when all is well, and for an unknown queue
   */
  caution?(queue: string): Caution | undefined

  /**
   * How many items a queue has dropped since it was made, each the oldest of a full queue (`overflow`): at once and
   * without asking anybody. In an engine that shares its queues, those that this process made it drop. An engine
   * that drops nothing need not have this function.
   *
   * @returns 0 for an unknown queue
   */
  overflowed?(queue: string): number

  /** How many items of a queue are stored nowhere else, so that they go with it; 0 for an unknown queue. */
  unstored(queue: string): number

  /** How many items have been read so far while a queue is being loaded; undefined when it is not. */
  loaded(queue: string): number | undefined

  /**
   * Calls `listener` after the size, the definition or the state of a queue has changed. The call comes soon after
   * the first change in a while, then at most four times a second, and always after the last one. The queue need not
   * exist.
   *
   * @param queue the name of the queue; undefined for all queues
   * @returns a function that ends it
   */
  watch(queue: string | undefined, listener: () => void): () => void

  /**
   * Writes, at the stop of the process, what must outlive it, and releases the database. Until the
   * queues are defined again, those with a dbmode, or on a server, are `MQ_CLOSED`.
   *
   * @throws MqueueError `MQ_UNAVAILABLE` when items are lost because they could not be written anywhere
   */
  save(): MaybePromise<void>

  /**
   * Writes to files what is not saved yet, at once and synchronously. It is for the very end of a process, when there
   * is no time for a database or a server.
   *
   * @throws MqueueError `MQ_UNAVAILABLE` when items are lost because they could not be written anywhere
   */
  rescue(): void

  /** Ends the engine without saving, and releases what it holds. Every later operation is `MQ_CLOSED`. */
  close(): MaybePromise<void>
}
