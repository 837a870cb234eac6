import { MqueueError, quote } from '../errors.ts'
import type { Queue } from '../local/queue.ts'
import type { Claim } from './claims.ts'
import type { Driver, Row, Table } from './drivers/driver.ts'

/** The rows that are read, and written again, at a time. */
const PAGE = 5_000

/**
 * Makes sure that some rows can be added behind all others, whose ids may have come to the end. Then the rows that are
 * there get the first ids, in their order, and the ids begin again behind them. No rescue file may name rows by
 * their ids.
 *
 * @param timeout how long a step may take, in ms
 * @throws Error when so many ids are not free
 */
export async function makeRoom(
  { connection, table }: Claim,
  count: number,
  timeout: number,
): Promise<void> {
  const hasRoom = async (driver: Driver) => (await driver.lastId(table)) + count <= table.largestId
  if (await connection.withoutTransaction(hasRoom, timeout)) return
  const work = (driver: Driver, progressed: () => void) => closeUp(driver, table, progressed)
  const used = await connection.transaction(work, timeout)
  await connection.withoutTransaction((driver) => driver.restartIds(table), timeout)
  if (used + count > table.largestId) throw noIdLeft(table)
}

/** The ids of a queue that is journaled. Where they come to the end of those that the table can hold it is opened again. */
export class Ids {
  readonly #table: Table
  readonly #queue: Queue
  readonly #again: () => void
  #last: number

  /**
   * @param last the largest id that the table holds or has assigned
   * @param again has the journal opened again, so that `restore` makes room
   */
  constructor(table: Table, queue: Queue, last: number, again: () => void) {
    this.#table = table
    this.#queue = queue
    this.#last = last
    this.#again = again
  }

  /** @throws MqueueError `MQ_UNAVAILABLE` when there is none for another item */
  assertFree(): void {
    if (this.#last < this.#table.largestId) return
    this.#reuse()
    const { queue } = this.#table
    const text = `Queue ${quote(queue)}: ${noIdLeft(this.#table).message}.`
    throw new MqueueError('MQ_UNAVAILABLE', text, { queue })
  }

  /** An item has an id now. */
  given(id: number): void {
    this.#last = Math.max(this.#last, id)
    this.#reuse()
  }

  /** An item has an id no more. */
  freed(): void {
    this.#reuse()
  }

  #reuse(): void {
    const isAtEnd = this.#last >= this.#table.largestId
    if (isAtEnd && this.#queue.size < this.#table.largestId) this.#again()
  }
}

/** The error of a table that has no id for another row. */
export function noIdLeft({ queue, largestId }: Table): Error {
  const text = `the column "id" of table ${quote(queue)} holds numbers up to ${largestId}, and too few are free`
  return new Error(`${text}; alter it to bigint, or fetch what is queued`)
}

/** Assigns the ids from 1 on to rows, in their order; returns how many rows there are. */
async function closeUp(driver: Driver, table: Table, progressed: () => void): Promise<number> {
  let used = 0
  let after: number | undefined
  for (;;) {
    const rows: Row[] = await driver.read(table, after, PAGE)
    after = rows.at(-1)?.id
    if (after === undefined) return used
    const moving: { from: number; to: Row }[] = []
    for (const row of rows) {
      const id = ++used
      // No row has a smaller id than its place, so that each moves to one that is free by then.
      if (row.id !== id) moving.push({ from: row.id, to: { ...row, id } })
    }
    await driver.remove(
      table,
      moving.map(({ from }) => from),
    )
    await driver.insert(
      table,
      moving.map(({ to }) => to),
    )
    progressed()
  }
}
