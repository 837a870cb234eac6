import type { Item } from '../engine.ts'
import { MqueueError } from '../errors.ts'
import { type Connection, UncertainCommit } from './connection.ts'
import type { Row, Table } from './driver.ts'
import { assertFits } from './fitting.ts'
import { openLocked, unlock } from './loading.ts'
import { portions } from './portions.ts'
import type { RescuedItem } from './rescue-file.ts'
import { encodeAsText, encodeWhatCan } from './value.ts'

/** How long a step of a save may take, in ms: the process is about to end. */
const PATIENCE = 5_000

/** The rows that are written between two looks at the clock. */
const PORTION = 10_000

/** Items that are being saved, oldest first. */
export class Saving implements Iterable<RescuedItem> {
  readonly #items: Iterable<Item>
  /** The number of items. */
  readonly count: number
  /** The id that the first item will have, while it cannot be known whether it has it. */
  #firstId: number | undefined

  constructor(items: Iterable<Item>, count: number) {
    this.#items = items
    this.count = count
  }

  /**
   * Appends the items to their queue's table, as Kamailio does at its stop (dbmode 1 and 3): all of them or, when it
   * fails, none.
   */
  async save(connection: Connection, queue: string): Promise<void> {
    const table = await openLocked(connection, queue, PATIENCE)
    try {
      await connection.transaction(async (driver, beat) => {
        const first = (await driver.lastId(table)) + 1
        await driver.reserveIds(table, first + this.count)
        this.#firstId = first
        for (const rows of portions(this.#rows(table, first), PORTION)) {
          await driver.insert(table, rows)
          beat()
          await new Promise(setImmediate)
        }
      }, PATIENCE)
    } catch (error) {
      if (!(error instanceof UncertainCommit)) this.#firstId = undefined
      throw error
    } finally {
      await unlock(connection, queue)
    }
  }

  /** The items for a rescue file: with ids when they may be in the table after all. */
  *[Symbol.iterator](): Generator<RescuedItem> {
    let id = this.#firstId
    for (const { key, value } of this.#items) {
      // What was queued under another dbmode may hold what cannot be kept.
      const item = encodeWhatCan(key, value)
      yield id === undefined ? item : { id: id++, ...item }
    }
  }

  *#rows(table: Table, first: number): Generator<Row> {
    let id = first
    for (const { key, value } of this.#items) {
      try {
        const item = table.typed ? encodeWhatCan(key, value) : encodeAsText(key, value)
        assertFits(table, item)
        yield { id, ...item }
      } catch (error) {
        if (!(error instanceof MqueueError)) throw error
        const text = `Queue "${table.name}", item ${id - first + 1}: ${error.message}`
        throw new MqueueError(error.code, text, { queue: table.name })
      }
      id++
    }
  }
}
