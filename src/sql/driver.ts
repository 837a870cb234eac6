import type { Kysely } from 'kysely'
import type { MaybePromise } from '../engine.ts'
import type { StoredItem } from './value.ts'

/** A row of a queue's table: Kamailio's `id`, `key` and `val`, and a column of our own. */
export interface Row extends StoredItem {
  /** The order of the items: the oldest has the smallest. */
  readonly id: number
}

/** A column as the database describes it. */
export interface Column {
  readonly name: string
  /** Its type, in the database's own words. */
  readonly type: string
  readonly isText: boolean
  readonly isInteger: boolean
  /** Why it cannot keep a text, such as `it holds at most 64 characters`; undefined when it can. */
  refuses(text: string): string | undefined
}

/** What a database says of a table. */
export interface Description {
  readonly columns: readonly Column[]
  /** Why rows cannot be kept in it at all, such as `it is a view`; undefined when they can. */
  readonly unfit: string | undefined
}

/** A queue's table that was found fit. */
export interface Table {
  readonly name: string
  readonly key: Column
  readonly val: Column
  /** Whether it has the column `val_type`. */
  readonly typed: boolean
}

/**
 * What differs from database to database, over one connection. Nothing here waits for its turn, mends
 * anything or tells one error from another; `Connection` does.
 */
export interface Driver {
  /** Quotes names and runs statements. */
  readonly db: Kysely<unknown>
  /** Begins a transaction that may write. */
  begin(): Promise<void>
  commit(): Promise<void>
  rollback(): Promise<void>
  /** What the database knows of a table or view; undefined when there is none of that name. */
  describe(table: string): Promise<Description | undefined>
  /** Makes a queue's table, unless it is there. */
  create(table: string): Promise<void>
  /** The bytes of a text, where the database does not see to it that they are UTF-8. */
  bytes?(table: Table, id: number, column: 'key' | 'val'): Promise<Uint8Array>
  insert(table: Table, rows: readonly Row[]): MaybePromise<void>
  delete(table: Table, ids: readonly number[]): MaybePromise<void>
  /** The largest id that the table holds or has given away; 0 for none. */
  lastId(table: Table): Promise<number>
  /** Keeps others, such as Kamailio, from being given an id up to this one. */
  reserveIds(table: Table, upTo: number): Promise<void>
  /**
   * Takes the lock of a table that is there, for as long as the connection lasts, unless another has
   * it. It is one that this package alone looks at; Kamailio does not.
   */
  lock(table: string): Promise<boolean>
  unlock(table: string): Promise<void>
  /** Ends the connection in good order. */
  close(): Promise<void>
  /** Ends the connection at once, whatever it is doing. */
  destroy(): void
}

/** How a connection to a server is opened. */
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

/** How long a session that was told to end may take for it, in ms. */
export const END_TIMEOUT = 2_000
