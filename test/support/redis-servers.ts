/** Servers of Redis of a test's own, on free ports of this machine, with all they have in one temporary directory. */
import { type ChildProcess, spawn } from 'node:child_process'
import {
  accessSync,
  closeSync,
  constants,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { createClient } from '@redis/client'
import { makeCertificate } from './certificate.ts'
import { freePort } from './free-port.ts'

/** How long a server, a cluster or sentinels may take to be ready, in ms. */
const READY = 60_000

export type RedisProgram = 'redis-server' | 'valkey-server'

/** Whether a program can be run. */
export function isInstalled(program: string): boolean {
  return (process.env.PATH ?? '').split(delimiter).some((directory) => {
    try {
      accessSync(join(directory, program), constants.X_OK)
      return true
    } catch {
      return false
    }
  })
}

export const HAS_REDIS = isInstalled('redis-server')

/** The programs that are there. Valkey is not to be had on every system. */
export const REDIS_PROGRAMS = (['redis-server', 'valkey-server'] as const).filter(isInstalled)

/** Lines of a configuration: a list becomes a line for each of its values. */
type Settings = Record<string, string | readonly string[]>

export interface RedisOptions {
  /** The default is `redis-server`. */
  program?: RedisProgram
  /** More settings, such as `{ appendonly: 'yes' }`, or those that replace what is set here. */
  settings?: Settings
  /** The password of the user `default`. */
  password?: string
  /** Lines of an ACL file, such as `user worker on >secret ~* +@all`. The user `default` must be among them. */
  acl?: readonly string[]
  /** A free one, when absent. */
  port?: number
  /** Whether it talks TLS alone, with a certificate that was made for it. */
  tls?: boolean
}

/** A server has ended by itself; its log says why. */
class Ended extends Error {}

/** Waits for a condition; an error is a no. */
async function ready(what: string, condition: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + READY
  for (let last: unknown; ; await sleep(20)) {
    try {
      if (await condition()) return
    } catch (error) {
      if (error instanceof Ended) throw error
      last = error
    }
    if (Date.now() > deadline) throw new Error(`${what}: not in ${READY} ms`, { cause: last })
  }
}

/** A server: Redis or Valkey, or one of their sentinels. */
export class RedisServer {
  readonly directory = mkdtempSync(join(tmpdir(), 'mqueue-redis-'))
  readonly port: number
  readonly #options: RedisOptions
  readonly #isSentinel: boolean
  #process: ChildProcess | undefined
  #ended: Promise<unknown> = Promise.resolve()
  readonly #kill = () => void this.#process?.kill('SIGKILL')

  private constructor(port: number, options: RedisOptions, isSentinel: boolean) {
    this.port = port
    this.#options = options
    this.#isSentinel = isSentinel
    process.on('exit', this.#kill)
    if (options.tls) makeCertificate(this.directory)
    if (options.acl) writeFileSync(this.#path('users.acl'), `${options.acl.join('\n')}\n`)
    this.#configure(isSentinel ? {} : { save: '""', appendonly: 'no', loglevel: 'warning' })
  }

  /** Starts one, and waits until it answers. */
  static async start(options: RedisOptions = {}, isSentinel = false): Promise<RedisServer> {
    const server = new RedisServer(options.port ?? (await freePort()), options, isSentinel)
    try {
      server.launch()
      await server.answers()
      return server
    } catch (error) {
      await server.stop()
      throw error
    }
  }

  #path(name: string): string {
    return join(this.directory, name)
  }

  #configure(defaults: Settings): void {
    const { password, acl, tls, settings } = this.#options
    const lines: Settings = {
      bind: '127.0.0.1',
      dir: this.directory,
      ...(tls ? { port: '0', 'tls-port': `${this.port}` } : { port: `${this.port}` }),
      ...(tls && {
        'tls-cert-file': this.#path('server.crt'),
        'tls-key-file': this.#path('server.key'),
        'tls-ca-cert-file': this.#path('server.crt'),
        'tls-auth-clients': 'no',
      }),
      ...(password !== undefined && { requirepass: password }),
      ...(acl && { aclfile: this.#path('users.acl') }),
      ...defaults,
      ...settings,
    }
    const text = Object.entries(lines)
      .flatMap(([name, values]) => [values].flat().map((value) => `${name} ${value}\n`))
      .join('')
    writeFileSync(this.#path('server.conf'), text)
  }

  /** The certificate that a client must trust. */
  get certificate(): string {
    return readFileSync(this.#path('server.crt'), 'utf8')
  }

  /** Its address, without a user or a password. */
  get url(): string {
    return `${this.#options.tls ? 'rediss' : 'redis'}://127.0.0.1:${this.port}`
  }

  get pid(): number {
    return this.#process?.pid as number
  }

  /** Starts the process, on the same port and directory as before, and does not wait for it. */
  launch(settings: Record<string, string> = {}): void {
    const { program = 'redis-server' } = this.#options
    const more = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value])
    const args = [this.#path('server.conf'), ...(this.#isSentinel ? ['--sentinel'] : []), ...more]
    const log = openSync(this.#path('log'), 'w')
    const child = spawn(program, args, { stdio: ['ignore', log, log] })
    closeSync(log)
    // A test that failed before it stopped its server lets the process end, which takes the server along.
    child.unref()
    this.#process = child
    this.#ended = new Promise((resolve) => {
      child.on('error', resolve)
      child.on('exit', resolve)
    })
  }

  /** Waits until it answers. */
  async answers(): Promise<void> {
    const child = this.#process
    await ready(`${this.url} answers`, async () => {
      if (child?.exitCode !== null) throw new Ended(readFileSync(this.#path('log'), 'utf8'))
      return (await this.command('PING')) === 'PONG'
    })
  }

  /** Ends it at once, without its knowing. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL')
  }

  /** Ends it in order, as an operator does. */
  async shutDown(): Promise<void> {
    await this.#end('SIGTERM')
  }

  /** Ends it in order, starts it again, and waits until it answers. */
  async restart(settings?: Record<string, string>): Promise<void> {
    await this.shutDown()
    this.launch(settings)
    await this.answers()
  }

  /** Has it do nothing, while its connections stay. */
  pause(): void {
    this.#process?.kill('SIGSTOP')
  }

  resume(): void {
    this.#process?.kill('SIGCONT')
  }

  /** Ends it for good, with all it has. */
  async stop(): Promise<void> {
    await this.#end('SIGKILL')
    process.off('exit', this.#kill)
    rmSync(this.directory, { recursive: true })
  }

  async #end(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    this.#process?.ref()
    this.#process?.kill(signal)
    await this.#ended
  }

  /** Asks it something, as the user `default`. */
  // biome-ignore lint/suspicious/noExplicitAny: who asks knows what the command answers
  command(...words: (string | number)[]): Promise<any> {
    const { password, tls } = this.#options
    const ca = tls ? this.certificate : undefined
    return ask(this.port, words, { ...(password !== undefined && { password }), ...(ca && { ca }) })
  }

  /** A number or word of `INFO`. */
  async info(field: string): Promise<string | undefined> {
    const text: string = await this.command('INFO', 'everything')
    return text
      .split('\r\n')
      .find((line) => line.startsWith(`${field}:`))
      ?.slice(field.length + 1)
  }
}

/** Asks a server of this machine something, on its own connection. */
export async function ask(
  port: number,
  words: readonly (string | number)[],
  { password, ca }: { password?: string; ca?: string } = {},
  // biome-ignore lint/suspicious/noExplicitAny: who asks knows what the command answers
): Promise<any> {
  const client = createClient({
    ...(password !== undefined && { password }),
    disableClientInfo: true,
    socket: {
      host: '127.0.0.1',
      port,
      reconnectStrategy: false,
      ...(ca !== undefined && { tls: true, ca }),
    },
  })
  // The command fails as well.
  client.on('error', () => {})
  await client.connect()
  try {
    return await client.sendCommand(words.map(String))
  } finally {
    client.destroy()
  }
}

const SLOTS = 16_384

/** A cluster of three masters. */
export class RedisCluster {
  readonly servers: readonly RedisServer[]

  private constructor(servers: readonly RedisServer[]) {
    this.servers = servers
  }

  static async start(options: RedisOptions = {}): Promise<RedisCluster> {
    const busPorts = await Promise.all([1, 2, 3].map(() => freePort()))
    const servers = await startAll(
      busPorts.map((port) => () => {
        const own = {
          'cluster-enabled': 'yes',
          'cluster-port': `${port}`,
          'cluster-node-timeout': '2000',
        }
        return RedisServer.start({ ...options, settings: { ...own, ...options.settings } })
      }),
    )
    const cluster = new RedisCluster(servers)
    try {
      const share = Math.ceil(SLOTS / servers.length)
      for (const [i, server] of servers.entries()) {
        const last = Math.min(SLOTS, (i + 1) * share) - 1
        await server.command('CLUSTER', 'SET-CONFIG-EPOCH', i + 1)
        await server.command('CLUSTER', 'ADDSLOTSRANGE', i * share, last)
        const [first, bus] = [servers[0] as RedisServer, busPorts[0] as number]
        if (i > 0) await server.command('CLUSTER', 'MEET', '127.0.0.1', first.port, bus)
      }
      await cluster.isOk()
      return cluster
    } catch (error) {
      await cluster.stop()
      throw error
    }
  }

  /** Waits until each server finds the cluster in order. */
  async isOk(): Promise<void> {
    for (const server of this.servers) {
      await ready(`the cluster of ${server.url} is in order`, async () => {
        const info: string = await server.command('CLUSTER', 'INFO')
        return ['state:ok', 'known_nodes:3', 'size:3'].every((word) =>
          info.includes(`cluster_${word}\r`),
        )
      })
    }
  }

  /** The address of a cluster by all its servers. */
  get url(): string {
    return `redis+cluster://${this.servers.map(({ port }) => `127.0.0.1:${port}`).join(',')}`
  }

  /** The server that has the slot of a key. */
  async serverOf(key: string): Promise<RedisServer> {
    const slot = await this.servers[0]?.command('CLUSTER', 'KEYSLOT', key)
    const ranges: [from: number, to: number, master: [host: string, port: number]][] =
      await this.servers[0]?.command('CLUSTER', 'SLOTS')
    const port = ranges.find(([from, to]) => from <= slot && slot <= to)?.[2][1]
    return this.servers.find((server) => server.port === port) as RedisServer
  }

  /** Moves the slot of a key, with all keys in it, to another server. */
  async moveSlotOf(key: string, to: RedisServer): Promise<void> {
    const from = await this.serverOf(key)
    const slot = await from.command('CLUSTER', 'KEYSLOT', key)
    const [fromId, toId] = [
      await from.command('CLUSTER', 'MYID'),
      await to.command('CLUSTER', 'MYID'),
    ]
    await to.command('CLUSTER', 'SETSLOT', slot, 'IMPORTING', fromId)
    await from.command('CLUSTER', 'SETSLOT', slot, 'MIGRATING', toId)
    for (;;) {
      const keys: string[] = await from.command('CLUSTER', 'GETKEYSINSLOT', slot, 100)
      if (keys.length === 0) break
      const how = ['127.0.0.1', to.port, '', 0, 5_000, 'KEYS', ...keys]
      await from.command('MIGRATE', ...how)
    }
    await to.command('CLUSTER', 'SETSLOT', slot, 'NODE', toId)
    for (const server of this.servers)
      await server.command('CLUSTER', 'SETSLOT', slot, 'NODE', toId)
  }

  async stop(): Promise<void> {
    await Promise.all(this.servers.map((server) => server.stop()))
  }
}

/** A master with a replica, and three sentinels that watch them under the name `main`. */
export class RedisSentinels {
  readonly master: RedisServer
  readonly replica: RedisServer
  readonly sentinels: readonly RedisServer[]

  private constructor(servers: readonly RedisServer[]) {
    const [master, replica, ...sentinels] = servers
    this.master = master as RedisServer
    this.replica = replica as RedisServer
    this.sentinels = sentinels
  }

  static async start(options: RedisOptions = {}): Promise<RedisSentinels> {
    const [master, replica] = await startReplicated(options)
    const { program } = options
    const monitor = [
      `monitor main 127.0.0.1 ${master.port} 2`,
      'down-after-milliseconds main 1000',
      'failover-timeout main 5000',
    ]
    let sentinels: RedisServer[]
    try {
      const start = () =>
        RedisServer.start({ ...(program && { program }), settings: { sentinel: monitor } }, true)
      sentinels = await startAll([start, start, start])
    } catch (error) {
      await Promise.all([master.stop(), replica.stop()])
      throw error
    }
    const all = new RedisSentinels([master, replica, ...sentinels])
    try {
      for (const sentinel of sentinels) {
        await ready(`${sentinel.url} knows the others`, async () => {
          const list: string[] = fieldsOf(await sentinel.command('SENTINEL', 'MASTER', 'main'))
          const field = (name: string) => list[list.indexOf(name) + 1]
          return field('num-slaves') === '1' && field('num-other-sentinels') === '2'
        })
      }
      return all
    } catch (error) {
      await all.stop()
      throw error
    }
  }

  get url(): string {
    return `redis+sentinel://${this.sentinels.map(({ port }) => `127.0.0.1:${port}`).join(',')}/main`
  }

  async stop(): Promise<void> {
    await Promise.all([...this.sentinels, this.master, this.replica].map((server) => server.stop()))
  }
}

/** Names and values in turns, whatever version of the protocol they came by. */
function fieldsOf(reply: string[] | Record<string, string>): string[] {
  return Array.isArray(reply) ? reply : Object.entries(reply).flat()
}

/** Starts a master and a replica that is in step with it. */
export async function startReplicated(
  options: RedisOptions = {},
): Promise<[master: RedisServer, replica: RedisServer]> {
  const quick = { 'repl-diskless-sync-delay': '0' }
  const master = await RedisServer.start({
    ...options,
    settings: { ...quick, ...options.settings },
  })
  try {
    const settings = { replicaof: `127.0.0.1 ${master.port}`, ...quick, ...options.settings }
    const replica = await RedisServer.start({ ...options, settings })
    await ready(
      'the replica follows',
      async () => (await replica.info('master_link_status')) === 'up',
    )
    return [master, replica]
  } catch (error) {
    await master.stop()
    throw error
  }
}

/** Starts servers at once; where one does not start, none is left. */
async function startAll(starts: readonly (() => Promise<RedisServer>)[]): Promise<RedisServer[]> {
  const outcomes = await Promise.allSettled(starts.map((start) => start()))
  const servers = outcomes.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
  const failed = outcomes.find((one) => one.status === 'rejected')
  if (failed === undefined) return servers
  await Promise.all(servers.map((server) => server.stop()))
  throw failed.reason
}
