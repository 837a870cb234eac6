/**
 * Runs the tests in lanes, as many at a time as there are cores. A lane is a process that runs a part of the test files,
 * one after the other. What a lane prints stands together. Below the last lane stand the coverage, what failed, and the sums.
 *
 * With names of lanes as arguments, only these run, and the coverage is not measured.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { globSync, rmSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { resolve } from 'node:path'
import { stripVTControlCharacters } from 'node:util'

/** A file belongs to the first lane that matches it. The lanes begin in this order: the quick one, then the longest. */
const LANES = {
  quick: 'test/{*,src/*,nodes/editor/**/*}.test.ts',
  browser: 'test/browser/**/*.test.ts',
  histories: 'test/nodes/{conservation,consume-deploys,kill,redis-history}.test.ts',
  sql: 'test/src/sql/**/*.test.ts',
  nodes: 'test/nodes/**/*.test.ts',
  src: 'test/src/**/*.test.ts',
  rest: 'test/**/*.test.ts',
}
/** With more, lanes take the processor from one another: it saves little, and tests run into their timeouts. */
const AT_A_TIME = Number(process.env.TEST_LANES ?? Math.max(2, availableParallelism()))
/** Absolute, since some programs run elsewhere. */
const COVERAGE = resolve('coverage/tmp')
const REPORT = ['node_modules/c8/bin/c8.js', 'report']

/** What mocha prints at its end, with the time that it took. Tests may print sums of others, which have none. */
const SUMS = /^ {2}\d+ passing \([^)\n]+\)(\n {2}\d+ (pending|failing))*$/m

/** A part of the tests. */
class Lane {
  readonly name: string
  readonly files: readonly string[]
  #child: ChildProcess | undefined
  #said = ''
  #printed = 0
  code: number | null | undefined

  constructor(name: string, files: readonly string[]) {
    this.name = name
    this.files = files
  }

  /** Runs it to its end. */
  async run(measured: boolean): Promise<void> {
    this.#said = `\n=== ${this.name}: ${this.files.length} files\n`
    const env = { ...process.env, ...(measured && { NODE_V8_COVERAGE: COVERAGE }) }
    // Much of nodes/ runs in real Node-REDs only.
    if (measured && this.name === 'nodes') Object.assign(env, { NODE_RED_COVERAGE: COVERAGE })
    // Node.js 24 was seen to spin forever at its own end, when it cleaned up after all tests had passed.
    const mocha = ['node_modules/mocha/bin/mocha.js', '--exit', ...this.files]
    this.#child = spawn(process.execPath, mocha, { env, stdio: ['ignore', 'pipe', 'pipe'] })
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.#said += text
        print()
      })
    }
    ;[this.code] = await once(this.#child, 'close')
    print()
  }

  stop(): void {
    this.#child?.kill()
  }

  /** Prints what it has not printed yet. */
  print(): void {
    process.stdout.write(this.#said.slice(this.#printed))
    this.#printed = this.#said.length
  }

  /** Whether it ran to its end, and all of its tests passed. */
  get isGood(): boolean {
    return this.code === 0 && SUMS.test(this.#plain)
  }

  /** How many tests were `passing`, `failing` or `pending`. A lane that broke off counts as one that failed. */
  count(outcome: string): number {
    const sums = SUMS.exec(this.#plain)?.[0] ?? ''
    const found = new RegExp(`^ {2}(\\d+) ${outcome}\\b`, 'm').exec(sums)
    if (found) return Number(found[1])
    return outcome === 'failing' && !this.isGood ? 1 : 0
  }

  /** What there is to read about those that failed. */
  get failures(): string {
    if (this.isGood) return ''
    const [sums = ''] = SUMS.exec(this.#plain) ?? []
    const start = / failing$/.test(sums) ? this.#plain.indexOf(sums) : -1
    const text =
      start < 0 ? `  it ended with code ${this.code}` : this.#plain.slice(start).trimEnd()
    return `\n=== ${this.name}\n${text}\n`
  }

  get #plain(): string {
    return stripVTControlCharacters(this.#said)
  }
}

const chosen = process.argv.slice(2)
const isWhole = chosen.length === 0
const shared = new Set<string>()
const lanes = Object.entries(LANES)
  .map(([name, pattern]) => {
    const files = globSync(pattern, { exclude: ['**/node_modules/**'] })
    const own = files.filter((file) => !shared.has(file)).sort()
    for (const file of own) shared.add(file)
    return new Lane(name, own)
  })
  .filter(({ name, files }) => files.length > 0 && (isWhole || chosen.includes(name)))
if (lanes.length === 0) throw new Error(`the lanes are ${Object.keys(LANES).join(', ')}`)

/** Prints the first lane that goes on, and those before it to their end. */
function print(): void {
  for (const lane of lanes) {
    lane.print()
    if (lane.code === undefined) return
  }
}

const left = [...lanes]
const signals: NodeJS.Signals[] = ['SIGINT', 'SIGTERM']
for (const signal of signals) {
  process.on(signal, () => {
    left.length = 0
    for (const lane of lanes) lane.stop()
  })
}

if (isWhole) rmSync(COVERAGE, { recursive: true, force: true })
const work = async () => {
  for (let lane = left.shift(); lane; lane = left.shift()) await lane.run(isWhole)
}
await Promise.all(Array.from({ length: AT_A_TIME }, work))

const isCovered = !isWhole || spawnSync(process.execPath, REPORT, { stdio: 'inherit' }).status === 0
for (const lane of lanes) process.stdout.write(lane.failures)
const sum = (outcome: string) => lanes.reduce((all, lane) => all + lane.count(outcome), 0)
console.log(
  `\n  ${sum('passing')} passing\n  ${sum('failing')} failing\n  ${sum('pending')} pending`,
)
if (!isCovered) console.log('  the coverage is too low')
process.exitCode = isCovered && lanes.every(({ isGood }) => isGood) ? 0 : 1
