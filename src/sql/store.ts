import { randomUUID } from 'node:crypto'
import { MqueueError, quote, reasonOf } from '../errors.ts'
import { type Address, parseAddress, reasonAt, type StoreLocation } from './address.ts'
import { Connection } from './connection.ts'
import { RescueFile } from './rescue-file.ts'

/** Hears what people should know of a store. */
export interface Report {
  info(text: string): void
  warn(text: string): void
  error(text: string): void
}

/** The database that the queues of one engine are kept in, and the rescue files beside it. */
export class Store {
  /** Tells this store from all others, in any process. */
  readonly #owner = `mqueue ${randomUUID()}`
  readonly #location: StoreLocation
  readonly #address: Address | MqueueError
  readonly #report: () => Report
  #connection: Connection | undefined
  #connecting: Promise<Connection> | undefined
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

  /** Tells whether everything in a location is the same. */
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

  /**
   * Gives the connection, and opens one when there is none that works.
   *
   * @throws MqueueError `MQ_UNAVAILABLE`; `MQ_INVALID_DEFINITION` when the address is bad
   */
  async connect(): Promise<Connection> {
    if (this.#address instanceof MqueueError) throw this.#address
    if (this.#connection !== undefined && this.#connection.lost === undefined)
      return this.#connection
    this.#connecting ??= Connection.open(this.#address, this.#owner).finally(() => {
      this.#connecting = undefined
    })
    this.#connection = await this.#connecting
    return this.#connection
  }

  /** Waits for something, but gives up the connection when it takes longer than that, in ms. */
  async giveUpIn(limit: number, work: Promise<void>): Promise<void> {
    const tooLong = () =>
      this.#connection?.lose(new Error(`no answer within ${limit / 1000} seconds`))
    const timer = setTimeout(tooLong, limit)
    await work
    clearTimeout(timer)
  }

  /** Ends the connection in good order. */
  async disconnect(): Promise<void> {
    const connection = this.#connection
    this.#connection = undefined
    await connection?.close()
  }

  /** Tells whether two queues would have one table: names in SQLite differ in more than case. */
  isSameTable(a: string, b: string): boolean {
    if (this.#address instanceof MqueueError || this.#address.kind !== 'sqlite') return a === b
    return a.toLowerCase() === b.toLowerCase()
  }

  rescueFile(queue: string): RescueFile {
    const { directory, id } = this.#location
    return new RescueFile(directory, id, queue, this.shown)
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
    // A database that cannot be reached is told of once, not for every queue.
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

  /** Puts what belongs into a queue into its rescue file, or reports that even that is not possible. */
  rescue(queue: string, put: (file: RescueFile) => void): boolean {
    const file = this.rescueFile(queue)
    try {
      put(file)
      return true
    } catch (error) {
      const text = `Queue ${quote(queue)}: ${file.path} cannot be written: ${reasonOf(error)}`
      this.report.error(
        `${text}. Make room, or let Node-RED write there; it may be needed at its end.`,
      )
      return false
    }
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
