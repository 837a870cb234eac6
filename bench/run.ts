/**
 * Measures what is promised: `npm run bench [-- rounds [flows engine rpc store]]`.
 *
 * Every case runs in a fresh process, the cases of a comparison in turn, and a ratio is taken
 * between neighbours in time; the median of the rounds counts. Rates are per second of the main thread's
 * processor time, but where a load comes from outside, since the machine may have others to serve. Prints a
 * table, writes results.json.
 */
import { writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { join } from 'node:path'
import { measureEngine } from './engine-figures.ts'
import { measureFlows } from './flow-figures.ts'
import { ROUNDS, rows } from './measure.ts'
import { measureRpc } from './rpc-figures.ts'
import { measureStore } from './store-figures.ts'

const PARTS = { flows: measureFlows, engine: measureEngine, rpc: measureRpc, store: measureStore }
const chosen = process.argv.slice(3)
for (const [name, measurePart] of Object.entries(PARTS)) {
  if (chosen.length === 0 || chosen.includes(name)) await measurePart()
}

const machine = { cpu: cpus()[0]?.model, cores: cpus().length, node: process.version }
const file = join(import.meta.dirname, 'results.json')
writeFileSync(file, `${JSON.stringify({ machine, rounds: ROUNDS, rows }, null, 2)}\n`)
console.log(`Medians of ${ROUNDS}; written to ${file}`)
