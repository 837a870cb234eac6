import type { DroppedItem, Item } from '../engine.ts'

/** The items of one queue, oldest first, under one addmode and without a bound. */
export interface Items<V> extends Iterable<Item<V>> {
  readonly size: number
  /** Adds an item at the end; gives the item that did not stay because of its key, if any. */
  add(key: string, value: V): DroppedItem<V> | undefined
  /** The oldest item, left where it is; undefined when there is none. */
  peek(): Item<V> | undefined
  /** Takes the oldest item; undefined when there is none. */
  fetch(): Item<V> | undefined
}
