import { Backoff } from '../backoff.ts'
import type { MqueueError } from '../errors.ts'
import type { Report } from '../report.ts'
import type { TlsOptions } from '../tls-options.ts'
import type { RedisAddress } from './address.ts'
import { type Connection, connect, unavailable } from './connect.ts'
import { cautions } from './server-info.ts'

/** What a link reports to its engine. */
export interface LinkEvents {
  /** The server can be used; what fails here ends the connection. */
  up(connection: Connection): Promise<void>
  /** The server cannot be used, until it is up. */
  down(error: MqueueError): void
}

type State =
  | { readonly is: 'connecting' | 'closed' }
  | { readonly is: 'up'; readonly connection: Connection }
  | { readonly is: 'down'; readonly error: MqueueError }

/** What a server refuses, by the words for people. */
const FULL = 'full'
const OTHERS = 'others'

/**
 * The connection to Redis, which is made again and again while it cannot be used. What is wrong is reported once, until a
 * call has worked again.
 */
export class Link {
  readonly #address: RedisAddress
  readonly #tls: TlsOptions | undefined
  readonly #report: () => Report
  readonly #events: LinkEvents
  #state: State = { is: 'closed' }
  /** Those who wait for another state. */
  #waiting: (() => void)[] = []
  readonly #backoff = new Backoff()
  /** What was reported, and does not work yet. */
  readonly #reported = new Set<string>()
  readonly #cautioned = new Set<string>()

  constructor(
    address: RedisAddress,
    tls: TlsOptions | undefined,
    report: () => Report,
    events: LinkEvents,
  ) {
    this.#address = address
    this.#tls = tls
    this.#report = report
    this.#events = events
  }

  get shown(): string {
    return this.#address.shown
  }

  /** Why the server cannot be used; undefined where it can, or where that is not known yet. */
  get failure(): MqueueError | undefined {
    return this.#state.is === 'down' ? this.#state.error : undefined
  }

  get isOpen(): boolean {
    return this.#state.is !== 'closed'
  }

  /** Whether the server may give up what is queued, as far as is known. */
  get mayEvict(): boolean {
    return this.#state.is === 'up' && this.#state.connection.info.evicts !== undefined
  }

  /** Connects, from now on. */
  open(): void {
    if (this.isOpen) return
    this.#become({ is: 'connecting' })
    // It does not reject.
    void this.#stayConnected()
  }

  /** Gives up the connection for another one. */
  reconnect(): void {
    if (this.#state.is === 'up') this.#state.connection.end()
  }

  /** Ends the connection. */
  close(): void {
    const state = this.#state
    this.#become({ is: 'closed' })
    this.#backoff.reset()
    if (state.is === 'up') state.connection.end()
  }

  /** The connection, as soon as there is one; undefined as soon as it is known that there is none. */
  async ready(): Promise<Connection | undefined> {
    while (this.#state.is === 'connecting') await this.#change()
    return this.#state.is === 'up' ? this.#state.connection : undefined
  }

  /** The next connection, whatever becomes of the attempts before it; undefined when the link is closed first. */
  async again(): Promise<Connection | undefined> {
    while (this.#state.is !== 'up' && this.isOpen) await this.#change()
    return this.#state.is === 'up' ? this.#state.connection : undefined
  }

  explain(cause: unknown): MqueueError {
    return unavailable(this.#address, cause)
  }

  /** A call was done. */
  works(neededRoom: boolean): void {
    if (this.#reported.size === 0) return
    const wasReported = this.#reported.delete(OTHERS)
    const wasFull = neededRoom && this.#reported.delete(FULL)
    if (wasReported || wasFull) this.#report().info(`Redis at ${this.shown} works again.`)
  }

  /** The server has refused a call; reports it once, and returns the error. */
  refuses(reason: string): MqueueError {
    const error = this.explain(new Error(reason))
    this.#reportOnce(reason.startsWith('OOM') ? FULL : OTHERS, error)
    return error
  }

  async #stayConnected(): Promise<void> {
    while (this.isOpen) {
      let connection: Connection | undefined
      try {
        connection = await connect(this.#address, this.#tls)
        await this.#events.up(connection)
        if (!this.isOpen) connection.end()
        else this.#isUp(connection)
        await connection.lost
        connection.end()
        if (this.isOpen) this.#become({ is: 'connecting' })
      } catch (cause) {
        connection?.end()
        this.#isDown(this.explain(cause))
        if (this.isOpen) await this.#backoff.wait()
      }
    }
  }

  #isUp(connection: Connection): void {
    this.#backoff.reset()
    for (const caution of cautions(connection.info)) {
      if (!this.#cautioned.has(caution)) this.#report().warn(`Redis at ${this.shown}: ${caution}`)
      this.#cautioned.add(caution)
    }
    this.#become({ is: 'up', connection })
  }

  #isDown(error: MqueueError): void {
    if (!this.isOpen) return
    this.#reportOnce(OTHERS, error)
    this.#become({ is: 'down', error })
    this.#events.down(error)
  }

  #reportOnce(what: string, error: MqueueError): void {
    if (!this.#reported.has(what)) this.#report().error(error.message)
    this.#reported.add(what)
  }

  #become(state: State): void {
    this.#state = state
    const waiting = this.#waiting
    this.#waiting = []
    for (const resolve of waiting) resolve()
  }

  #change(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve))
  }
}
