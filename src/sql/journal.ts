import type { Item } from '../engine.ts'
import type { Connection } from './connection.ts'
import type { Row, Table } from './driver.ts'

/** How long a commit may take, in ms. */
const PATIENCE = 10_000

/** The value of an item in memory that has a row in a journal. */
export class Journaled {
  readonly id: number
  readonly value: unknown

  constructor(id: number, value: unknown) {
    this.id = id
    this.value = value
  }
}

/** What a batch does to one table. */
export interface Changes {
  /** The rows that came, by their ids. */
  readonly inserted: Map<number, Row>
  /** The ids of the rows that went, and what they held. */
  readonly deletedIds: number[]
  readonly deletedItems: Item[]
}

/** Somebody who waits for a commit, and what they are to be given then. */
interface Waiter<T = unknown> {
  readonly result: T
  resolve(result: T): void
  reject(error: Error): void
}

/** The changes of one turn of the event loop, which are committed together or not at all. */
class Batch {
  readonly tables = new Map<Table, Changes>()
  readonly waiters: Waiter[] = []

  changes(table: Table): Changes {
    let changes = this.tables.get(table)
    if (changes === undefined) {
      changes = { inserted: new Map(), deletedIds: [], deletedItems: [] }
      this.tables.set(table, changes)
    }
    return changes
  }

  succeed(): void {
    for (const { resolve, result } of this.waiters) resolve(result)
  }

  fail(error: Error): void {
    for (const { reject } of this.waiters) reject(error)
  }
}

/**
 * Writes the changes of journaled queues to their tables: all changes of one turn of the event loop in one
 * transaction, and one transaction after the other. With the first one that fails the journal ends; what was
 * waiting behind it fails too, since it may stand on what was not committed.
 */
export class Journal {
  readonly #connection: Connection
  readonly #onEnd: (cause: Error, batch: ReadonlyMap<Table, Changes>) => Error
  #collecting: Batch | undefined
  #committing: Batch | undefined
  #ended = false

  /**
   * @param onEnd is called when a transaction or the connection has failed, with the changes of which it
   *   is not known whether they were made, and gives the error for all that are waiting
   */
  constructor(
    connection: Connection,
    onEnd: (cause: Error, batch: ReadonlyMap<Table, Changes>) => Error,
  ) {
    this.#connection = connection
    this.#onEnd = onEnd
    connection.onLost((error) => {
      // A transaction that is under way ends by itself, and knows how far it got.
      if (this.#committing === undefined) this.#end(error)
    })
  }

  /** Notes a row that came. */
  insert(table: Table, row: Row): void {
    this.#batch().changes(table).inserted.set(row.id, row)
  }

  /** Notes a row that went. */
  delete(table: Table, id: number, item: Item): void {
    const { inserted, deletedIds, deletedItems } = this.#batch().changes(table)
    // What came and went in one turn was never there.
    if (inserted.delete(id)) return
    deletedIds.push(id)
    deletedItems.push(item)
  }

  /** Tells whether all that was noted so far is committed. */
  get isSettled(): boolean {
    return this.#collecting === undefined && this.#committing === undefined
  }

  /** Gives a result when all that was noted so far is committed. Results are given in their order. */
  wait<T>(result: T, resolve: (result: T) => void, reject: (error: Error) => void): void {
    const batch = this.#collecting ?? this.#committing
    if (batch === undefined) resolve(result)
    else batch.waiters.push({ result, resolve, reject } as Waiter)
  }

  #batch(): Batch {
    if (this.#collecting === undefined) {
      this.#collecting = new Batch()
      if (this.#committing === undefined) setImmediate(() => this.#commit())
    }
    return this.#collecting
  }

  async #commit(): Promise<void> {
    const batch = this.#collecting
    if (batch === undefined || this.#ended) return
    this.#collecting = undefined
    this.#committing = batch
    try {
      await this.#write(batch.tables)
    } catch (error) {
      this.#end(error as Error)
      return
    }
    this.#committing = undefined
    batch.succeed()
    if (this.#collecting !== undefined) setImmediate(() => this.#commit())
  }

  async #write(tables: ReadonlyMap<Table, Changes>): Promise<void> {
    const changed = [...tables].filter(
      ([, { inserted, deletedIds }]) => inserted.size > 0 || deletedIds.length > 0,
    )
    if (changed.length === 0) return
    await this.#connection.transaction(async (driver, beat) => {
      for (const [table, { inserted, deletedIds }] of changed) {
        if (deletedIds.length > 0) await driver.delete(table, deletedIds)
        beat()
        if (inserted.size > 0) await driver.insert(table, [...inserted.values()])
        beat()
      }
    }, PATIENCE)
  }

  #end(cause: Error): void {
    if (this.#ended) return
    this.#ended = true
    const error = this.#onEnd(cause, this.#committing?.tables ?? new Map())
    this.#committing?.fail(error)
    this.#collecting?.fail(error)
  }
}
