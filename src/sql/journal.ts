import type { Item } from '../engine.ts'
import { type Connection, UncertainCommit } from './connection.ts'
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
  /** Those who wait for these changes. */
  readonly waiters: Waiter[]
}

/** Somebody who waits for a commit, and what they are to be given then. */
interface Waiter<T = unknown> {
  readonly result: T
  resolve(result: T): void
  reject(error: Error): void
}

/** The changes of one turn of the event loop, by table. */
type Batch = Map<Table, Changes>

/** What happens when changes could not be committed. Both give the error for those who wait for them. */
export interface JournalFailures {
  /** The database refuses the changes of one table; nothing of them was made. */
  refused(table: Table, cause: Error): Error
  /** The connection is lost. Of some changes it is not known whether they were made. */
  ended(cause: Error, uncertain: ReadonlyMap<Table, Changes>): Error
}

/**
 * Writes the changes of journaled queues to their tables: all changes of one turn of the event loop in one
 * transaction, and one transaction after the other. When the database refuses one, the tables are tried each by
 * itself, so that one that it refuses does not take the others down with it. When it is not known what became of
 * one, the journal ends; what was waiting behind it fails too, since it may stand on what was not committed.
 */
export class Journal {
  readonly #connection: Connection
  readonly #failures: JournalFailures
  #collecting: Batch | undefined
  #committing: Batch | undefined
  #ended = false

  constructor(connection: Connection, failures: JournalFailures) {
    this.#connection = connection
    this.#failures = failures
    connection.onLost((error) => {
      // A transaction that is under way ends by itself, and knows how far it got.
      if (this.#committing === undefined) this.#end(error)
    })
  }

  /** Notes a row that came. */
  insert(table: Table, row: Row): void {
    this.#changes(table).inserted.set(row.id, row)
  }

  /** Notes a row that went. */
  delete(table: Table, id: number, item: Item): void {
    const { inserted, deletedIds, deletedItems } = this.#changes(table)
    // What came and went in one turn was never there.
    if (inserted.delete(id)) return
    deletedIds.push(id)
    deletedItems.push(item)
  }

  /** Tells whether all that was noted so far is committed. */
  get isSettled(): boolean {
    return this.#collecting === undefined && this.#committing === undefined
  }

  /**
   * Gives a result when all that was noted so far of a table, or of all tables, is committed. Results that concern
   * one table are given in their order.
   */
  wait<T>(
    table: Table | undefined,
    result: T,
    resolve: (result: T) => void,
    reject: (error: Error) => void,
  ): void {
    const changes =
      table === undefined
        ? [...(this.#collecting ?? this.#committing ?? [])].at(-1)?.[1]
        : (this.#collecting?.get(table) ?? this.#committing?.get(table))
    if (changes === undefined) resolve(result)
    else changes.waiters.push({ result, resolve, reject } as Waiter)
  }

  /** Ends it. Nothing may be waiting. */
  stop(): void {
    this.#ended = true
  }

  #changes(table: Table): Changes {
    if (this.#collecting === undefined) {
      this.#collecting = new Map()
      if (this.#committing === undefined) setImmediate(() => this.#commit())
    }
    let changes = this.#collecting.get(table)
    if (changes === undefined) {
      changes = { inserted: new Map(), deletedIds: [], deletedItems: [], waiters: [] }
      this.#collecting.set(table, changes)
    }
    return changes
  }

  async #commit(): Promise<void> {
    const batch = this.#collecting
    if (batch === undefined || this.#ended) return
    this.#collecting = undefined
    this.#committing = batch
    try {
      await this.#write(batch)
      for (const changes of batch.values()) succeed(changes)
    } catch (error) {
      await this.#commitApart(batch, error as Error)
    }
    this.#committing = undefined
    if (this.#collecting !== undefined && !this.#ended) setImmediate(() => this.#commit())
  }

  /** Commits the changes of each table by itself, after all together were refused. */
  async #commitApart(batch: Batch, refusal: Error): Promise<void> {
    for (const [table, changes] of batch) {
      const alone: Batch = new Map([[table, changes]])
      let error = refusal
      if (batch.size > 1 && this.#isRefusal(refusal)) {
        try {
          await this.#write(alone)
          succeed(changes)
          continue
        } catch (cause) {
          error = cause as Error
        }
      }
      if (this.#isRefusal(error)) this.#refuse(table, changes, error)
      else {
        this.#end(error, error === refusal ? batch : alone)
        return
      }
    }
  }

  #isRefusal(error: Error): boolean {
    return this.#connection.lost === undefined && !(error instanceof UncertainCommit)
  }

  async #write(batch: Batch): Promise<void> {
    const changed = [...batch].filter(
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

  #refuse(table: Table, changes: Changes, cause: Error): void {
    const error = this.#failures.refused(table, cause)
    // What has been noted since may stand on what was refused.
    const later = this.#collecting?.get(table)
    this.#collecting?.delete(table)
    fail(changes, error)
    if (later !== undefined) fail(later, error)
  }

  #end(cause: Error, uncertain: Batch = new Map()): void {
    if (this.#ended) return
    this.#ended = true
    const batches = [this.#committing, this.#collecting]
    this.#collecting = undefined
    const error = this.#failures.ended(
      cause,
      cause instanceof UncertainCommit ? uncertain : new Map(),
    )
    for (const batch of batches) for (const changes of batch?.values() ?? []) fail(changes, error)
  }
}

function succeed({ waiters }: Changes): void {
  for (const { resolve, result } of waiters) resolve(result)
}

function fail({ waiters }: Changes, error: Error): void {
  for (const { reject } of waiters) reject(error)
}
