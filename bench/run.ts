/**
 * Measures what is promised: `npm run bench [-- rounds [part…]]`.
 *
 * Every case runs in a fresh process, the cases of a comparison in turn, and a ratio is taken between neighbours
 * in time; the median of the rounds counts. Rates are per second of the main thread's processor time, since
 * the machine may have others to serve, except where the clock is named. Prints a table, writes results.json,
 * and exits with 1 when something that is required was not reached.
 */
import { writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { join } from 'node:path'
import { PARTS, readArguments } from './arguments.ts'
import { notMeasured, rows } from './report.ts'

const { rounds, parts } = readArguments(process.argv.slice(2))
for (const name of parts) {
  console.log(`--- ${name}`)
  try {
    await (await PARTS[name]())(rounds)
  } catch (error) {
    // The other parts can be measured all the same.
    notMeasured(`${name}: the rest of this part`, (error as Error).message, { max: 0 })
  }
}

const machine = { cpu: cpus()[0]?.model, cores: cpus().length, node: process.version }
const file = join(import.meta.dirname, 'results.json')
writeFileSync(file, `${JSON.stringify({ machine, rounds, rows }, null, 2)}\n`)
console.log(`Medians of ${rounds} rounds; written to ${file}`)
const missed = rows.filter(({ reached }) => !reached)
if (missed.length > 0) {
  console.error(`Not reached:\n${missed.map(({ figure }) => `  ${figure}`).join('\n')}`)
  process.exitCode = 1
}
