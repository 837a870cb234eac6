/** Adds to and fetches from a queue with nothing in it and one with a million items, in turn: µs of the server for a pair. */
import type { Addmode } from '../../src/index.ts'
import { answer, asked } from '../asked.ts'
import { connected, keyAt, redisEngine, serverTime, VALUE } from '../redis.ts'
import { median } from '../report.ts'

const DEPTH = 1_000_000
const BURST = 100
const PHASES = 40
/** The pairs of a phase. */
const PAIRS = 5_000

const { port, addmode } = await asked<{ port: number; addmode: Addmode }>()
const client = await connected(port)
await client.sendCommand(['FLUSHALL'])
const engine = await redisEngine(port, addmode, 'empty', 'deep')

let added = 0
const add = (queue: string) => engine.add(queue, keyAt(added++), VALUE)
const all = (count: number, operate: () => Promise<unknown>) =>
  Promise.all(Array.from({ length: count }, operate))

for (let left = DEPTH; left > 0; left -= 1_000) await all(1_000, () => add('deep'))

const times = { empty: [] as number[], deep: [] as number[] }
for (let phase = -8; phase < PHASES; phase++) {
  for (const queue of ['empty', 'deep'] as const) {
    const from = await serverTime(client)
    for (let left = PAIRS; left > 0; left -= BURST) {
      await all(BURST, () => add(queue))
      await all(BURST, () => engine.fetch(queue))
    }
    const time = ((await serverTime(client)) - from) / PAIRS
    if (phase >= 0) times[queue].push(time)
  }
}
if ((await engine.size('deep')) !== DEPTH) throw new Error('items are missing')
answer({ empty: median(times.empty), deep: median(times.deep) })
