import { setTimeout as wait } from 'node:timers/promises'
import { type Address, reasonAt } from '../address.ts'
import { MqueueError } from '../errors.ts'
import {
  type Driver,
  type OpenOptions,
  StoreGone,
  type TableChanges,
  UncertainCommit,
  Unusable,
} from './drivers/driver.ts'

export { StoreGone, UncertainCommit } from './drivers/driver.ts'

/** How long closing in good order may take, in ms. */
const CLOSE_TIMEOUT = 1_000

/** What is done in a turn. `progressed` says that it gets on, and its timeout starts again. */
type Work<T> = (driver: Driver, progressed: () => void) => Promise<T>

/**
 * One connection to a database. Transactions take their turns on it, and each has a time in which it must
 * get on. Once the connection is lost it stays lost; whoever needs another one opens it.
 */
export class Connection {
  readonly address: Address
  readonly #driver: Driver
  /** Settles when the transaction that was asked for last is over. */
  #last: Promise<unknown> = Promise.resolve()
  #lost: Error | undefined
  /** Gives up the transaction that is under way. */
  #giveUp: (() => void) | undefined
  #onLost: ((error: Error) => void) | undefined
  /** Whether the work under way has come to where it may have been made for good. */
  #committing = false

  /**
   * Opens a connection.
   *
   * @param owner distinguishes this database object from all others, in any process
   * @throws MqueueError `MQ_UNAVAILABLE`, with what to do and without anything secret
   */
  static async open(address: Address, owner: string): Promise<Connection> {
    let connection: Connection | undefined
    const onLost = (cause: unknown) => connection?.lose(cause)
    try {
      connection = new Connection(address, await openDriver(address, { owner, onLost }))
      return connection
    } catch (cause) {
      throw unusable(address, cause)
    }
  }

  private constructor(address: Address, driver: Driver) {
    this.address = address
    this.#driver = driver
  }

  /** Why the connection is of no use any more; undefined while it is. */
  get lost(): Error | undefined {
    return this.#lost
  }

  /** Calls a function once, when the connection is lost. */
  onLost(listener: (error: Error) => void): void {
    this.#onLost = listener
  }

  /**
   * Does some work in a transaction, after those that were asked for before it.
   *
   * @param timeout how long it may go on without a call of `progressed`, in ms
   * @throws UncertainCommit when it is not known whether it was made; anything else, when nothing was changed
   */
  transaction<T>(work: Work<T>, timeout: number): Promise<T> {
    return this.#inTurn(timeout, async (progressed) => {
      let result: T
      try {
        await this.#driver.begin()
        result = await work(this.#driver, progressed)
      } catch (error) {
        await this.#rollback()
        throw error
      }
      this.#committing = true
      try {
        await this.#driver.commit()
      } catch (cause) {
        await this.#rollback()
        throw new UncertainCommit(reasonAt(this.address, cause))
      }
      return result
    })
  }

  /**
   * Makes some changes in their own transaction, in its turn.
   *
   * @param timeout how long it may take, in ms
   * @throws UncertainCommit when it is not known whether they were made; anything else, when they were not
   */
  write(changes: readonly TableChanges[], timeout: number): Promise<void> {
    return this.#inTurn(timeout, () => {
      this.#committing = true
      return this.#driver.write(changes)
    })
  }

  /** Gives up the connection, in its turn, if no transaction can be begun over it. Other failures are none here. */
  async probe(timeout: number): Promise<void> {
    await this.transaction(async () => {}, timeout).catch(() => {})
  }

  /**
   * Does some work without a transaction around it, in its turn.
   *
   * @param timeout how long it may go on without a call of `progressed`, in ms
   */
  withoutTransaction<T>(work: Work<T>, timeout: number): Promise<T> {
    return this.#inTurn(timeout, (progressed) => work(this.#driver, progressed))
  }

  /** Ends the connection, after what is under way on it. */
  async close(): Promise<void> {
    if (this.#lost !== undefined) return
    await this.#last
    this.#lost = new Error('The connection was closed.')
    // Whoever waits for this must get to what they do then.
    this.#driver.hold(true)
    const tooLong = new AbortController()
    const closing = this.#driver.close().catch(() => {})
    await Promise.race([closing, wait(CLOSE_TIMEOUT, undefined, tooLong).catch(() => {})])
    tooLong.abort()
    this.#driver.destroy()
  }

  /** Ends the connection at once: what is under way on it fails. */
  lose(cause: unknown): void {
    if (this.#lost !== undefined) return
    const reason = reasonAt(this.address, cause)
    if (cause instanceof MqueueError) this.#lost = cause
    else this.#lost = cause instanceof StoreGone ? new StoreGone(reason) : new Error(reason)
    this.#driver.destroy()
    this.#giveUp?.()
    this.#onLost?.(this.#lost)
  }

  async #rollback(): Promise<void> {
    try {
      if (this.#lost === undefined) await this.#driver.rollback()
    } catch (error) {
      this.lose(error)
    }
  }

  #inTurn<T>(timeout: number, work: (progressed: () => void) => Promise<T>): Promise<T> {
    const turn = this.#last.then(() => this.#guarded(timeout, work))
    this.#last = turn.catch(() => {})
    return turn
  }

  /** Work that ends when the connection does, and ends the connection when it does not get on. */
  #guarded<T>(timeout: number, work: (progressed: () => void) => Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      if (this.#lost !== undefined) throw this.#lost
      const tooLong = () => this.lose(new Error(`no answer within ${timeout / 1000} seconds`))
      const timer = setTimeout(tooLong, timeout)
      this.#committing = false
      this.#giveUp = () => {
        const lost = this.#lost as Error
        const isUncertain = this.#committing && !(lost instanceof StoreGone)
        reject(isUncertain ? new UncertainCommit(lost.message) : lost)
      }
      // The process must not end while somebody waits for this.
      this.#driver.hold(true)
      work(() => timer.refresh())
        .then(resolve, (error) => {
          if (!(error instanceof Unusable)) return reject(error)
          const failure = unusable(this.address, error)
          reject(failure)
          this.lose(failure)
        })
        .finally(() => {
          clearTimeout(timer)
          this.#driver.hold(false)
          this.#giveUp = undefined
        })
    })
  }
}

/** The error of a database that cannot be used, with what to do and without anything secret. */
function unusable(address: Address, cause: unknown): MqueueError {
  if (cause instanceof MqueueError) return cause
  // Some reasons are sentences already.
  const reason = reasonAt(address, cause).replace(/\.$/, '')
  const text = `The database ${address.shown} cannot be used: ${reason}. ${adviceFor(address, cause)}`
  return new MqueueError('MQ_UNAVAILABLE', text)
}

function adviceFor({ kind }: Address, cause: unknown): string {
  if (cause instanceof Unusable) return cause.advice
  return kind === 'sqlite'
    ? 'Check that its directory is there and that this process may write to it.'
    : 'Check that it runs and that the address, the user and the password are right.'
}

/** Opens a driver; each is loaded only when it is used. */
async function openDriver(address: Address, options: OpenOptions): Promise<Driver> {
  const { kind, target, isOwn } = address
  if (kind === 'sqlite') {
    return (await import('./drivers/sqlite.ts')).openSqlite(target, isOwn, options)
  }
  if (kind === 'postgres') {
    return (await import('./drivers/postgres.ts')).openPostgres(target, options)
  }
  return (await import('./drivers/mysql.ts')).openMysql(target, options)
}
