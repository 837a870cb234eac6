/**
 * Waits for items in which stands when they were added, by an engine and by BLPOP. Says when it waits and, when it is asked,
 * how long each was under way, in ms.
 */
import { connected, now, redisEngine } from '../redis.ts'

const port = Number(process.argv[2])
const times: { engine: number[]; bare: number[] } = { engine: [], bare: [] }

async function takeAll(): Promise<never> {
  const engine = await redisEngine(port, 0, 'q')
  for (;;) {
    const taken = engine.take('q', { wait: Number.POSITIVE_INFINITY })
    // It is woken when it has asked in vain.
    const [item] = await taken
    times.engine.push(now() - (item?.value as number))
  }
}

async function popAll(): Promise<never> {
  const client = await connected(port)
  for (;;) {
    const [, value] = await client.sendCommand<[string, string]>(['BLPOP', 'bare', '0'])
    times.bare.push(now() - Number(value))
  }
}

takeAll().catch(console.error)
popAll().catch(console.error)
process.on('message', () => process.send?.(times, () => process.exit()))
