/** One item at a time for another process that waits: the median from its adding until it is in hand there, in ms. */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { answer, asked } from '../asked.ts'
import { connected, now, redisEngine } from '../redis.ts'
import { median } from '../report.ts'

const TIMES = 500
const WARM_UP = 100
/** So that the other process waits again, in ms. */
const PAUSE = 4

const { port } = await asked<{ port: number }>()
const client = await connected(port)
await client.sendCommand(['FLUSHALL'])
const engine = await redisEngine(port, 0, 'q')
const waiter = fork(join(import.meta.dirname, 'redis-waiter.ts'), [String(port)])
await setTimeout(1_500)
for (let i = 0; i < TIMES + WARM_UP; i++) {
  engine.add('q', 'key', now()).catch(console.error)
  await setTimeout(PAUSE)
  client.sendCommand(['RPUSH', 'bare', String(now())]).catch(console.error)
  await setTimeout(PAUSE)
}
// The last ones arrive as well.
await setTimeout(500)
waiter.send('end')
const [times] = (await once(waiter, 'message')) as [{ engine: number[]; bare: number[] }]
if (times.engine.length !== times.bare.length) throw new Error('items are missing')
answer({
  engine: median(times.engine.slice(WARM_UP)),
  bare: median(times.bare.slice(WARM_UP)),
})
