import type { Item } from '../engine.ts'
import type { MqueueError } from '../errors.ts'
import type { Queue } from '../memory/queue.ts'
import { type Connection, UncertainCommit } from './connection.ts'
import type { Row, Table } from './driver.ts'
import { type Changes, Journal, Journaled } from './journal.ts'
import { assertFits } from './saving.ts'
import type { Store } from './store.ts'
import type { StoredQueue } from './stored-queue.ts'
import { encode, encodeAsText, encodeWhatCan } from './value.ts'

/** Ties the items of queues with dbmode 4 in memory to their rows. */
export class Journaling {
  readonly #onEnd: (cause: Error, store: Store) => void
  #journal: Journal | undefined

  /** @param onEnd is called when the journal of a store has failed, before anybody hears of it */
  constructor(onEnd: (cause: Error, store: Store) => void) {
    this.#onEnd = onEnd
  }

  /** Journals over a connection, unless that is being done. */
  start(store: Store, connection: Connection): void {
    this.#journal ??= new Journal(connection, (cause, batch) => {
      this.#journal = undefined
      connection.lose(cause)
      if (cause instanceof UncertainCommit) noteUncertain(store, batch)
      this.#onEnd(cause, store)
      const names = [...batch.keys()].map(({ name }) => name)
      return store.explain(names.join(', '), cause) as MqueueError
    })
  }

  /** Journals no more, once all that was noted is committed. */
  async stop(): Promise<void> {
    await this.settled().catch(() => {})
    this.#journal = undefined
  }

  /** Tells whether all that was noted so far is committed. */
  get isSettled(): boolean {
    return this.#journal?.isSettled ?? true
  }

  /** Gives a result when all that was noted so far is committed. Results are given in their order. */
  wait<T>(result: T, resolve: (result: T) => void, reject: (error: Error) => void): void {
    if (this.#journal === undefined) resolve(result)
    else this.#journal.wait(result, resolve, reject)
  }

  settled(): Promise<void> {
    return new Promise((resolve, reject) => this.wait(undefined, resolve, reject))
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

  /** Makes items of their own of those with a row; the rows go. Gives the ids of the rows. */
  untie(stored: StoredQueue, queue: Queue): number[] {
    const items = [...queue]
    queue.clear()
    for (const item of items) queue.add(item.key, this.forget(stored, item))
    return items.flatMap(({ value }) => (value instanceof Journaled ? value.id : []))
  }
}

/** Lets go of the items that have a row, in memory only. */
export function dropJournaled(queue: Queue): void {
  const others = itemsWithoutRow(queue)
  queue.clear()
  for (const { key, value } of others) queue.add(key, value)
}

/** The items that have no row: what a queue held before it was journaled. */
export function itemsWithoutRow(queue: Queue): Item[] {
  return [...queue].filter(({ value }) => !(value instanceof Journaled))
}

/** Sets down what must not be in the tables and what must, should the commit have been made after all. */
function noteUncertain(store: Store, batch: ReadonlyMap<Table, Changes>): void {
  for (const [{ name }, { inserted, deletedIds, deletedItems }] of batch) {
    const rows = deletedItems.map(({ key, value }, i) => ({
      id: deletedIds[i],
      ...encodeWhatCan(key, value),
    }))
    store.rescue(name, (file) => file.append(rows, [...inserted.keys()]))
  }
}
