import type { Item } from '../engine.ts'
import type { Queue } from '../memory/queue.ts'
import type { Connection } from './connection.ts'
import type { Row, Table } from './driver.ts'
import { assertFits } from './fitting.ts'
import { type Changes, Journal, Journaled } from './journal.ts'
import type { Store } from './store.ts'
import type { StoredQueue } from './stored-queue.ts'
import { encode, encodeAsText, encodeWhatCan } from './value.ts'

/** Ties the items of queues with dbmode 4 in memory to their rows. */
export class Journaling {
  readonly #onFailure: (cause: Error, store: Store, queue?: string) => void
  #journal: Journal | undefined

  /**
   * @param onFailure is called when a journal has failed, or the changes of one queue were refused, before anybody
   *   hears of it
   */
  constructor(onFailure: (cause: Error, store: Store, queue?: string) => void) {
    this.#onFailure = onFailure
  }

  /** Journals over a connection, unless that is being done. */
  start(store: Store, connection: Connection): void {
    this.#journal ??= new Journal(connection, {
      refused: ({ name }, cause) => {
        this.#onFailure(cause, store, name)
        return store.explain(name, cause)
      },
      ended: (cause, uncertain) => {
        this.#journal = undefined
        connection.lose(cause)
        noteUncertain(store, uncertain)
        this.#onFailure(cause, store)
        return store.unavailable(cause)
      },
    })
  }

  /** Journals no more, once all that was noted is committed. */
  async stop(): Promise<void> {
    await this.settled().catch(() => {})
    this.#journal?.stop()
    this.#journal = undefined
  }

  /** Tells whether all that was noted so far is committed. */
  get isSettled(): boolean {
    return this.#journal?.isSettled ?? true
  }

  /** Gives a result when all that was noted so far is committed. Those of one queue are given in their order. */
  wait<T>(
    stored: StoredQueue | undefined,
    result: T,
    resolve: (result: T) => void,
    reject: (error: Error) => void,
  ): void {
    if (this.#journal === undefined) resolve(result)
    else this.#journal.wait(stored?.table, result, resolve, reject)
  }

  settled(): Promise<void> {
    return new Promise((resolve, reject) => this.wait(undefined, undefined, resolve, reject))
  }

  /**
   * The row of an item that is to be added.
   *
   * @throws MqueueError `MQ_INVALID_KEY` or `MQ_INVALID_VALUE` when its table cannot keep it
   */
  row({ table, nextId }: StoredQueue, key: string, value: unknown): Row {
    const fit = table as Table
    const { val, val_type, ...item } = fit.typed ? encode(key, value) : encodeAsText(key, value)
    const row = { id: nextId, key: item.key, val, val_type }
    assertFits(fit, row)
    return row
  }

  /** Notes that an item was added. */
  note(stored: StoredQueue, row: Row): void {
    stored.nextId = row.id + 1
    this.#journal?.insert(stored.table as Table, row)
  }

  /** Notes that an item has left its queue, if it is one with a row, and gives its value. */
  forget({ table }: StoredQueue, { key, value }: Item): unknown {
    if (!(value instanceof Journaled)) return value
    this.#journal?.delete(table as Table, value.id, { key, value: value.value })
    return value.value
  }

  /** Makes items of their own of those with a row; the rows go. */
  untie(stored: StoredQueue, queue: Queue): void {
    for (const item of queue) this.forget(stored, item)
    dropTies(queue)
  }
}

/** Lets go of the items that have a row, in memory only. */
export function dropJournaled(queue: Queue): void {
  const others = [...queue].filter(({ value }) => !(value instanceof Journaled))
  queue.clear()
  for (const { key, value } of others) queue.add(key, value)
}

/** Makes items of their own of those with a row, and leaves the rows where they are. */
export function dropTies(queue: Queue): void {
  const items = [...queue]
  queue.clear()
  for (const { key, value } of items) queue.add(key, bare(value))
}

/** A value without what ties it to its row. */
export function bare(value: unknown): unknown {
  return value instanceof Journaled ? value.value : value
}

/** Sets down what must not be in the tables and what must, should the commit have been made after all. */
function noteUncertain(store: Store, batch: ReadonlyMap<Table, Changes>): void {
  for (const [{ name }, { inserted, deletedIds, deletedItems }] of batch) {
    store.rescue(name, (file) => {
      const rows = deletedItems.map(({ key, value }, i) => ({
        id: deletedIds[i],
        ...encodeWhatCan(key, value),
      }))
      file.append(rows, [...inserted.keys()])
    })
  }
}
