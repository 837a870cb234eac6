/** A million leases held and ended at once, and how soon one who waits has an item. */
import { MemoryEngine } from '../../src/index.ts'
import { answer, asked } from '../asked.ts'

const LEASES = 1_000_000
const gc = globalThis.gc as () => void
const collect = () => {
  for (let i = 0; i < 4; i++) gc()
  return process.memoryUsage().heapUsed
}

await asked()
const engine = new MemoryEngine()
engine.define([{ name: 'q', size: 0, addmode: 0, dbmode: 0 }])
for (let i = 0; i < LEASES; i++) engine.add('q', 'key', i)
const waiting = collect()
for (let left = LEASES; left > 0; ) {
  left -= (await engine.take('q', { count: 1_000, lease: 60_000 })).length
}
const bytes = (collect() - waiting) / LEASES
if (engine.leased('q') !== LEASES) throw new Error('leases are missing')
const from = performance.now()
engine.releaseAll()
const endAll = (performance.now() - from) / 1000
if (engine.size('q') !== LEASES) throw new Error('items are missing')
engine.clear('q')

const TIMES = 100_000
async function micros(once: () => Promise<unknown>): Promise<number> {
  for (let i = 0; i < TIMES / 10; i++) await once()
  const begin = performance.now()
  for (let i = 0; i < TIMES; i++) await once()
  return ((performance.now() - begin) / TIMES) * 1000
}
const latency = await micros(() => {
  const taken = engine.take('q', { wait: 60_000 })
  engine.add('q', 'key', 1)
  return taken as Promise<unknown>
})
const wired = await micros(() => new Promise((resolve) => setImmediate(resolve)))
answer({ bytes, endAll, latency, wired })
