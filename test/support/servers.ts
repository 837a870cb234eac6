/** Servers of a test's own, on free ports of this machine, with all they have in one temporary directory. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { chmodSync, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import mysql from 'mysql2/promise'
import pg from 'pg'
import type { Rows } from './databases.ts'
import { freePort } from './free-port.ts'

const POSTGRES = '/usr/lib/postgresql'
const PGBOUNCER = '/usr/sbin/pgbouncer'
const MARIADB = '/usr/sbin/mariadbd'

const isRoot = process.getuid?.() === 0

/** Whether `PostgresServer` and the others can be started; each refuses to run as root, and root starts them. */
export const HAS_POSTGRES = isRoot && existsSync(POSTGRES)
export const HAS_PGBOUNCER = HAS_POSTGRES && existsSync(PGBOUNCER)
export const HAS_MARIADB = isRoot && existsSync(MARIADB)

/** A program that serves on a port. */
class OwnServer {
  readonly directory: string
  readonly port: number
  readonly #account: string
  #process: ChildProcess | undefined
  #ended: Promise<unknown> | undefined

  protected constructor(account: string, port: number) {
    this.#account = account
    this.port = port
    this.directory = mkdtempSync(join(tmpdir(), 'mqueue-server-'))
    chmodSync(this.directory, 0o755)
  }

  /** Makes a directory that is the account's own. */
  make(name: string): string {
    const path = join(this.directory, name)
    execFileSync('install', ['-d', '-o', this.#account, '-m', '700', path])
    return path
  }

  /** Writes a file that the account may read. */
  write(name: string, text: string): string {
    const path = join(this.directory, name)
    writeFileSync(path, text)
    return path
  }

  /** Runs a command as the account, to its end. */
  run(command: string, args: readonly string[]): void {
    execFileSync('runuser', ['-u', this.#account, '--', command, ...args], { stdio: 'pipe' })
  }

  /** Starts the program, and waits until it listens. */
  async serve(command: string, args: readonly string[]): Promise<void> {
    const idOf = (flag: string) => Number(execFileSync('id', [flag, this.#account]))
    const options = { uid: idOf('-u'), gid: idOf('-g'), cwd: this.directory }
    const server = spawn(command, args, { ...options, stdio: ['ignore', 'ignore', 'pipe'] })
    this.#process = server
    this.#ended = new Promise((resolve) => server.on('exit', resolve))
    let said = ''
    server.stderr?.on('data', (text) => {
      said += text
    })
    while (!(await listens(this.port))) {
      if (server.exitCode !== null) throw new Error(`${command} has ended: ${said}`)
      await sleep(20)
    }
  }

  get pid(): number {
    return this.#process?.pid as number
  }

  /** Ends it without a care for its data. */
  async stop(): Promise<void> {
    this.#process?.kill('SIGQUIT')
    await this.#ended
    rmSync(this.directory, { recursive: true })
  }
}

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.on('error', () => resolve(false))
    socket.on('connect', () => {
      socket.destroy()
      resolve(true)
    })
  })
}

/** A PostgreSQL. */
export class PostgresServer extends OwnServer {
  /** @param hba who is let in, and how: the lines of pg_hba.conf before the one that trusts the user postgres */
  static async start(hba = '', settings: readonly string[] = []): Promise<PostgresServer> {
    const server = new PostgresServer('postgres', await freePort())
    const bin = join(POSTGRES, readdirSync(POSTGRES).at(-1) as string, 'bin')
    const data = server.make('data')
    server.run(join(bin, 'initdb'), ['-D', data, '-A', 'trust', '--no-sync'])
    const trust = 'host all postgres 127.0.0.1/32 trust\n'
    writeFileSync(join(data, 'pg_hba.conf'), `${hba}\n${trust}`)
    const all = ['fsync=off', 'unix_socket_directories=', `port=${server.port}`, ...settings]
    const options = ['listen_addresses=127.0.0.1', ...all].flatMap((one) => ['-c', one])
    await server.serve(join(bin, 'postgres'), ['-D', data, ...options])
    while (!(await server.query('select 1').catch(() => undefined))) await sleep(20)
    return server
  }

  /** The address of its database, for a user; without a password unless one is given. */
  url(user = 'postgres', password = ''): string {
    return `postgres://${user}${password && `:${password}`}@127.0.0.1:${this.port}/postgres`
  }

  /** Lets no file be longer than so many bytes, as if the disk were full. A log of the server takes 16 MiB. */
  async limitFiles(bytes: number | 'unlimited'): Promise<void> {
    const found = await this.query(`select pid from pg_stat_activity where client_addr is not null`)
    // A session that has ended meanwhile needs no limit.
    const limited = (pid: unknown) =>
      `prlimit --pid ${pid} --fsize=${bytes}:unlimited || ! kill -0 ${pid}`
    for (const { pid } of [this, ...found]) this.run('sh', ['-c', limited(pid)])
  }

  /** Runs statements in their own session. */
  async query(text: string): Promise<Rows> {
    const client = new pg.Client(this.url())
    await client.connect()
    try {
      return (await client.query(text)).rows
    } finally {
      await client.end()
    }
  }
}

/** A PgBouncer in front of a PostgreSQL. */
export class PgBouncer extends OwnServer {
  /** @param settings lines of its configuration, such as `pool_mode = session` */
  static async start(behind: PostgresServer, settings: readonly string[]): Promise<PgBouncer> {
    const server = new PgBouncer('postgres', await freePort())
    const users = server.write('users.txt', '"postgres" ""\n')
    const lines = [
      '[databases]',
      `* = host=127.0.0.1 port=${behind.port}`,
      '[pgbouncer]',
      'listen_addr = 127.0.0.1',
      `listen_port = ${server.port}`,
      'unix_socket_dir =',
      'auth_type = trust',
      `auth_file = ${users}`,
      ...settings,
    ]
    await server.serve(PGBOUNCER, [server.write('pgbouncer.ini', lines.join('\n'))])
    return server
  }

  get url(): string {
    return `postgres://postgres@127.0.0.1:${this.port}/postgres`
  }

  /** Sends it an order, which needs `admin_users = postgres`. */
  async command(text: string): Promise<void> {
    const client = new pg.Client(`postgres://postgres@127.0.0.1:${this.port}/pgbouncer`)
    await client.connect()
    try {
      await client.query(text)
    } finally {
      await client.end()
    }
  }
}

/** A MariaDB. */
export class MariadbServer extends OwnServer {
  static async start(args: readonly string[] = []): Promise<MariadbServer> {
    const server = new MariadbServer('mysql', await freePort())
    const data = join(server.make('data'), 'files')
    const install = ['--auth-root-authentication-method=normal', '--skip-test-db']
    server.run('mariadb-install-db', ['--no-defaults', ...install, `--datadir=${data}`])
    const socket = join(server.directory, 'data/socket')
    const own = [`--datadir=${data}`, `--socket=${socket}`, `--port=${server.port}`]
    const options = ['--bind-address=127.0.0.1', '--innodb-flush-log-at-trx-commit=0', ...args]
    await server.serve(MARIADB, ['--no-defaults', ...own, ...options])
    await server.query('create database test')
    return server
  }

  url(user = 'root', password = ''): string {
    return `mysql://${user}${password && `:${password}`}@127.0.0.1:${this.port}/test`
  }

  /** Runs statements in their own session. */
  async query(text: string): Promise<Rows> {
    const uri = `mysql://root@127.0.0.1:${this.port}`
    const client = await mysql.createConnection({ uri, multipleStatements: true })
    try {
      return (await client.query(text))[0] as Rows
    } finally {
      await client.end()
    }
  }
}
