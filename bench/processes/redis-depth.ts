/** Adds to and fetches from a queue with nothing in it and one with a million items, in turn: µs of the server for a pair. */
import type { Addmode } from '../../src/index.ts'
import { answer, asked } from '../asked.ts'
import { connected, keyAt, redisEngine, serverTime, VALUE } from '../redis.ts'

const DEPTH = 1_000_000
const BURST = 100
const PHASES = 10
/** The pairs of a phase. */
const PAIRS = 20_000

const { port, addmode } = await asked<{ port: number; addmode: Addmode }>()
const client = await connected(port)
await client.sendCommand(['FLUSHALL'])
const engine = await redisEngine(port, addmode, 'empty', 'deep')

let added = 0
const add = (queue: string) => engine.add(queue, keyAt(added++), VALUE)
const all = (count: number, operate: () => Promise<unknown>) =>
  Promise.all(Array.from({ length: count }, operate))

for (let left = DEPTH; left > 0; left -= 1_000) await all(1_000, () => add('deep'))

const totals = { empty: 0, deep: 0 }
for (let phase = -2; phase < PHASES; phase++) {
  for (const queue of ['empty', 'deep'] as const) {
    const from = await serverTime(client)
    for (let left = PAIRS; left > 0; left -= BURST) {
      await all(BURST, () => add(queue))
      await all(BURST, () => engine.fetch(queue))
    }
    if (phase >= 0) totals[queue] += ((await serverTime(client)) - from) / (PHASES * PAIRS)
  }
}
if ((await engine.size('deep')) !== DEPTH) throw new Error('items are missing')
answer(totals)
