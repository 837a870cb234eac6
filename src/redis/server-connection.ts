import type { ConnectionOptions } from 'node:tls'
import type { RedisAddress } from './address.ts'

/** How long a connection may take to be made, in ms. */
const LONGEST_CONNECT = 5_000
/** How long a server may be silent, in ms; it is asked for a sign of life in between. */
const LONGEST_SILENCE = 15_000
const PING_INTERVAL = 5_000

/** A server has answered with an error. Anything else that fails leaves open what became of a command. */
export class Refusal extends Error {}

/** What is sent to a server. */
export type Command = readonly (string | Buffer)[]

/** Where a server is. */
export type Place = RedisAddress['nodes'][number]

/** How a server is opened. */
export interface OpenOptions extends Pick<RedisAddress, 'user' | 'password' | 'database'> {
  readonly tls: ConnectionOptions | undefined
}

/** One connection to one server. Whatever it is asked fails as soon as it is lost. */
export class ServerConnection {
  readonly place: Place
  /** Resolves with the reason when it has ended, whoever ended it. */
  readonly lost: Promise<Error>
  readonly #client: Client
  readonly #isRefusal: (cause: unknown) => boolean
  readonly #lose: (cause: Error) => void
  #cause: Error | undefined
  /** Fails what is not answered. */
  readonly #unanswered = new Set<(cause: Error) => void>()

  /** Opens a server, and logs in where there is a user or a password. */
  static async open(place: Place, options: OpenOptions): Promise<ServerConnection> {
    const { createClient, ErrorReply } = await import('@redis/client')
    const { tls, user, password, database } = options
    const socket = {
      ...(tls === undefined ? {} : { servername: serverName(place.host), ...tls }),
      ...place,
      connectTimeout: LONGEST_CONNECT,
      socketTimeout: LONGEST_SILENCE,
      reconnectStrategy: false as const,
    }
    const client = createClient({
      socket: tls === undefined ? socket : { ...socket, tls: true },
      ...(user === '' ? {} : { username: user }),
      ...(password === '' ? {} : { password }),
      ...(database === 0 ? {} : { database }),
      disableOfflineQueue: true,
      disableClientInfo: true,
      maintNotifications: 'disabled',
      pingInterval: PING_INTERVAL,
    })
    const isRefusal = (cause: unknown) => cause instanceof ErrorReply
    const connection = new ServerConnection(place, client as unknown as Client, isRefusal)
    try {
      await connection.#unlessLost(client.connect())
      return connection
    } catch (error) {
      connection.end()
      throw error
    }
  }

  private constructor(place: Place, client: Client, isRefusal: (cause: unknown) => boolean) {
    const { promise, resolve } = Promise.withResolvers<Error>()
    this.place = place
    this.lost = promise
    this.#lose = resolve
    this.#client = client
    this.#isRefusal = isRefusal
    client.on('error', (error) => this.#end(error))
    client.on('terminated', (cause) => this.#end(cause))
    client.on('end', () => this.end())
  }

  /** Sends a command; rejects with a `Refusal`, or when the connection is lost first. */
  command<T>(args: Command): Promise<T> {
    return this.#unlessLost(this.#client.sendCommand(args) as Promise<T>)
  }

  /** Calls `listener` with what is published on a sharded channel. */
  subscribe(channel: string, listener: (message: string) => void): Promise<void> {
    return this.#unlessLost(this.#client.sSubscribe(channel, listener))
  }

  /** Ends the connection at once. */
  end(): void {
    this.#end(new Error('the connection was ended'))
    this.#client.destroy()
  }

  #end(cause: Error): void {
    if (this.#cause !== undefined) return
    this.#cause = cause
    this.#lose(cause)
    for (const fail of this.#unanswered) fail(cause)
    this.#unanswered.clear()
  }

  /** The client leaves some of what it was asked without an answer when its connection goes. */
  #unlessLost<T>(asked: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const answered = () => this.#unanswered.delete(reject)
      asked.then(
        (answer) => {
          answered()
          resolve(answer)
        },
        (cause) => {
          answered()
          reject(this.#isRefusal(cause) ? new Refusal(cause.message) : cause)
        },
      )
      if (this.#cause === undefined) this.#unanswered.add(reject)
      else reject(this.#cause)
    })
  }
}

/** What is used of the client. */
interface Client {
  on(event: string, listener: (cause: Error) => void): void
  sendCommand(args: Command): Promise<unknown>
  sSubscribe(channel: string, listener: (message: string) => void): Promise<void>
  destroy(): void
}

/** The name that a certificate must be for. An address is not a name. */
function serverName(host: string): string {
  return /^[\d.]+$|:/.test(host) ? '' : host
}
