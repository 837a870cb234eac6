/** Starts a real Kamailio with the mqueue module on a loopback port, and talks to it. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import {
  closeSync,
  existsSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import http from 'node:http'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from '../support/free-port.ts'
import type {
  Line,
  Operation,
  QueueLine,
  QueueOperation,
  RpcLine,
  RpcOperation,
} from './operation.ts'

/** The queues the recorded traces use: [name, definition]. */
export const QUEUES: readonly (readonly [string, string])[] = [
  ['u0', 'name=u0'],
  ['u1', 'name=u1;addmode=1'],
  ['u2', 'name=u2;addmode=2'],
  ['s3m0', 'name=s3m0;size=3'],
  ['s3m1', 'name=s3m1;size=3;addmode=1'],
  ['s3m2', 'name=s3m2;size=3;addmode=2'],
  ['s1m0', 'name=s1m0;size=1'],
  ['s1m1', 'name=s1m1;size=1;addmode=1'],
  ['s1m2', 'name=s1m2;size=1;addmode=2'],
  ['neg', 'name=neg;size=-2'],
]

const MODULE_DIRS = ['x86_64', 'aarch64'].map(
  (cpu) => `/usr/lib/${cpu}-linux-gnu/kamailio/modules/`,
)

/** Whether a module of Kamailio is installed. */
export function hasModule(name: string): boolean {
  return MODULE_DIRS.some((dir) => existsSync(join(dir, `${name}.so`)))
}

/** Kamailio's version, or undefined where it is not installed. */
export function kamailioVersion(): string | undefined {
  try {
    return /kamailio (\S+)/.exec(execFileSync('kamailio', ['-v']).toString())?.[1]
  } catch {
    return undefined
  }
}

const hex = (text: string) => Buffer.from(text, 'utf8').toString('hex')
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.on('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.on('error', () => resolve(false))
  })
}

export interface RigOptions {
  /** Modules to load besides. */
  modules?: string[]
  /** More `case` branches for the operations over HTTP. */
  script?: string
  /** The definitions of its queues; those of the traces when absent. */
  queues?: readonly string[]
  /** The database that its queues are loaded from and saved in. */
  dbUrl?: string
  /** A free one, when absent. */
  port?: number
  /** How many processes serve it; one when absent. */
  children?: number
}

export class Rig {
  readonly #child: ChildProcess
  readonly #dir: string
  readonly port: number
  readonly #exited: Promise<unknown>
  readonly #agent = new http.Agent({ keepAlive: true, maxSockets: 1 })
  #rpcId = 0

  /** Starts one Kamailio with the queues of the traces, and resolves once its port answers. */
  static async start(options: RigOptions = {}): Promise<Rig> {
    const port = options.port ?? (await freePort())
    const rig = new Rig(port, options)
    const deadline = Date.now() + 30_000
    while (!(await answers(port))) {
      if (rig.#child.exitCode !== null || Date.now() > deadline) {
        const log = rig.#log()
        await rig.stop()
        throw new Error(`Kamailio does not start:\n${log}`)
      }
      await sleep(30)
    }
    return rig
  }

  private constructor(port: number, options: RigOptions) {
    const { modules = [], script = '', queues, dbUrl, children = 1 } = options
    this.port = port
    this.#dir = mkdtempSync(join(tmpdir(), 'mqueue-rig-'))
    const definitions = queues ?? QUEUES.map(([, text]) => text)
    // Kamailio 5.6 loads while it reads the line of a queue, so the database comes before it.
    const params = definitions.map((text) => `modparam("mqueue", "mqueue", "${text}")`)
    if (dbUrl !== undefined) params.unshift(`modparam("mqueue", "db_url", "${dbUrl}")`)
    const fill: Record<string, string | number> = {
      DEBUG: 1,
      PORT: port,
      CHILDREN: children,
      PVBUF: 200_000,
      MPATH: MODULE_DIRS.find((dir) => existsSync(dir)) ?? '',
      LOAD: modules.map((name) => `loadmodule "${name}.so"`).join('\n'),
      QUEUES: params.join('\n'),
      EXTRA: script,
      ROUTES: '',
    }
    const template = readFileSync(join(import.meta.dirname, 'kamailio.cfg.tpl'), 'utf8')
    const cfg = join(this.#dir, 'kamailio.cfg')
    writeFileSync(
      cfg,
      template.replace(/@([A-Z]+)@/g, (all, token) => String(fill[token] ?? all)),
    )
    const out = openSync(join(this.#dir, 'log'), 'w')
    const memory = ['-m', '256', '-M', '16']
    const dirs = ['-Y', this.#dir, '-w', this.#dir, '-P', join(this.#dir, 'pid')]
    this.#child = spawn('kamailio', ['-f', cfg, '-DD', '-E', ...memory, ...dirs], {
      stdio: ['ignore', out, out],
      // Its own process group: whatever happens to the main process, no worker stays behind.
      detached: true,
    })
    closeSync(out)
    const killAll = () => this.#signalAll('SIGKILL')
    process.on('exit', killAll)
    this.#exited = new Promise((resolve) => this.#child.on('exit', resolve)).then(() => {
      killAll()
      process.off('exit', killAll)
    })
  }

  /** The address of its JSON-RPC. */
  get url(): string {
    return `http://127.0.0.1:${this.port}/RPC`
  }

  /** Does an operation and returns the line of a trace that says what came of it. */
  play(operation: QueueOperation): Promise<QueueLine>
  play(operation: RpcOperation): Promise<RpcLine>
  play(operation: Operation): Promise<Line>
  async play(operation: Operation): Promise<Line> {
    if (operation.op === 'rpc') {
      const { method, params } = operation
      const call = { jsonrpc: '2.0', method, params, id: ++this.#rpcId }
      const reply = await this.#post('/RPC', JSON.stringify(call), 'application/json')
      const { error, result } = JSON.parse(reply)
      if (error === undefined) return { ...operation, result }
      return { ...operation, error: { code: error.code, message: error.message } }
    }
    const { op, q, key, val } = operation
    const item = key === undefined ? '' : `;k=x${hex(key)};v=x${hex(val ?? '')}`
    const { rc, k, v, n } = JSON.parse(await this.#post('/op', `o=${op};q=x${hex(q)}${item}`))
    return {
      ...operation,
      rc,
      ...(k === null ? {} : { k: utf8.decode(Buffer.from(k, 'hex')) }),
      ...(v === null ? {} : { v: utf8.decode(Buffer.from(v, 'hex')) }),
      n,
    }
  }

  /** Runs a branch of the script, and returns what it replied. */
  run(op: string, parameters = ''): Promise<string> {
    return this.#post('/op', `o=${op}${parameters}`)
  }

  async stop(): Promise<void> {
    this.#agent.destroy()
    this.#child.kill('SIGTERM')
    // A process misses a signal that comes just before it waits for signals. The main process then waits a minute for
    // the worker that has missed its signal.
    const again = setInterval(() => this.#signalAll('SIGTERM'), 1_000)
    await this.#exited
    clearInterval(again)
    rmSync(this.#dir, { recursive: true, force: true })
  }

  /** Sends a signal to the main process and its workers. */
  #signalAll(signal: NodeJS.Signals): void {
    try {
      process.kill(-(this.#child.pid as number), signal)
    } catch {
      // They have ended already.
    }
  }

  #log(): string {
    return readFileSync(join(this.#dir, 'log'), 'latin1')
  }

  #post(path: string, body: string, type = 'text/plain'): Promise<string> {
    return new Promise((resolve, reject) => {
      const data = Buffer.from(body)
      const request = http.request(
        {
          host: '127.0.0.1',
          port: this.port,
          path,
          method: 'POST',
          agent: this.#agent,
          headers: { 'Content-Type': type, 'Content-Length': data.length },
        },
        (response) => {
          const parts: Buffer[] = []
          response.on('data', (part) => parts.push(part))
          response.on('end', () => resolve(Buffer.concat(parts).toString('utf8')))
          response.on('error', reject)
        },
      )
      request.setTimeout(60_000, () => request.destroy(new Error('request timed out')))
      request.on('error', reject)
      request.end(data)
    })
  }
}
