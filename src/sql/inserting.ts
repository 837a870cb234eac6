import type { StoredItem } from '../value.ts'
import type { Driver, Row, Table } from './drivers/driver.ts'

/** So many rows of one call may be refused: when there are more it is not because of them. */
const MOST_REFUSED = 100

/** A row that a table does not take, and why. */
export interface RefusedRow {
  readonly row: StoredItem
  readonly reason: string
}

/**
 * Adds rows within a transaction, each for itself: one that the database refuses keeps no other from it.
 *
 * @param progressed is called whenever it gets on
 * @returns those that were refused
 * @throws what the database says when it refuses very many, or is lost
 */
export async function insertEach(
  driver: Driver,
  table: Table,
  rows: readonly Row[],
  progressed: () => void,
): Promise<RefusedRow[]> {
  const refused: RefusedRow[] = []
  // Those that are still to be added, the next ones last.
  const parts = rows.length > 0 ? [rows] : []
  for (let part = parts.pop(); part !== undefined; part = parts.pop()) {
    const error = await driver.insertOrNot(table, part)
    if (error !== undefined) {
      const middle = Math.floor(part.length / 2)
      if (middle > 0) parts.push(part.slice(middle), part.slice(0, middle))
      else refused.push({ row: part[0] as Row, reason: error.message })
      if (refused.length > MOST_REFUSED) throw error
    }
    progressed()
  }
  return refused
}
