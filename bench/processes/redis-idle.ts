/** 50 engines with 20 consumers each that wait for items: the calls of all together, per second. */
import { setTimeout } from 'node:timers/promises'
import { answer, asked } from '../asked.ts'
import { connected, redisEngine, serverCalls } from '../redis.ts'

const ENGINES = 50
const CONSUMERS = 20
const QUEUES = ['a', 'b', 'c', 'd', 'e'] as const

const { port, seconds } = await asked<{ port: number; seconds: number }>()
const client = await connected(port)
await client.sendCommand(['FLUSHALL'])
for (let i = 0; i < ENGINES; i++) {
  const engine = await redisEngine(port, 0, ...QUEUES)
  for (let n = 0; n < CONSUMERS; n++) {
    const owner = `consumer-${n}`
    const queue = QUEUES[n % QUEUES.length] as string
    engine
      .take(queue, { owner, inFlight: 1, lease: 60_000, wait: Number.POSITIVE_INFINITY })
      .catch(console.error)
  }
}
await setTimeout(1_000)
const before = await serverCalls(client)
await setTimeout(seconds * 1_000)
answer({ calls: ((await serverCalls(client)) - before) / seconds })
