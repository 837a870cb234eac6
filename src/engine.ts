import type { QueueDefinition } from './definition.ts'
import type { MqueueError } from './errors.ts'

/** What an operation gives: at once where the queues are at hand, as a promise where they are not. */
export type MaybePromise<T> = T | Promise<T>

/** An item of a queue: a key and a value. */
export interface Item<V = unknown> {
  readonly key: string
  readonly value: V
}

/**
 * Why an item did not stay: `overflow`, the queue was full and it was the oldest; `replaced`, a
 * newer item with its key came (addmode 2); `duplicate`, an item with its key was there (addmode 1).
 */
export type DropReason = 'overflow' | 'replaced' | 'duplicate'

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
}

/** What a change of the definitions took out of a queue. */
export interface DroppedItems {
  readonly queue: string
  readonly items: readonly DroppedItem[]
}

/**
 * Where queues live. The memory engine answers at once; an engine with a database or a server
 * behind it answers with promises. Whoever calls must take either.
 *
 * Every operation on a queue throws, or rejects with, an `MqueueError`: `MQ_UNKNOWN_QUEUE`
 * when no definition has that name, `MQ_INVALID_DEFINITION` when it has a bad one, `MQ_CLOSED` when
 * the engine was closed. A failed operation has changed nothing.
 */
export interface Engine {
  /**
   * Brings the queues into line with their definitions: makes new ones, changes living ones
   * (a smaller size drops the oldest items, a new addmode adds again in order what is there) and
   * deletes those that are no longer defined. While there are errors nothing is deleted, because a
   * queue that is not in the list may be one whose definition is bad for the moment; it is kept,
   * out of reach, until the list is good again.
   *
   * @param definitions the good definitions
   * @param errors what is wrong with the others
   * @returns the items that no longer fitted, by queue; items of deleted queues are not among them
   */
  define(
    definitions: readonly QueueDefinition[],
    errors?: readonly MqueueError[],
  ): MaybePromise<DroppedItems[]>

  /** The definition of a queue. */
  definition(queue: string): QueueDefinition

  /**
   * Adds an item at the end of a queue, as Kamailio's `mq_add`, and says what became of it.
   * The value is kept as it is given, not copied.
   */
  add(queue: string, key: string, value: unknown): MaybePromise<AddResult>

  /**
   * Takes the oldest item, as Kamailio's `mq_fetch`; undefined when the queue is empty.
   *
   * @param inspect is called with the item before it is taken. When it throws, the item stays where it
   *   is, and the fetch fails with what was thrown
   */
  fetch(queue: string, inspect?: (item: Item) => void): MaybePromise<FetchedItem | undefined>

  /** The number of items in a queue, as Kamailio's `mq_size`, but 0 for an empty one. */
  size(queue: string): MaybePromise<number>

  /** The sizes of all queues by name, in the order of their definitions. */
  sizes(): MaybePromise<Map<string, number>>

  /**
   * How many items have been read so far while a queue is being loaded from its store; undefined when it is not.
   */
  loaded(queue: string): number | undefined

  /**
   * Calls `listener` with a queue's name whenever its size or its definition may have changed.
   *
   * @returns a function that ends it
   */
  watch(listener: (queue: string) => void): () => void

  /**
   * Writes to the store, at the stop of the process, what is to outlive it, and lets go of the store. Until the
   * queues are defined again, those with a store are `MQ_CLOSED`.
   */
  save(): MaybePromise<void>

  /** Ends the engine without saving, and lets go of what it holds. Every later operation is `MQ_CLOSED`. */
  close(): MaybePromise<void>
}
