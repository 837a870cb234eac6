/**
 * Measures what the README and CONTRIBUTING promise: `npm run bench [-- rounds]`.
 *
 * Every case runs in a fresh process, the cases of a comparison in turn, and a ratio is taken
 * between neighbours in time; the median of the rounds counts. Rates are per second of processor
 * time, since the machine may have others to serve. Prints a table, writes results.json.
 */
import { fork } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { join } from 'node:path'
import { type FlowCase, flowOf, type Load } from './flows.ts'

const ROUNDS = Math.max(5, Number(process.argv[2] ?? 7))
const CALL = { call: 'a84b4c76e66710', from: '+4930901820', to: '+4989636480', code: 486 }
const LINE = 'INVITE sip:+4989636480@example.org SIP/2.0'

interface Row {
  figure: string
  median: number
  unit: string
  required: string
  reached: boolean
  rounds: number[]
}

function run<T>(file: string, argument: string): Promise<T> {
  return new Promise((resolve, reject) => {
    const execArgv = ['--expose-gc', '--disable-warning=ExperimentalWarning']
    const child = fork(join(import.meta.dirname, file), [argument], { execArgv, silent: true })
    let answer: T | undefined
    let output = ''
    child.stdout?.on('data', (chunk) => {
      output += chunk
    })
    child.stderr?.on('data', (chunk) => {
      output += chunk
    })
    child.on('message', (message) => {
      answer = message as T
    })
    child.on('exit', (code) => {
      if (answer === undefined)
        reject(new Error(`${file} ${argument} ended with ${code}:\n${output}`))
      else resolve(answer)
    })
  })
}

const flow = (name: FlowCase, load: Load) =>
  run<{ pairs: number; drained: number }>('flow-process.ts', JSON.stringify(flowOf(name, load)))
const engine = async (name: string) =>
  (await run<{ figure: number }>('engine-process.ts', name)).figure

function median(values: number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  const upper = sorted[middle] as number
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] as number) + upper) / 2
}

async function measure<T>(cases: Record<string, () => Promise<T>>): Promise<Record<string, T[]>> {
  const results: Record<string, T[]> = {}
  for (let round = 0; round < ROUNDS; round++) {
    for (const [name, play] of Object.entries(cases)) {
      results[name] ??= []
      results[name].push(await play())
    }
  }
  return results
}

const rows: Row[] = []
function report(
  figure: string,
  rounds: number[],
  unit: string,
  limit: { min?: number; max?: number },
) {
  const value = median(rounds)
  const reached = value >= (limit.min ?? -Infinity) && value <= (limit.max ?? Infinity)
  const required = limit.min === undefined ? `at most ${limit.max}` : `at least ${limit.min}`
  rows.push({ figure, median: value, unit, required, reached, rounds })
  const shown = `${value.toFixed(value > 1000 ? 0 : 2)} ${unit}`
  console.log(`${reached ? 'ok ' : 'NO '} ${figure.padEnd(66)} ${shown.padStart(18)}  ${required}`)
}

const ratios = (a: number[], b: number[]) => a.map((value, i) => value / (b[i] as number))
const pairsOf = (results: { pairs: number }[] = []) => results.map(({ pairs }) => pairs)

for (const [kind, payload] of Object.entries({ object: CALL, text: LINE })) {
  for (const depth of [100, 1]) {
    const load = { depth, rounds: 150_000 / depth, warmUp: 50_000 / depth, payload }
    const results = await measure({
      mqueue: () => flow('mqueue', load),
      reference: () => flow('reference', load),
      'queue-gate': () => flow('queue-gate', load),
      'simple-message-queue': () => flow('simple-message-queue', load),
    })
    const own = pairsOf(results.mqueue)
    const what = `add + fetch, ${kind} payload, depth ${depth}`
    report(`${what}: against reference nodes`, ratios(own, pairsOf(results.reference)), 'x', {
      min: 0.85,
    })
    report(`${what}: against queue-gate`, ratios(own, pairsOf(results['queue-gate'])), 'x', {
      min: 1,
    })
    const simple = pairsOf(results['simple-message-queue'])
    report(`${what}: against simple-message-queue`, ratios(own, simple), 'x', { min: 1 })
  }
}

const drained = await measure({
  deep: () => flow('mqueue', { depth: 100_000, rounds: 3, warmUp: 1, payload: CALL }),
  flat: () => flow('mqueue', { depth: 100, rounds: 3000, warmUp: 1000, payload: CALL }),
})
const perItem = (results: { drained: number }[] = []) => results.map((result) => 1 / result.drained)
report(
  'draining 100,000 held items: time per item against draining 100',
  ratios(perItem(drained.deep), perItem(drained.flat)),
  'x',
  { max: 1.3 },
)

const alone = await measure({
  'heap addmode 0': () => engine('heap addmode 0'),
  'heap addmode 1': () => engine('heap addmode 1'),
  'heap addmode 2': () => engine('heap addmode 2'),
  'pairs at 1,000,000': () => engine('pairs at 1,000,000'),
  'keyed addmode 1': () => engine('keyed addmode 1'),
  'bare addmode 1': () => engine('bare addmode 1'),
  'keyed addmode 2': () => engine('keyed addmode 2'),
  'bare addmode 2': () => engine('bare addmode 2'),
})
const of = (name: string) => alone[name] as number[]
for (const addmode of [0, 1, 2]) {
  const max = addmode === 0 ? 40 : 120
  report(`heap per held item, addmode ${addmode}`, of(`heap addmode ${addmode}`), 'bytes', { max })
}
report('engine, addmode 0, pairs at depth 1,000,000', of('pairs at 1,000,000'), '/s', { min: 5e6 })
for (const addmode of [1, 2]) {
  const slower = ratios(of(`bare addmode ${addmode}`), of(`keyed addmode ${addmode}`))
  report(`engine, addmode ${addmode}, rounds: time against a bare Map and list`, slower, 'x', {
    max: 1.5,
  })
}

const machine = { cpu: cpus()[0]?.model, cores: cpus().length, node: process.version }
const file = join(import.meta.dirname, 'results.json')
writeFileSync(file, `${JSON.stringify({ machine, rounds: ROUNDS, rows }, null, 2)}\n`)
console.log(`Medians of ${ROUNDS}; written to ${file}`)
