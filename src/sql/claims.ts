import { setImmediate as nextTurn } from 'node:timers/promises'
import { MqueueError, quote } from '../errors.ts'
import type { Connection } from './connection.ts'
import type { Driver, Table } from './drivers/driver.ts'
import type { Lane, Outcomes } from './lane.ts'
import type { SharedConnection } from './shared-connection.ts'
import { openTables } from './table.ts'

/** The tables that are opened in one step. */
const TABLES_AT_ONCE = 500
/** How long it may take to release a table, in ms. */
const RELEASE_TIMEOUT = 10_000

/** A queue's table, for as long as it is locked. */
export interface Claim {
  readonly connection: Connection
  readonly table: Table
  /**
   * Begins to journal over the connection.
   *
   * @param largestId the largest id that the table has or has assigned
   */
  lane(outcomes: Outcomes, largestId: number): Lane
  /** Releases the lock; once, however often it is called. It never rejects. */
  release(): Promise<void>
}

/** The tables of the queues of one engine, which has each of them once at a time, and locks it against all others. */
export class Claims {
  readonly #shared: SharedConnection
  /** What people may see of the database's address. */
  readonly #shown: string
  /** The tables to open together, and who waits for them. */
  #requests = new Map<string, PromiseWithResolvers<Table>>()
  /** The locks to release together. */
  #unlocking: { connection: Connection; tables: string[]; done: Promise<void> } | undefined
  /** Settles, by queue, when its table is released. */
  readonly #claimed = new Map<string, Promise<void>>()
  /** The queues by the names of their tables. */
  readonly #owners = new Map<string, string>()

  constructor(shared: SharedConnection, shown: string) {
    this.#shared = shared
    this.#shown = shown
  }

  /**
   * Opens a queue's table, or makes it, and locks it, after those who have it here have released it. The tables of
   * queues that come together are opened together.
   *
   * @param timeout how long a step may take, in ms
   * @throws MqueueError `MQ_STORE_LOCKED` when another process or config node has it, `MQ_UNAVAILABLE`,
   *   `MQ_INVALID_DEFINITION` when the address is bad, or two queues would share the table
   */
  async claim(queue: string, timeout: number): Promise<Claim> {
    while (this.#claimed.has(queue)) await this.#claimed.get(queue)
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#claimed.set(queue, promise)
    const released = () => {
      this.#claimed.delete(queue)
      resolve()
    }
    try {
      const connection = await this.#shared.use()
      try {
        const table = await this.#openTable(connection, queue, timeout)
        return this.#claimOf(connection, table, released)
      } catch (error) {
        await this.#shared.unuse()
        throw error
      }
    } catch (error) {
      released()
      throw error
    }
  }

  /** Forgets that a queue has a table here, so that another one may have it. */
  forget(queue: string): void {
    for (const [table, owner] of this.#owners) {
      if (owner === queue) this.#owners.delete(table)
    }
  }

  #openTable(connection: Connection, queue: string, timeout: number): Promise<Table> {
    if (this.#requests.size === 0) {
      setImmediate(() => {
        const requests = this.#requests
        this.#requests = new Map()
        this.#openTogether(connection, requests, timeout)
      })
    }
    const request = Promise.withResolvers<Table>()
    this.#requests.set(queue, request)
    return request.promise
  }

  async #openTogether(
    connection: Connection,
    requests: ReadonlyMap<string, PromiseWithResolvers<Table>>,
    timeout: number,
  ): Promise<void> {
    try {
      const queues = [...requests.keys()]
      for (let from = 0; from < queues.length; from += TABLES_AT_ONCE) {
        const some = queues.slice(from, from + TABLES_AT_ONCE)
        const open = (driver: Driver) => this.#openLocked(driver, some)
        const tables = await connection.withoutTransaction(open, timeout)
        for (const [queue, table] of tables) {
          if (table instanceof Error) requests.get(queue)?.reject(table)
          else requests.get(queue)?.resolve(table)
        }
      }
    } catch (error) {
      for (const { reject } of requests.values()) reject(error)
    }
  }

  /** Opens tables and locks them: for each queue its table, or an error. */
  async #openLocked(
    driver: Driver,
    queues: readonly string[],
  ): Promise<Map<string, Table | Error>> {
    const tables = await openTables(driver, queues)
    const own: Table[] = []
    for (const [queue, table] of tables) {
      if (table instanceof Error) continue
      const owner = this.#owners.get(table.name) ?? queue
      this.#owners.set(table.name, owner)
      if (owner === queue) own.push(table)
      else tables.set(queue, this.#sharedError(queue, owner))
    }
    const locked = await driver.lock(own.map(({ name }) => name))
    for (const { queue, name } of own) {
      if (!locked.has(name)) tables.set(queue, this.#lockedError(queue))
    }
    return tables
  }

  #sharedError(queue: string, owner: string): MqueueError {
    const text = `Queue ${quote(queue)}: the database ${this.#shown} uses one table for it and for ${quote(owner)}.`
    return new MqueueError('MQ_INVALID_DEFINITION', `${text} Rename one of them.`, { queue })
  }

  #lockedError(queue: string): MqueueError {
    const where = `table ${quote(queue)} in ${this.#shown}`
    const advice = 'Give this one another database or another queue name, or stop the other one.'
    const text = `Queue ${quote(queue)}: another process or config node uses ${where}. ${advice}`
    return new MqueueError('MQ_STORE_LOCKED', text, { queue })
  }

  #claimOf(connection: Connection, table: Table, released: () => void): Claim {
    const release = async () => {
      if (connection.lost === undefined) await this.#unlock(connection, table.name)
      await this.#shared.unuse()
      released()
    }
    let releasing: Promise<void> | undefined
    return {
      connection,
      table,
      lane: (outcomes, largestId) => this.#shared.lane(connection, table, outcomes, largestId),
      release() {
        releasing ??= release()
        return releasing
      },
    }
  }

  /** Releases the lock of a table, together with others that are released at the same time. It never rejects. */
  #unlock(connection: Connection, table: string): Promise<void> {
    const known = this.#unlocking
    if (known?.connection === connection) {
      known.tables.push(table)
      return known.done
    }
    const tables = [table]
    const done = nextTurn().then(async () => {
      if (this.#unlocking?.tables === tables) this.#unlocking = undefined
      const unlock = (driver: Driver) => driver.unlock(tables)
      await connection.withoutTransaction(unlock, RELEASE_TIMEOUT).catch(() => {})
    })
    this.#unlocking = { connection, tables, done }
    return done
  }
}
