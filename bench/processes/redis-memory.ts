/** Holds 100,000 items in Redis: the bytes of each beyond its key and its value, as it waits or is leased. */
import { setTimeout } from 'node:timers/promises'
import type { Addmode } from '../../src/index.ts'
import { answer, asked } from '../asked.ts'
import { connected, keyAt, redisEngine, serverMemory, VALUE } from '../redis.ts'

const ITEMS = 100_000
const BURST = 1_000

const { port, addmode } = await asked<{ port: number; addmode: Addmode }>()
const client = await connected(port)
await client.sendCommand(['FLUSHALL'])
const engine = await redisEngine(port, addmode, 'q')
// The scripts are loaded, and the last reply of this client is as long as it will be.
for (let i = 0; i < BURST; i++) await engine.add('q', keyAt(i), VALUE)
await engine.take('q', { count: BURST, lease: 60_000 })
engine.releaseAll()
await engine.clear('q')

/** The memory of the server when it has given up what its connections needed for a while. */
const settled = async () => {
  await setTimeout(2_500)
  return serverMemory(client)
}
const before = await settled()
let length = 0
/** The bytes of an item beyond what it is itself. */
const beyond = async () => ((await settled()) - before - length) / ITEMS
for (let i = 0; i < ITEMS; i += BURST) {
  const adds = Array.from({ length: BURST }, (_, n) => {
    length += keyAt(i + n).length + VALUE.length
    return engine.add('q', keyAt(i + n), VALUE)
  })
  await Promise.all(adds)
}
const waiting = await beyond()
for (let left = ITEMS; left > 0; ) {
  left -= (await engine.take('q', { count: BURST, lease: 600_000 })).length
}
const leased = await beyond()
if (engine.leased('q') !== ITEMS) throw new Error('leases are missing')
answer({ waiting, leased })
