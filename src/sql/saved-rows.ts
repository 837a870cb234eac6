import { reasonOf } from '../errors.ts'
import type { Queue } from '../local/queue.ts'
import { encodeAsText } from '../value.ts'
import type { Row, Table } from './drivers/driver.ts'
import { encoded } from './encoded.ts'
import type { RefusedRow } from './inserting.ts'
import type { Encoded, Unkept } from './rescue-lines.ts'
import { assertFits, pastColumns } from './table.ts'

/** The items for a rescue file: with ids when they may be in the table after all. */
export function* itemsOf(queue: Queue, firstId: number | undefined): Generator<Encoded> {
  let at = 0
  for (const { key, value, past } of queue.withPasts()) {
    yield encoded(firstId === undefined ? undefined : firstId + at++, key, value, past)
  }
}

/**
 * The items as rows. Each has its own id, whatever becomes of the others.
 *
 * @param refused is given what does not fit into the table
 * @param unkept is given what cannot be written anywhere
 */
export function* rowsOf(
  queue: Queue,
  table: Table,
  firstId: number,
  refused: RefusedRow[],
  unkept: Unkept[],
): Generator<Row> {
  let id = firstId
  for (const { key, value, past } of queue.withPasts()) {
    const item = encoded(id++, key, value, past)
    if ('reason' in item) {
      unkept.push(item)
      continue
    }
    try {
      const row = {
        id: id - 1,
        ...(table.typed ? item : encodeAsText(key, value)),
        ...(table.counts ? pastColumns(past) : {}),
      }
      assertFits(table, row)
      yield row
    } catch (error) {
      refused.push({ row: item, reason: reasonOf(error) })
    }
  }
}
