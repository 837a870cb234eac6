import type { StoredItem } from '../../value.ts'

/** A row of a queue's table: Kamailio's `id`, `key` and `val`, and our own columns. */
export interface Row extends StoredItem {
  /** The order of the items: the oldest has the smallest. */
  readonly id: number
  /** How often the item was handed out; undefined for never. */
  readonly attempts?: number
  /** Why, and by which queue, it was given up, where it is in a dead letter queue: `rejected:calls`. */
  readonly dead_letter?: string
}

/** A column as the database describes it. */
export interface Column {
  readonly name: string
  /** Its type, in the database's own words. */
  readonly type: string
  readonly isText: boolean
  /** The largest number that it holds, and that the database assigns to it, where it holds whole numbers. */
  readonly largest: number | undefined
  /** Why it cannot keep a text, such as `it holds at most 64 characters`; undefined when it can. */
  refuses(text: string): string | undefined
}

/** What a database says of the table of a queue. */
export interface Description {
  /** The name under which the database knows it. Queues with one name would share the table. */
  readonly name: string
  readonly columns: readonly Column[]
  /** Why rows cannot be kept in it at all, such as `it is a view`; undefined when they can. */
  readonly unfit: string | undefined
  /**
   * What names this table and no other, whatever address it is found under. One name that two tables have in common makes
   * them one. There is none where the database does not say.
   */
  readonly names: readonly string[]
}

/** A queue's table that was found fit. */
export interface Table {
  /** The queue that has it. */
  readonly queue: string
  /** The name under which the database knows it, as the description says. */
  readonly name: string
  readonly key: Column
  readonly val: Column
  /** Whether it has the column `val_type`. */
  readonly typed: boolean
  /** Whether it has the columns `attempts` and `dead_letter`. */
  readonly counts: boolean
  /** The largest id that it can hold. */
  readonly largestId: number
  /** What names it, as in its `Description`. */
  readonly names: readonly string[]
}

/** What happens to one table in one write. No id is both in `removed` and in `added`. */
export interface TableChanges {
  readonly table: Table
  /** The ids of rows that go. */
  readonly removed: readonly number[]
  /** The rows that come. */
  readonly added: readonly Row[]
  /** How often items that stay were handed out, by their ids; only where the table counts. */
  readonly attempted?: ReadonlyMap<number, number>
}

/** The failure of a write or a commit after which nobody knows whether the database made it or not. */
export class UncertainCommit extends Error {
  override readonly name = 'UncertainCommit'
}

/** What was committed is not there any more, nor would be what is written now. */
export class StoreGone extends Error {
  override readonly name = 'StoreGone'
}

/**
 * A database answers, but over this connection it can be of no use to us. Its text says why; the connection is given
 * up for it, and what is tried next is another one.
 */
export class Unusable extends Error {
  override readonly name = 'Unusable'
  /** What to do about it, as a sentence. */
  readonly advice: string

  constructor(reason: string, advice: string) {
    super(reason)
    this.advice = advice
  }
}

/** What to do about a server that takes no changes. */
export const WRITABLE = 'Let it accept changes, or enter the address of a server that does.'

/**
 * What differs from database to database, over one connection. Nothing here waits for its turn, repairs
 * anything or limits the time; `Connection` does.
 */
export interface Driver {
  /**
   * Begins a transaction that may write.
   *
   * @throws Unusable when none can be begun over this connection
   */
  begin(): Promise<void>
  /** @throws UncertainCommit when it is not known whether the transaction was made */
  commit(): Promise<void>
  rollback(): Promise<void>

  /**
   * What the database knows of the tables or views of some queues, by queue; one that does not exist is not in the map.
   * A queue's table is the one that Kamailio's module for the database would use.
   */
  describe(queues: readonly string[]): Promise<Map<string, Description>>
  /** Makes the tables of queues, unless they are there; returns what went wrong, by queue. */
  create(queues: readonly string[]): Promise<Map<string, Error>>
  /**
   * Takes the locks of tables that are there, by their names, for as long as the connection lasts, unless others have
   * them; returns the names of those it has then. It is a lock that this package alone looks at; Kamailio does not.
   */
  lock(tables: readonly string[]): Promise<Set<string>>
  /** Releases the locks of some tables, by their names; nothing happens where one is not held. */
  unlock(tables: readonly string[]): Promise<void>

  /** The rows with an id above `after` (all, when it is undefined), by id, at most `limit` of them. */
  read(table: Table, after: number | undefined, limit: number): Promise<Row[]>
  /** Those rows of some ids that are there, in any order. */
  readIds(table: Table, ids: readonly number[]): Promise<Row[]>
  /** The bytes of a text, where the database does not see to it that they are UTF-8. */
  bytes?(table: Table, id: number, column: 'key' | 'val'): Promise<Uint8Array>
  count(table: Table): Promise<number>
  /** The smallest id in the table; infinite when it is empty. */
  firstId(table: Table): Promise<number>
  /** The largest id that the table holds or has assigned; 0 for none. */
  lastId(table: Table): Promise<number>
  /** Keeps others, such as Kamailio, from getting an id up to this one. */
  reserveIds(table: Table, upTo: number): Promise<void>
  /** Makes the ids that others get go on after the largest one that the table holds. Outside of a transaction. */
  restartIds(table: Table): Promise<void>

  /** Adds rows, within a transaction. */
  insert(table: Table, rows: readonly Row[]): Promise<void>
  /**
   * Adds rows, all or none, within a transaction that goes on when the database refuses them.
   *
   * @returns why they were refused; undefined when they were not
   */
  insertOrNot(table: Table, rows: readonly Row[]): Promise<Error | undefined>
  /** Removes rows by their ids, within a transaction. */
  remove(table: Table, ids: readonly number[]): Promise<void>
  /** Removes all rows, within a transaction; returns how many there were. */
  removeAll(table: Table): Promise<number>

  /**
   * Makes all these changes in their own transaction, in as few round trips as the database allows. Outside of
   * a transaction.
   *
   * @throws UncertainCommit when it is not known whether they were made; any other error when they were certainly
   *   not made
   */
  write(changes: readonly TableChanges[]): Promise<void>

  /** Whether the connection keeps the process from ending. A connection that waits for nothing does not. */
  hold(isHeld: boolean): void
  /** Ends the connection in good order. */
  close(): Promise<void>
  /** Ends the connection at once, whatever it is doing. */
  destroy(): void
}

/** How a connection is opened. */
export interface OpenOptions {
  /**
   * Who opens it. A lock that a lost connection of the same owner seems to hold, because the server has
   * not noticed the loss, is taken from it.
   */
  readonly owner: string
  /** Is called when the connection ends by itself. */
  readonly onLost: (cause: unknown) => void
}

/** The most a connection may take to be made, in ms. */
export const CONNECT_TIMEOUT = 5_000

/** How long a statement waits for a table or a row that others have locked, in ms. */
export const LOCK_TIMEOUT = 5_000

/** How long a session may take to end after the order to end, in ms. */
export const END_TIMEOUT = 2_000
