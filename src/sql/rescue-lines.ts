import { reasonOf } from '../errors.ts'
import type { StoredItem } from '../value.ts'
import type { Row } from './drivers/driver.ts'
import { type Line, lineOf } from './line-file.ts'

/** An item that is in no table for certain. With an id it may be the row of that id. */
export interface RescuedItem extends StoredItem, Pick<Row, 'attempts' | 'dead_letter'> {
  readonly id?: number
}

/** An item that can be written nowhere, and why. */
export interface Unkept {
  readonly key: string
  readonly reason: string
}

/** What becomes of an item that must be written: each by itself. */
export type Encoded = RescuedItem | Unkept

/** The names of the table that ids are of: one that it has in common with another table makes them the same table. */
export type Names = readonly string[]

/** What the file says of a queue: an item that belongs into it, or the ids of rows that do not. */
export type Entry = { readonly of?: Names } & (
  | { readonly item: RescuedItem; readonly removed?: undefined }
  | { readonly removed: readonly number[]; readonly item?: undefined }
)

/**
 * What a line says: an item, ids of rows that do not belong, or the table of the ids after it. It may also be the file
 * in the second place that the lines before it are from.
 */
export interface Said extends Partial<RescuedItem> {
  removed?: readonly number[]
  store?: string | Names
  place?: string
}

/** What cannot be kept of some items, in their order. */
export class UnkeptItems {
  readonly #noted: (Unkept & { readonly at: number })[] = []

  note(at: number, key: string, reason: string): void {
    this.#noted.push({ at, key, reason })
  }

  /** What is among the first items, so many of them. */
  upTo(count: number): Unkept[] {
    return this.#noted.flatMap(({ at, key, reason }) => (at <= count ? { key, reason } : []))
  }
}

/** The lines of items, and before them whose rows their ids are and which rows do not belong. */
export function* itemLines(
  items: Iterable<Encoded>,
  removed: readonly number[],
  store: Names,
  unkept: UnkeptItems,
): Generator<Line> {
  yield { text: lineOf(removed.length > 0 ? { store, removed } : { store }), done: 0 }
  let done = 0
  for (const item of items) {
    done++
    if ('reason' in item) {
      unkept.note(done, item.key, item.reason)
      continue
    }
    let text: string
    try {
      text = lineOf(item)
    } catch (error) {
      unkept.note(done, item.key, reasonOf(error))
      continue
    }
    yield { text, done }
  }
}

/** The lines of entries. */
export function* entryLines(entries: Iterable<Entry>, here: Names): Generator<string> {
  let store: Names | undefined
  for (const { item, removed, of = here } of entries) {
    if (of !== store && of.join() !== store?.join()) yield lineOf({ store: of })
    store = of
    yield lineOf(item ?? { removed })
  }
}

/** Lines that are not items. */
export function* asLines(...texts: Iterable<string>[]): Generator<Line> {
  for (const some of texts) for (const text of some) yield { text, done: 0 }
}
