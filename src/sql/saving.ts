import { MqueueError } from '../errors.ts'
import type { QueuedItem } from '../local/items.ts'
import type { Queue } from '../local/queue.ts'
import { encodeAsText, encodeWhatCan } from '../value.ts'
import type { Row, Table } from './drivers/driver.ts'
import type { RescuedItem } from './rescue-file.ts'
import { assertFits, pastColumns } from './table.ts'

/** The items of a queue that its table cannot keep. */
export class Unfit {
  readonly ids = new Set<number>()
  /** Why, of the first. */
  reason = ''

  add(id: number, place: number, { message }: MqueueError): void {
    if (this.ids.size === 0) this.reason = `item ${place}: ${message}`
    this.ids.add(id)
  }
}

/** Those items of a queue that have these ids. */
export function* onlyOf(queue: Queue, ids: ReadonlySet<number>): Generator<QueuedItem> {
  for (const item of queue) if (ids.has(item.id)) yield item
}

/** Those items of a queue that have none of these ids. */
export function* allBut(queue: Queue, ids: ReadonlySet<number>): Generator<QueuedItem> {
  for (const item of queue) if (!ids.has(item.id)) yield item
}

/** The items for a rescue file: with ids when they may be in the table after all. */
export function* itemsOf(
  items: Iterable<QueuedItem>,
  firstId: number | undefined,
): Generator<RescuedItem> {
  let id = firstId
  for (const { key, value } of items) {
    // What was queued under another dbmode may hold what cannot be kept.
    const item = encodeWhatCan(key, value)
    yield id === undefined ? item : { id: id++, ...item }
  }
}

/** The rows of the items that fit; the others are noted. */
export function* rowsOf(queue: Queue, table: Table, firstId: number, unfit: Unfit): Generator<Row> {
  let id = firstId
  let place = 0
  for (const item of queue) {
    const { key, value } = item
    place++
    try {
      const stored = table.typed ? encodeWhatCan(key, value) : encodeAsText(key, value)
      assertFits(table, stored)
      const past = table.counts ? pastColumns(queue.pastOf(item.id)) : {}
      yield { id: id++, ...stored, ...past }
    } catch (error) {
      if (!(error instanceof MqueueError)) throw error
      unfit.add(item.id, place, error)
    }
  }
}
