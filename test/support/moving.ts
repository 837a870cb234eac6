/**
 * A process that journals three items, moves them to another address, and kills itself before a step of that. Every call
 * of the database and every change of a rescue file is a step. `node moving.ts {"from": …, "to": …, "step": n}`
 */
import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import type { StoreLocation } from '../../src/address.ts'
import { Steps } from './steps.ts'

const { from, to, step } = JSON.parse(process.argv[2] as string) as {
  from: StoreLocation
  to: StoreLocation
  step: number
}
const steps = new Steps()
for (const name of ['openSync', 'copyFileSync', 'writeSync', 'fsyncSync', 'renameSync', 'rmSync']) {
  steps.watch(fs, name)
}
syncBuiltinESMExports()
const { LocalEngine } = await import('../../src/index.ts')

const engine = new LocalEngine(from)
const queue = [{ name: 'q', size: 0, addmode: 0, dbmode: 4 }] as const
await engine.define(queue)
for (const item of 'abc') await engine.add('q', item, item)
steps.killBefore(step)
engine.relocate(to)
await engine.define(queue)
if ((await engine.size('q')) !== 3) throw new Error('it has not moved')
steps.killBefore(Number.POSITIVE_INFINITY)
await engine.close()
