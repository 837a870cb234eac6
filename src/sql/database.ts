import { randomUUID } from 'node:crypto'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { type Address, parseAddress, reasonAt, type StoreLocation } from '../address.ts'
import { MqueueError, quote } from '../errors.ts'
import type { Report } from '../report.ts'
import { Connection } from './connection.ts'
import type { Driver, Table } from './drivers/driver.ts'
import { type Failures, GroupCommit, type Lane } from './group-commit.ts'
import { RescueFile } from './rescue-file.ts'
import { openTables } from './table.ts'

/** The tables that are opened in one step. */
const TABLES_AT_ONCE = 500
/** How long it may take to release a table, in ms. */
const RELEASE_PATIENCE = 10_000

/** A queue's table, for as long as it is locked. */
export interface Claim {
  readonly connection: Connection
  readonly table: Table
  /** Begins to journal over the connection. */
  lane(failures: Failures): Lane
  /** Releases the lock. It never rejects. */
  release(): Promise<void>
}

/**
 * The database that the queues of one engine are kept in, with the rescue files beside it. All share one connection,
 * which is open as long as somebody uses it.
 */
export class Database {
  /** Distinguishes this object from all others, in any process. */
  readonly #owner = `mqueue ${randomUUID()}`
  readonly #location: StoreLocation
  readonly #address: Address | MqueueError
  readonly #report: () => Report
  #connecting: Promise<Connection> | undefined
  #connection: Connection | undefined
  #commits: GroupCommit | undefined
  /** How many use the connection. */
  #users = 0
  /** The tables that are to be opened together, and who waits for them. */
  #requests = new Map<string, PromiseWithResolvers<Table>>()
  /** The locks that are to be released together. */
  #unlocking: { connection: Connection; tables: string[]; done: Promise<void> } | undefined
  /** Settles, by queue, when its table is released. */
  readonly #claimed = new Map<string, Promise<void>>()
  /** The queues by the name that the database knows their table under. */
  readonly #tableOwners = new Map<string, string>()
  /** The errors that were reported last, by queue, so that each is reported once. */
  readonly #reported = new Map<string, string>()

  constructor(location: StoreLocation, report: () => Report) {
    this.#location = location
    this.#report = report
    this.#address = addressOf(location)
  }

  /** What people may see of its address; blank when the address cannot be used. */
  get shown(): string {
    return this.#address instanceof MqueueError ? '' : this.#address.shown
  }

  get report(): Report {
    return this.#report()
  }

  /** Whether everything in a location is the same. */
  isAt({ url, user, password, directory, id }: StoreLocation): boolean {
    const own = this.#location
    return (
      (own.url ?? '') === (url ?? '') &&
      (own.user ?? '') === (user ?? '') &&
      (own.password ?? '') === (password ?? '') &&
      own.directory === directory &&
      own.id === id
    )
  }

  rescueFile(queue: string): RescueFile {
    const { directory, id } = this.#location
    return new RescueFile(directory, id, queue, this.shown)
  }

  /**
   * Opens a queue's table, or makes it, and locks it, after those who have it here have released it. The tables of
   * queues that come together are opened together.
   *
   * @param patience how long a step may take, in ms
   * @throws MqueueError `MQ_STORE_LOCKED` when another process or config node has it, `MQ_UNAVAILABLE`,
   *   `MQ_INVALID_DEFINITION` when the address is bad, or two queues would share the table
   */
  async claim(queue: string, patience: number): Promise<Claim> {
    while (this.#claimed.has(queue)) await this.#claimed.get(queue)
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#claimed.set(queue, promise)
    const released = () => {
      this.#claimed.delete(queue)
      resolve()
    }
    try {
      const connection = await this.#use()
      try {
        const table = await this.#openTable(connection, queue, patience)
        return this.#claimOf(connection, table, released)
      } catch (error) {
        await this.#unuse()
        throw error
      }
    } catch (error) {
      released()
      throw error
    }
  }

  /** Forgets that a queue has a table here, so that another one may have it. */
  forget(queue: string): void {
    for (const [table, owner] of this.#tableOwners) {
      if (owner === queue) this.#tableOwners.delete(table)
    }
    this.#reported.delete(queue)
  }

  /** Waits for something, but gives up the connection when it takes longer than that, in ms. */
  async giveUpIn(limit: number, work: Promise<void>): Promise<void> {
    const tooLong = () =>
      this.#connection?.lose(new Error(`no answer within ${limit / 1000} seconds`))
    const timer = setTimeout(tooLong, limit)
    await work
    clearTimeout(timer)
  }

  /** What went wrong with a queue, as the error of its operations. */
  explain(queue: string, cause: unknown): MqueueError {
    const where = `Queue ${quote(queue)}, table ${quote(queue)} in ${this.shown}`
    return this.#explainAs(where, cause, queue)
  }

  /** The error of all operations while the database cannot be used. */
  unavailable(cause: unknown): MqueueError {
    return this.#explainAs(`The database ${this.shown} does not answer as it should`, cause)
  }

  /** Reports an error, unless it was the last one that was reported of its queue. */
  complain(queue: string, { message }: MqueueError): void {
    if (this.#reported.get(queue) === message) return
    // A database that cannot be reached is reported once, not for every queue.
    const isKnown = [...this.#reported.values()].includes(message)
    this.#reported.set(queue, message)
    if (!isKnown) this.report.error(message)
  }

  /** Reports that a queue works, if an error of it was reported. */
  recover(queue: string): void {
    if (this.#reported.delete(queue)) this.report.info(`Queue ${quote(queue)} works again.`)
  }

  #explainAs(what: string, cause: unknown, queue?: string): MqueueError {
    if (cause instanceof MqueueError) return cause
    const address = this.#address
    if (address instanceof MqueueError) return address
    const text = `${what}: ${reasonAt(address, cause)}. It is tried again.`
    return new MqueueError('MQ_UNAVAILABLE', text, { queue })
  }

  /** The connection, opened when there is none that works. Whoever gets it says when they are done with it. */
  async #use(): Promise<Connection> {
    this.#users++
    try {
      if (this.#address instanceof MqueueError) throw this.#address
      if (this.#connection === undefined || this.#connection.lost !== undefined) {
        this.#connecting ??= Connection.open(this.#address, this.#owner).finally(() => {
          this.#connecting = undefined
        })
        const connection = await this.#connecting
        if (this.#connection !== connection) {
          this.#connection = connection
          this.#commits = undefined
        }
      }
      return this.#connection
    } catch (error) {
      this.#users--
      throw error
    }
  }

  async #unuse(): Promise<void> {
    this.#users--
    if (this.#users > 0) return
    const connection = this.#connection
    this.#connection = undefined
    await connection?.close()
  }

  #openTable(connection: Connection, queue: string, patience: number): Promise<Table> {
    if (this.#requests.size === 0) {
      setImmediate(() => {
        const requests = this.#requests
        this.#requests = new Map()
        this.#openTogether(connection, requests, patience)
      })
    }
    const request = Promise.withResolvers<Table>()
    this.#requests.set(queue, request)
    return request.promise
  }

  async #openTogether(
    connection: Connection,
    requests: ReadonlyMap<string, PromiseWithResolvers<Table>>,
    patience: number,
  ): Promise<void> {
    try {
      const names = this.#ownTables(connection, requests)
      for (let from = 0; from < names.length; from += TABLES_AT_ONCE) {
        const some = names.slice(from, from + TABLES_AT_ONCE)
        const tables = await connection.plainly((driver) => openLocked(driver, some), patience)
        for (const name of some) {
          const request = requests.get(name)
          const table = tables.get(name)
          if (table === undefined) request?.reject(this.#lockedError(name))
          else if (table instanceof Error) request?.reject(table)
          else request?.resolve(table)
        }
      }
    } catch (error) {
      for (const { reject } of requests.values()) reject(error)
    }
  }

  /** The queues that may have a table under their name, which no other has. The others get an error. */
  #ownTables(
    connection: Connection,
    requests: ReadonlyMap<string, PromiseWithResolvers<Table>>,
  ): string[] {
    return [...requests].flatMap(([queue, { reject }]) => {
      const table = connection.tableNameOf(queue)
      const owner = this.#tableOwners.get(table) ?? queue
      this.#tableOwners.set(table, owner)
      if (owner === queue) return queue
      const text = `Queue ${quote(queue)}: the database ${this.shown} takes it and ${quote(owner)} for one table.`
      reject(new MqueueError('MQ_INVALID_DEFINITION', `${text} Rename one of them.`, { queue }))
      return []
    })
  }

  #lockedError(queue: string): MqueueError {
    const where = `table ${quote(queue)} in ${this.shown}`
    const advice = 'Give this one another database or another queue name, or stop the other one.'
    const text = `Queue ${quote(queue)}: another process or config node uses ${where}. ${advice}`
    return new MqueueError('MQ_STORE_LOCKED', text, { queue })
  }

  #claimOf(connection: Connection, table: Table, released: () => void): Claim {
    return {
      connection,
      table,
      lane: (failures) => {
        this.#commits ??= new GroupCommit(connection)
        return this.#commits.lane(table, failures)
      },
      release: async () => {
        if (connection.lost === undefined) await this.#unlock(connection, table.name)
        await this.#unuse()
        released()
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
      await connection.plainly(unlock, RELEASE_PATIENCE).catch(() => {})
    })
    this.#unlocking = { connection, tables, done }
    return done
  }
}

/** Opens tables and locks them: for each name its table, an error, or nothing when another has the lock. */
async function openLocked(
  driver: Driver,
  names: readonly string[],
): Promise<Map<string, Table | Error | undefined>> {
  const tables: Map<string, Table | Error | undefined> = await openTables(driver, names)
  const fit = names.filter((name) => !(tables.get(name) instanceof Error))
  const locked = await driver.lock(fit)
  for (const name of fit) if (!locked.has(name)) tables.set(name, undefined)
  return tables
}

function addressOf(location: StoreLocation): Address | MqueueError {
  try {
    return parseAddress(location)
  } catch (error) {
    if (error instanceof MqueueError) return error
    throw error
  }
}
