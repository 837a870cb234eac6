import type { ConnectionOptions } from 'node:tls'
import { MqueueError, reasonOf } from '../errors.ts'
import type { TlsOptions } from '../tls-options.ts'
import type { RedisAddress } from './address.ts'
import {
  type Command,
  type OpenOptions,
  type Place,
  ServerConnection,
} from './server-connection.ts'
import { assertUsable, readInfo, type ServerInfo } from './server-info.ts'

/** The connections to the server that has the queues: the master that Sentinel names, the right one of a cluster. */
export interface Connection {
  /** What the server has said of itself. */
  readonly info: ServerInfo
  /** Resolves with the reason when a connection has ended, whoever ended it. */
  readonly lost: Promise<Error>
  /** Sends a command; rejects with a `Refusal`, or when the connection is lost first. */
  command<T>(args: Command): Promise<T>
  /**
   * Calls `listener` with what is published on a sharded channel. It comes by its own connection: a server sends
   * only small replies to who is subscribed.
   */
  subscribe(channel: string, listener: (message: string) => void): Promise<void>
  /** Ends the connections at once. */
  end(): void
}

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
  const connector = new Connector(address, tls)
  try {
    return await connector.connect()
  } catch (cause) {
    throw unavailable(address, cause)
  }
}

/** The error of a server that cannot be used, without anything secret. */
export function unavailable(address: RedisAddress, cause: unknown): MqueueError {
  if (cause instanceof MqueueError) return cause
  const [first] = cause instanceof AggregateError ? cause.errors : []
  const reason = reasonOf(first ?? cause) || String((cause as { code?: unknown }).code ?? cause)
  const shown = address.redact(reason).replace(/\.$/, '')
  const text = `Redis at ${address.shown} cannot be used: ${shown}. ${adviceFor(reason)}`
  // What a server says may hold a secret, and Node-RED shows the cause of an error.
  return new MqueueError('MQ_UNAVAILABLE', text)
}

function adviceFor(reason: string): string {
  if (reason.startsWith('OOM')) return 'Fetch items, or give the server more memory.'
  if (reason.startsWith('NOPERM')) return 'Allow its user what docs/redis.md lists.'
  if (reason.includes('newer version')) return 'Update this package.'
  if (reason.includes('be defined')) return 'Deploy the same definitions everywhere.'
  return 'Check that it runs, and that its address, user and password are right.'
}

class Connector {
  readonly #address: RedisAddress
  readonly #tls: ConnectionOptions | undefined

  constructor(address: RedisAddress, tls: TlsOptions | undefined) {
    this.#address = address
    this.#tls = address.isTls || tls !== undefined ? ((tls ?? {}) as ConnectionOptions) : undefined
  }

  async connect(): Promise<Connection> {
    const [calls, info] = await this.#find()
    try {
      const wakes = await this.#open(calls.place)
      return {
        info,
        lost: Promise.race([calls.lost, wakes.lost]),
        command: (args) => calls.command(args),
        subscribe: (channel, listener) => wakes.subscribe(channel, listener),
        end() {
          calls.end()
          wakes.end()
        },
      }
    } catch (error) {
      calls.end()
      throw error
    }
  }

  /** The server that has the queues. A Sentinel that is cut off may still name the one before. */
  #find(): Promise<[ServerConnection, ServerInfo]> {
    const { kind, nodes } = this.#address
    return this.#first(nodes, async (place) => {
      if (kind !== 'sentinel') return checked(await this.#follow(place))
      return checked(await this.#open(await this.#master(place)))
    })
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

  /** Asks a Sentinel where the master is. It has neither databases nor, mostly, users. */
  async #master(sentinel: Place): Promise<Place> {
    const asked = await this.#open(sentinel, { user: '', password: '', database: 0 })
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
  async #follow(place: Place): Promise<ServerConnection> {
    const opened = await this.#open(place)
    try {
      await opened.command(['EXISTS', `{${this.#address.prefix}}::clients`])
      return opened
    } catch (error) {
      opened.end()
      const [, host, port] = /^MOVED \d+ (.*):(\d+)/.exec(reasonOf(error)) ?? []
      if (port === undefined) throw error
      return this.#open({ host: host || place.host, port: Number(port) })
    }
  }

  #open(place: Place, login: Omit<OpenOptions, 'tls'> = this.#address): Promise<ServerConnection> {
    const { user, password, database } = login
    return ServerConnection.open(place, { user, password, database, tls: this.#tls })
  }
}

/** A server, once it is known to be one that can have queues. */
async function checked(server: ServerConnection): Promise<[ServerConnection, ServerInfo]> {
  try {
    const info = readInfo(await server.command<string>(['INFO']), await saveOf(server))
    assertUsable(info)
    if (info.role !== 'master') {
      throw new Error('it is a replica, which takes no changes (READONLY); name its master')
    }
    return [server, info]
  } catch (error) {
    server.end()
    throw error
  }
}

/** The server's setting `save`; undefined where it may not be asked for. */
async function saveOf(server: ServerConnection): Promise<string | undefined> {
  try {
    const { save } = await server.command<{ readonly save?: string }>(['CONFIG', 'GET', 'save'])
    return save
  } catch {
    return undefined
  }
}
