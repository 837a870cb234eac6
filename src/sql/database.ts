import { randomUUID } from 'node:crypto'
import { type Address, parseAddress, reasonAt, type StoreLocation } from '../address.ts'
import { MqueueError, quote } from '../errors.ts'
import type { Report } from '../report.ts'
import { type Claim, Claims } from './claims.ts'
import type { Table } from './drivers/driver.ts'
import { RescueFile } from './rescue-file.ts'
import type { Names } from './rescue-lines.ts'
import { SharedConnection } from './shared-connection.ts'

/** The database that the queues of one engine are kept in, with the rescue files beside it, and what is said of it. */
export class Database {
  readonly #location: StoreLocation
  readonly #address: Address | MqueueError
  readonly #report: () => Report
  readonly #shared: SharedConnection
  readonly #claims: Claims
  /** The errors that were reported since a queue has worked, by queue, so that each is reported once. */
  readonly #reported = new Map<string, Set<string>>()

  constructor(location: StoreLocation, report: () => Report) {
    this.#location = location
    this.#report = report
    this.#address = addressOf(location)
    this.#shared = new SharedConnection(this.#address, `mqueue ${randomUUID()}`)
    this.#claims = new Claims(this.#shared, this.shown)
  }

  /** What people may see of its address; blank when the address cannot be used. */
  get shown(): string {
    return this.#address instanceof MqueueError ? '' : this.#address.shown
  }

  /** Whether it is reached over a connection that may be cut. */
  get isServer(): boolean {
    return !(this.#address instanceof MqueueError) && this.#address.kind !== 'sqlite'
  }

  get report(): Report {
    return this.#report()
  }

  /**
   * The rescue file of a queue.
   *
   * @param names of the table that the ids in it are of; without them ids count for nothing
   */
  rescueFile(queue: string, names?: Names): RescueFile {
    const { directory, id } = this.#location
    return new RescueFile(directory, id, queue, names, this.shown)
  }

  /** What names a table: its address where the database has nothing better. */
  namesOf({ names }: Table): Names {
    return names.length > 0 ? names : [this.shown]
  }

  /** Opens and locks the table of a queue, as `Claims.claim` does. */
  claim(queue: string, timeout: number): Promise<Claim> {
    return this.#claims.claim(queue, timeout)
  }

  /** Forgets a queue, so that another one may have its table. */
  forget(queue: string): void {
    this.#claims.forget(queue)
    this.#reported.delete(queue)
  }

  /** Waits for something, but gives up the connection when it takes longer than that, in ms. */
  giveUpIn(limit: number, work: Promise<void>): Promise<void> {
    return this.#shared.giveUpIn(limit, work)
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

  /** What went wrong, without anything secret. */
  reason(cause: unknown): string {
    const address = this.#address
    return address instanceof MqueueError ? address.message : reasonAt(address, cause)
  }

  /** Reports an error, unless it was reported since the queue has worked. */
  complain(queue: string, { message }: MqueueError): void {
    const reported = this.#reported.get(queue) ?? new Set()
    if (reported.has(message)) return
    // A database that cannot be reached is reported once, not for every queue.
    const isKnown = [...this.#reported.values()].some((texts) => texts.has(message))
    this.#reported.set(queue, reported.add(message))
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
}

function addressOf(location: StoreLocation): Address | MqueueError {
  try {
    return parseAddress(location)
  } catch (error) {
    if (error instanceof MqueueError) return error
    throw error
  }
}
