import type { ConnectionOptions } from 'node:tls'
import { MqueueError, reasonOf } from '../errors.ts'
import type { TlsOptions } from '../tls-options.ts'
import type { RedisAddress } from './address.ts'
import { assertUsable, readInfo, type ServerInfo } from './server-info.ts'

/** How long a connection may take to be made, in ms. */
const LONGEST_CONNECT = 5_000
/** How long a server may be silent, in ms; it is asked for a sign of life in between. */
const LONGEST_SILENCE = 15_000
const PING_INTERVAL = 5_000

/** A server has answered with an error. Anything else that fails leaves open what became of a command. */
export class Refusal extends Error {}

/** What is sent to a server. */
export type Command = readonly (string | Buffer)[]

/** A connection to the server that has the queues: the master that Sentinel names, the right one of a cluster. */
export interface Connection {
  /** What the server has said of itself. */
  readonly info: ServerInfo
  /** Resolves with the reason when the connection has ended, whoever ended it. */
  readonly lost: Promise<Error>
  /** Sends a command; rejects with a `Refusal`, or when the connection is lost first. */
  command<T>(args: Command): Promise<T>
  /** Calls `listener` with what is published on a sharded channel. */
  subscribe(channel: string, listener: (message: string) => void): Promise<void>
  /** Ends the connection at once. */
  end(): void
}

type Place = RedisAddress['nodes'][number]
type Bare = Omit<Connection, 'info'>

/**
 * Connects to the server that has the queues now.
 *
 * @param tls how TLS is spoken, such as by the options of a `tls-config` node; by default as the address says
 * @throws MqueueError `MQ_UNAVAILABLE` with the reason, without anything secret
 */
export async function connect(
  address: RedisAddress,
  tls: TlsOptions | undefined,
): Promise<Connection> {
  const connections = new Connections(address, tls)
  try {
    return await connections.connect()
  } catch (cause) {
    throw unavailable(address, cause)
  }
}

/** The error of a server that cannot be used, without anything secret. */
export function unavailable(address: RedisAddress, cause: unknown): MqueueError {
  if (cause instanceof MqueueError) return cause
  const [first] = cause instanceof AggregateError ? cause.errors : []
  const reason = reasonOf(first ?? cause) || String((cause as { code?: unknown }).code ?? cause)
  const text = `Redis at ${address.shown} cannot be used: ${address.redact(reason)}`
  return new MqueueError('MQ_UNAVAILABLE', text, { cause })
}

class Connections {
  readonly #address: RedisAddress
  readonly #tls: ConnectionOptions | undefined

  constructor(address: RedisAddress, tls: TlsOptions | undefined) {
    this.#address = address
    this.#tls = address.isTls || tls !== undefined ? ((tls ?? {}) as ConnectionOptions) : undefined
  }

  async connect(): Promise<Connection> {
    const found = await this.#find()
    try {
      const info = readInfo(await found.command<string>(['INFO']), await saveOf(found))
      assertUsable(info)
      if (info.role !== 'master') throw new Error('READONLY it is a replica of another server')
      return Object.assign(found, { info })
    } catch (error) {
      found.end()
      throw error
    }
  }

  /** The server that has the queues. */
  async #find(): Promise<Bare> {
    const { kind, nodes } = this.#address
    if (kind === 'sentinel') return this.#open(await this.#first(nodes, (one) => this.#master(one)))
    return this.#first(nodes, (one) => this.#follow(one))
  }

  /** The first place at which something works. */
  async #first<T>(places: readonly Place[], attempt: (place: Place) => Promise<T>): Promise<T> {
    let failure: unknown
    for (const place of places) {
      try {
        return await attempt(place)
      } catch (error) {
        failure ??= error
      }
    }
    throw failure
  }

  /** Asks a Sentinel where the master is. */
  async #master(sentinel: Place): Promise<Place> {
    const asked = await this.#open(sentinel, false)
    try {
      const { master } = this.#address
      const command = ['SENTINEL', 'get-master-addr-by-name', master]
      const found = await asked.command<[string, string] | null>(command)
      if (found === null) throw new Error(`Sentinel knows no master "${master}"`)
      return { host: found[0], port: Number(found[1]) }
    } finally {
      asked.end()
    }
  }

  /** Opens a server or, where it says that another one of its cluster has the queues, that one. */
  async #follow(place: Place): Promise<Bare> {
    const opened = await this.#open(place)
    try {
      await opened.command(['EXISTS', `{${this.#address.prefix}}:clients`])
      return opened
    } catch (error) {
      opened.end()
      const [, host, port] = /^MOVED \d+ (.*):(\d+)/.exec(reasonOf(error)) ?? []
      if (port === undefined) throw error
      return this.#open({ host: host || place.host, port: Number(port) })
    }
  }

  /** @param isServer whether it has queues; a Sentinel has neither databases nor, mostly, users */
  async #open(place: Place, isServer = true): Promise<Bare> {
    const { createClient, ErrorReply } = await import('@redis/client')
    const { user, password, database } = this.#address
    const options = {
      ...(this.#tls === undefined ? {} : { servername: serverName(place.host), ...this.#tls }),
      ...place,
      connectTimeout: LONGEST_CONNECT,
      socketTimeout: LONGEST_SILENCE,
      reconnectStrategy: false as const,
    }
    const client = createClient({
      socket: this.#tls === undefined ? options : { ...options, tls: true },
      ...(isServer && user !== '' ? { username: user } : {}),
      ...(isServer && password !== '' ? { password } : {}),
      ...(isServer && database !== 0 ? { database } : {}),
      disableOfflineQueue: true,
      disableClientInfo: true,
      maintNotifications: 'disabled',
      pingInterval: PING_INTERVAL,
    })
    const { promise: lost, resolve: lose } = Promise.withResolvers<Error>()
    client.on('error', (error: Error) => lose(error))
    client.on('terminated', (cause: Error) => lose(cause))
    client.on('end', () => lose(new Error('the connection was ended')))
    try {
      await client.connect()
    } catch (error) {
      client.destroy()
      throw error
    }
    return {
      lost,
      async command<T>(args: Command) {
        try {
          return await client.sendCommand<T>(args)
        } catch (cause) {
          throw cause instanceof ErrorReply ? new Refusal(cause.message) : cause
        }
      },
      subscribe: (channel, listener) => client.sSubscribe(channel, listener),
      end: () => client.destroy(),
    }
  }
}

/** The server's setting `save`; undefined where it may not be asked for. */
async function saveOf({ command }: Bare): Promise<string | undefined> {
  try {
    const { save } = await command<{ readonly save?: string }>(['CONFIG', 'GET', 'save'])
    return save
  } catch {
    return undefined
  }
}

/** The name that a certificate must be for. An address is no name. */
function serverName(host: string): string {
  return /^[\d.]+$|:/.test(host) ? '' : host
}
