import type { Address } from '../address.ts'
import { MqueueError } from '../errors.ts'
import { Connection } from './connection.ts'
import type { Table } from './drivers/driver.ts'
import { GroupCommit } from './group-commit.ts'
import type { Lane, Outcomes } from './lane.ts'

/** The connection to a database that all share who use it. It is open as long as somebody does. */
export class SharedConnection {
  readonly #address: Address | MqueueError
  readonly #owner: string
  #connecting: Promise<Connection> | undefined
  #connection: Connection | undefined
  /** What is journaled over the connection. */
  #commits: GroupCommit | undefined
  #users = 0

  /**
   * @param address where the database is, or what is wrong with its address
   * @param owner distinguishes this object from all others, in any process
   */
  constructor(address: Address | MqueueError, owner: string) {
    this.#address = address
    this.#owner = owner
  }

  /**
   * The connection, opened when there is none that works. Whoever gets it calls `unuse` when they are done with it.
   *
   * @throws MqueueError `MQ_UNAVAILABLE`; `MQ_INVALID_DEFINITION` when the address is bad
   */
  async use(): Promise<Connection> {
    this.#users++
    try {
      if (this.#connection === undefined || this.#connection.lost !== undefined) await this.#open()
      return this.#connection as Connection
    } catch (error) {
      this.#users--
      throw error
    }
  }

  /** Ends one use; the last one closes the connection. */
  async unuse(): Promise<void> {
    this.#users--
    if (this.#users > 0) return
    const connection = this.#connection
    this.#connection = undefined
    await connection?.close()
  }

  /** Begins to journal a table over the connection. */
  lane(connection: Connection, table: Table, outcomes: Outcomes, largestId: number): Lane {
    if (this.#commits?.connection !== connection) this.#commits = new GroupCommit(connection)
    return this.#commits.lane(table, outcomes, largestId)
  }

  /** Waits for something, but ends the connection when it takes longer than that, in ms. */
  async giveUpIn(limit: number, work: Promise<void>): Promise<void> {
    const tooLong = () =>
      this.#connection?.lose(new Error(`no answer within ${limit / 1000} seconds`))
    const timer = setTimeout(tooLong, limit)
    await work
    clearTimeout(timer)
  }

  async #open(): Promise<void> {
    if (this.#address instanceof MqueueError) throw this.#address
    this.#connecting ??= Connection.open(this.#address, this.#owner).finally(() => {
      this.#connecting = undefined
    })
    this.#connection = await this.#connecting
  }
}
