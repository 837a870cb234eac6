/** Runs a real Kamailio with a whole configuration, as people write it. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SipPhone } from './sip-phone.ts'

export interface ServerOptions {
  /** The port on which the configuration has it listen for SIP by UDP on 127.0.0.1. */
  port: number
  env?: Record<string, string>
  /** What the pre-processor is given, as `NAME="text"`. */
  defines?: string[]
}

const defined = (defines: string[] = []) => defines.flatMap((one) => ['-A', one])

export class KamailioServer {
  readonly #child: ChildProcess
  readonly #dir: string
  readonly #exited: Promise<unknown>

  /** What Kamailio says about a configuration: nothing where it takes it. */
  static check(cfg: string, defines?: string[]): string {
    const dir = mkdtempSync(join(tmpdir(), 'mqueue-cfg-'))
    try {
      const file = join(dir, 'kamailio.cfg')
      writeFileSync(file, cfg)
      const { status, stderr } = spawnSync('kamailio', [
        '-c',
        '-E',
        '-f',
        file,
        ...defined(defines),
      ])
      return status === 0 ? '' : `${status}: ${stderr}`
    } finally {
      rmSync(dir, { recursive: true })
    }
  }

  /** Starts it, and resolves once it answers an OPTIONS request. */
  static async start(cfg: string, options: ServerOptions): Promise<KamailioServer> {
    const server = new KamailioServer(cfg, options)
    const phone = await SipPhone.open(options.port)
    try {
      const deadline = Date.now() + 30_000
      while ((await phone.ask({ method: 'OPTIONS' }, 200)) !== 200) {
        if (server.#child.exitCode !== null || Date.now() > deadline) {
          const { log } = server
          await server.stop()
          throw new Error(`Kamailio does not start:\n${log}`)
        }
      }
    } finally {
      phone.close()
    }
    return server
  }

  private constructor(cfg: string, { env, defines }: ServerOptions) {
    this.#dir = mkdtempSync(join(tmpdir(), 'mqueue-kamailio-'))
    const file = join(this.#dir, 'kamailio.cfg')
    writeFileSync(file, cfg)
    const out = openSync(join(this.#dir, 'log'), 'w')
    const dirs = ['-Y', this.#dir, '-w', this.#dir, '-P', join(this.#dir, 'pid')]
    const args = ['-f', file, '-DD', '-E', ...defined(defines), ...dirs]
    this.#child = spawn('kamailio', args, {
      stdio: ['ignore', out, out],
      env: { ...process.env, ...env },
      // Its own process group: whatever happens to the main process, no worker stays behind.
      detached: true,
    })
    closeSync(out)
    const killAll = () => {
      try {
        process.kill(-(this.#child.pid as number), 'SIGKILL')
      } catch {
        // It has ended already.
      }
    }
    process.on('exit', killAll)
    this.#exited = new Promise((resolve) => this.#child.on('exit', resolve)).then(() => {
      killAll()
      process.off('exit', killAll)
    })
  }

  /** Everything it has logged so far. */
  get log(): string {
    return readFileSync(join(this.#dir, 'log'), 'utf8')
  }

  async stop(): Promise<void> {
    this.#child.kill('SIGTERM')
    await this.#exited
    rmSync(this.#dir, { recursive: true, force: true })
  }
}
