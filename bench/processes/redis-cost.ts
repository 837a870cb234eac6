/**
 * Adds items to a queue in Redis and takes them, in bursts, a phase of each after the other. Measures what an operation
 * costs this process and the server, in µs of their processor time.
 */
import { createRequire } from 'node:module'
import { answer, asked } from '../asked.ts'
import { CallEach, CallPerTurn } from '../bare/redis.ts'
import { type Client, connected, keyAt, redisEngine, serverTime, VALUE } from '../redis.ts'

export interface Costs {
  add: { node: number; server: number }
  take: { node: number; server: number }
}

/** What is measured: phases of so many bursts of a size. */
interface Subject {
  add(bursts: number, size: number): Promise<void>
  take(bursts: number, size: number): Promise<void>
}

/** As much of BullMQ as is measured: it is installed for the bench alone, after the types have been checked. */
interface BullMq {
  readonly Queue: new (
    name: string,
    options: object,
  ) => {
    waitUntilReady(): Promise<unknown>
    add(name: string, data: unknown, options: object): Promise<unknown>
  }
  readonly Worker: new (
    name: string,
    work: () => Promise<void>,
    options: object,
  ) => {
    on(event: 'completed', listener: () => void): void
    waitUntilReady(): Promise<unknown>
    pause(): Promise<void>
    resume(): void
    run(): Promise<void>
  }
}

/** The phases of each, after some to warm up. */
const PHASES = 6
const WARM_UP = 2

let added = 0

/** Operations that are called one by one, a burst at once. */
async function inBursts(bursts: number, size: number, operate: () => Promise<unknown>) {
  for (let burst = 0; burst < bursts; burst++) {
    const operations = new Array<Promise<unknown>>(size)
    for (let i = 0; i < size; i++) operations[i] = operate()
    await Promise.all(operations)
  }
}

/** What adds one item and fetches one. */
interface OneByOne {
  add(key: string, value: unknown): Promise<unknown>
  fetch(): Promise<unknown>
}

const fetching = ({ add, fetch }: OneByOne): Subject => ({
  add: (bursts, size) => inBursts(bursts, size, () => add(keyAt(added++), VALUE)),
  take: (bursts, size) =>
    inBursts(bursts, size, async () => {
      if ((await fetch()) === undefined) throw new Error('an item is missing')
    }),
})

async function engine(port: number): Promise<Subject> {
  const engine = await redisEngine(port, 0, 'q')
  return fetching({
    add: (key, value) => engine.add('q', key, value),
    fetch: () => engine.fetch('q'),
  })
}

/** As many in flight as a burst has: each is acknowledged by itself, and as many are taken then. */
async function consumer(port: number): Promise<Subject> {
  const engine = await redisEngine(port, 0, 'q')
  const { add } = fetching({
    add: (key, value) => engine.add('q', key, value),
    fetch: () => engine.fetch('q'),
  })
  const take = async (bursts: number, size: number) => {
    const next = () => engine.take('q', { count: size, lease: 60_000, inFlight: size })
    let taken = await next()
    for (let done = 0; done < bursts * size; ) {
      done += taken.length
      const ended = taken.map(({ lease }) => engine.acknowledge('q', [lease as string]))
      taken = await next()
      if ((await Promise.all(ended)).some(([isHeld]) => !isHeld)) throw new Error('a lease is lost')
    }
  }
  return { add, take }
}

const bareOf = (Bare: typeof CallEach | typeof CallPerTurn) => async (port: number) => {
  const bare = await Bare.open(port)
  return fetching({ add: (key, value) => bare.add(key, value), fetch: () => bare.fetch() })
}

/** Its worker does nothing, and as many jobs are under way as a burst has. */
async function bullmq(port: number): Promise<Subject> {
  const { Queue, Worker }: BullMq = createRequire(import.meta.url)('bullmq')
  const connection = { host: '127.0.0.1', port, maxRetriesPerRequest: null }
  const queue = new Queue('jobs', { connection })
  await queue.waitUntilReady()
  let done = 0
  let finish = () => {}
  const worker = new Worker('jobs', async () => {}, {
    connection,
    concurrency: 100,
    autorun: false,
  })
  worker.on('completed', () => {
    if (--done === 0) finish()
  })
  await worker.waitUntilReady()
  await worker.pause()
  worker.run().catch(console.error)
  const add = () => queue.add(keyAt(added++), VALUE, { removeOnComplete: true })
  return {
    add: (bursts, size) => inBursts(bursts, size, add),
    take: async (bursts, size) => {
      done = bursts * size
      const all = new Promise<void>((resolve) => {
        finish = resolve
      })
      worker.resume()
      await all
      await worker.pause()
    },
  }
}

const SUBJECTS = {
  engine,
  consumer,
  'call per turn': bareOf(CallPerTurn),
  'call each': bareOf(CallEach),
  bullmq,
}
export type RedisSubject = keyof typeof SUBJECTS

/** What a phase costs, in µs. */
async function cost(client: Client, phase: () => Promise<void>) {
  const before = await serverTime(client)
  const used = process.cpuUsage()
  await phase()
  const { user, system } = process.cpuUsage(used)
  return { node: user + system, server: (await serverTime(client)) - before }
}

const { port, subject, bursts, size } = await asked<{
  port: number
  subject: RedisSubject
  bursts: number
  size: number
}>()
const client = await connected(port)
await client.sendCommand(['FLUSHALL'])
const { add, take } = await SUBJECTS[subject](port)
const costs: Costs = { add: { node: 0, server: 0 }, take: { node: 0, server: 0 } }
for (let phase = -WARM_UP; phase < PHASES; phase++) {
  const added = await cost(client, () => add(bursts, size))
  const taken = await cost(client, () => take(bursts, size))
  if (phase < 0) continue
  const operations = PHASES * bursts * size
  costs.add.node += added.node / operations
  costs.add.server += added.server / operations
  costs.take.node += taken.node / operations
  costs.take.server += taken.server / operations
}
answer(costs)
