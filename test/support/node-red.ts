/** Starts and drives real Node-RED processes. */
import { type ChildProcess, spawn } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from './free-port.ts'
import { nodeFor } from './node-under-test.ts'

export const PROJECT = join(import.meta.dirname, '../..')
/** Where the coverage of a Node-RED is written; blank where it is not measured. */
const MEASURED = process.env.NODE_RED_COVERAGE ?? ''
/** Where Node.js keeps what it has compiled, as some hundred processes load the same code. It lowers a coverage. */
const COMPILED = MEASURED ? {} : { NODE_COMPILE_CACHE: join(tmpdir(), 'mqueue-compiled') }
const OBSERVER = join(import.meta.dirname, 'observer')

/** The Node-RED lines that the package promises to work in, by the name they are installed under. */
export const LINES = { '5': 'node-red', '4.1': 'node-red-4' } as const
export type Line = keyof typeof LINES

/** For `nodesExcludes`: what takes a third of the time to start, for tests that start very many and need none of it. */
export const SLOW_TO_LOAD = [
  '05-tls.js',
  '10-file.js',
  '10-function.js',
  '10-mqtt.js',
  '21-httpin.js',
  '21-httprequest.js',
  '22-websocket.js',
  '23-watch.js',
  '31-tcpin.js',
  '32-udp.js',
  '70-CSV.js',
  '70-HTML.js',
  '70-XML.js',
  '70-YAML.js',
  '80-template.js',
  '90-exec.js',
]

export type FlowNode = Record<string, unknown> & { id: string; type: string }
export type DeployType = 'full' | 'nodes' | 'flows' | 'reload'

export interface Options {
  line?: Line
  /** The Node.js that runs it; when absent, what `nodeFor` says of the flows. */
  node?: string
  /** The user directory; made, with this package linked into it, when absent. */
  userDir?: string
  /** A free one, when absent. */
  port?: number
  flows?: FlowNode[]
  env?: Record<string, string>
  /** Logs how each message ended (see observer/), and adds a context store named `slow`. */
  observed?: boolean
  /** More settings, which JSON can hold. */
  settings?: object
  /** Members of an object in JavaScript: settings that JSON cannot hold. */
  settingsCode?: string
}

/** Makes a user directory in which Node-RED finds this package as it was built, here or in another directory. */
export function makeUserDir(built = PROJECT): string {
  const userDir = mkdtempSync(join(tmpdir(), 'mqueue-user-'))
  mkdirSync(join(userDir, 'node_modules/@mqueue'), { recursive: true })
  symlinkSync(built, join(userDir, 'node_modules/@mqueue/node-red-mqueue'), 'junction')
  return userDir
}

/** The flows of a user directory. */
function flowsIn(userDir: string): FlowNode[] {
  const file = join(userDir, 'flows.json')
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : []
}

export class NodeRed {
  readonly url: string
  readonly line: Line
  readonly userDir: string
  readonly #child: ChildProcess
  readonly #exited: Promise<{ code: number | null; signal: string | null }>
  #log = ''

  /** Starts a process, and resolves once its flows have started. */
  static async start(options: Options = {}): Promise<NodeRed> {
    const nodeRed = await NodeRed.launch(options)
    try {
      await nodeRed.logged(/Started flows/)
      await nodeRed.logged(/Server now running/)
    } catch (error) {
      // Nobody else knows of the process, and mocha does not end before it has.
      await nodeRed.stop({ signal: 'SIGKILL' })
      throw new Error(`${(error as Error).message}:\n${nodeRed.log}`)
    }
    return nodeRed
  }

  /** Starts a process. */
  static async launch(options: Options = {}): Promise<NodeRed> {
    return new NodeRed(options, options.port ?? (await freePort()))
  }

  private constructor(
    {
      line = '5',
      userDir = makeUserDir(),
      flows,
      node = nodeFor(flows ?? flowsIn(userDir)),
      env,
      observed,
      ...given
    }: Options,
    port: number,
  ) {
    this.userDir = userDir
    this.line = line
    this.url = `http://127.0.0.1:${port}`
    const settings = {
      uiHost: '127.0.0.1',
      uiPort: port,
      credentialSecret: 'test',
      flowFile: 'flows.json',
      telemetry: { enabled: false, updateNotification: false },
      editorTheme: { tours: false },
      externalModules: { palette: { allowInstall: false } },
      runtimeState: { enabled: true, ui: true },
      logging: { console: { level: 'info', metrics: false, audit: false } },
      ...given.settings,
    }
    const extra = observed
      ? `Object.assign(module.exports, {
          nodesDir: ${JSON.stringify(OBSERVER)},
          contextStorage: {
            default: { module: 'memory' },
            slow: { module: require(${JSON.stringify(join(OBSERVER, 'slow-context.js'))}) },
          },
        })`
      : ''
    const code = `Object.assign(module.exports, {${given.settingsCode ?? ''}})`
    const text = `module.exports = ${JSON.stringify(settings)}\n${extra}\n${code}\n`
    writeFileSync(join(userDir, 'settings.cjs'), text)
    if (flows !== undefined) writeFileSync(join(userDir, 'flows.json'), JSON.stringify(flows))
    const red = join(PROJECT, 'node_modules', LINES[line], 'red.js')
    const args = [red, '-u', userDir, '-s', join(userDir, 'settings.cjs')]
    this.#child = spawn(node, args, {
      // A lane says whether the coverage of what was built is measured: it takes its time.
      env: {
        ...process.env,
        ...COMPILED,
        NODE_V8_COVERAGE: MEASURED,
        PORT: String(port),
        ...env,
      },
    })
    this.#child.stdout?.on('data', (chunk) => {
      this.#log += chunk
    })
    this.#child.stderr?.on('data', (chunk) => {
      this.#log += chunk
    })
    this.#exited = new Promise((resolve) => {
      this.#child.on('exit', (code, signal) => resolve({ code, signal }))
    })
  }

  /** Settles when the process has ended, with its exit code or the signal that ended it. */
  get ended(): Promise<{ code: number | null; signal: string | null }> {
    return this.#exited
  }

  /** Everything the process printed so far. */
  get log(): string {
    return this.#log
  }

  /** Waits until the log, from an offset on, has a text. */
  async logged(text: RegExp, from = 0): Promise<void> {
    await until(() => {
      if (this.#child.exitCode !== null) throw new Error(`Node-RED ended:\n${this.#log}`)
      return text.test(this.#log.slice(from))
    }, `the log to have ${text}`)
  }

  /** Deploys flows as the editor does, and resolves once they have started. */
  async deploy(
    flows: FlowNode[],
    type: DeployType = 'full',
    logs = /Started (modified )?(flows|nodes)/,
  ): Promise<void> {
    const from = this.#log.length
    const headers = { 'Content-Type': 'application/json', 'Node-RED-Deployment-Type': type }
    const body = JSON.stringify(flows)
    const response = await fetch(`${this.url}/flows`, { method: 'POST', headers, body })
    if (!response.ok) throw new Error(`deploy: ${response.status} ${await response.text()}`)
    await this.logged(logs, from)
  }

  /** Changes the flow file behind the back of the process. */
  replaceFlowFile(flows: FlowNode[]): void {
    writeFileSync(join(this.userDir, 'flows.json'), JSON.stringify(flows))
  }

  /** Stops or starts the flows, as the editor's menu does. */
  async setState(state: 'start' | 'stop'): Promise<void> {
    const from = this.#log.length
    const headers = { 'Content-Type': 'application/json' }
    const body = JSON.stringify({ state })
    const response = await fetch(`${this.url}/flows/state`, { method: 'POST', headers, body })
    if (!response.ok) throw new Error(`state: ${response.status} ${await response.text()}`)
    await this.logged(state === 'start' ? /Started flows/ : /Stopped flows/, from)
  }

  /** POSTs JSON to the admin root. */
  post(path: string, body: unknown, headers: Record<string, string> = {}): Promise<Response> {
    return fetch(`${this.url}/${path}`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', ...headers },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    })
  }

  /**
   * Logs a user in, and returns the token that goes with a request.
   *
   * @param root of the admin API, with a slash behind it
   */
  async login(
    { username, permissions }: { username: string; permissions: string | readonly string[] },
    password: string,
    root = '',
  ): Promise<string> {
    const scope = [permissions].flat().join(' ')
    const who = { client_id: 'node-red-admin', grant_type: 'password', scope, username, password }
    const response = await this.post(`${root}auth/token`, who)
    const { access_token } = (await response.json()) as { access_token?: string }
    if (access_token === undefined) throw new Error(`${username} is not let in`)
    return access_token
  }

  /** Sends a message through a probe of the flow (see flows.ts) and returns what came out. */
  async ask(probe: string, message: object = {}): Promise<Answer> {
    const headers = { 'Content-Type': 'application/json' }
    const body = JSON.stringify(message)
    const response = await fetch(`${this.url}/probe/${probe}`, { method: 'POST', headers, body })
    if (!response.ok) throw new Error(`${probe}: ${response.status} ${await response.text()}`)
    return (await response.json()) as Answer
  }

  /**
   * Makes the process stand still until `resume`. What is sent to it meanwhile, and who hangs up, it finds out all at
   * once.
   */
  pause(): void {
    this.#child.kill('SIGSTOP')
  }

  resume(): void {
    this.#child.kill('SIGCONT')
  }

  /** Ends the process, as a service manager does, and removes its user directory. */
  async stop({ signal = 'SIGTERM' as NodeJS.Signals, keep = false } = {}) {
    this.#child.kill(signal)
    const ended = await this.#exited
    if (!keep) rmSync(this.userDir, { recursive: true, force: true })
    return ended
  }
}

/** What came out of a probe: a message on a port, or an error. */
export interface Answer {
  port?: number
  msg?: Record<string, unknown>
  error?: { message: string; code: string }
}

export async function until(
  condition: () => boolean,
  what: string,
  timeout = 45_000,
): Promise<void> {
  const deadline = Date.now() + timeout
  while (!condition()) {
    if (Date.now() > deadline) throw new Error(`waited in vain for ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}
