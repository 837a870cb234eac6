import type { Item } from '../engine.ts'

/** An item in its queue. */
export interface QueuedItem<V = unknown> extends Item<V> {
  /** Names it. Ids ascend in a queue: the oldest item has the smallest. */
  readonly id: number
  /** When it was added or, after a restart, loaded: in ms since the process started. */
  readonly added: number
}

/** The items of one queue, oldest first, under one addmode and without a bound. */
export interface Items<V> extends Iterable<QueuedItem<V>> {
  readonly size: number
  /**
   * Adds an item at the end. Its id must be larger than all others.
   *
   * @returns the item that does not stay because of its key, if any: the one that was there, or the new one
   */
  add(id: number, key: string, value: V, added: number): QueuedItem<V> | undefined
  /**
   * Puts an item that was taken back to its place, which its id says. It is near the head.
   *
   * @returns the item that does not stay because of its key, if any: the one that was there, or the one that came back
   */
  putBack(item: QueuedItem<V>): QueuedItem<V> | undefined
  /**
   * Takes back an item that comes back from a lease: at the head under addmode 0, at its old place under 1 and 2.
   *
   * @returns the item that does not stay because of its key, as of `putBack`
   */
  takeBack(item: QueuedItem<V>): QueuedItem<V> | undefined
  /** Whether an item with a key is there that another one with it would meet; never under addmode 0. */
  has(key: string): boolean
  /** The oldest item, left where it is; undefined when there is none. */
  peek(): QueuedItem<V> | undefined
  /** Takes the oldest item; undefined when there is none. */
  take(): QueuedItem<V> | undefined
  /** Takes an item that is there, wherever it is. */
  takeOut(item: QueuedItem<V>): void
}

/**
 * What names an item for people, for as long as it waits. After a restart, or where the queue was loaded again, it names
 * no other one.
 */
export function nameOf({ id, added }: QueuedItem): string {
  return `${id}-${Math.round(performance.timeOrigin + added)}`
}

/** The id of an item in its name. */
export function idIn(name: string): number {
  return Number.parseInt(name, 10)
}
