/**
 * What queues in Redis cost: against the least that they can, and against a peer; how soon an item is handed to another
 * process, and what those who wait cost. It uses its own server, so that the figures of the server belong to the
 * measured code alone.
 */
import { HAS_REDIS, RedisServer } from '../../test/support/redis-servers.ts'
import { burstFlow, idleFlow, redisFlow } from '../flows.ts'
import { measure, ratios, run } from '../measure.ts'
import { LINE } from '../payloads.ts'
import type { Costs, RedisSubject } from '../processes/redis-cost.ts'
import { notMeasured, report } from '../report.ts'

const IDLE_SECONDS = 30
/** The bursts of a phase, of either size: so many that a collection of garbage or two are not all of it. */
const BURSTS = { 1000: 50, 100: 200 } as const

type PartOf = 'add' | 'take'
const timeOf = (costs: Costs[], part: PartOf, whose: 'node' | 'server') =>
  costs.map((one) => one[part][whose])

export default async function measureRedis(rounds: number): Promise<void> {
  if (!HAS_REDIS) {
    notMeasured('queues in Redis', 'To measure them: apt-get install redis-server', { max: 0 })
    return
  }
  const server = await RedisServer.start()
  try {
    await measureLargeBursts(rounds, server.port)
    await measureSmallBursts(rounds, server.port)
    await measureFlow(rounds, server.port)
    await measureDepth(rounds, server.port)
    await measureMemory(server.port)
    await measureLatency(rounds, server.port)
    await measureIdle(server.port)
  } finally {
    await server.stop()
  }
}

const costs = (port: number, size: keyof typeof BURSTS) => (subject: RedisSubject) => () =>
  run<Costs>('redis-cost.ts', { port, subject, size, bursts: BURSTS[size] })

/** How much less time something takes than something else. */
const saving = (other: Costs[], ours: Costs[], part: PartOf, whose: 'node' | 'server' = 'node') =>
  ratios(timeOf(other, part, whose), timeOf(ours, part, whose))

async function measureLargeBursts(rounds: number, port: number): Promise<void> {
  const of = costs(port, 1_000)
  const { engine, bare } = await measure(rounds, {
    engine: of('engine'),
    bare: of('call per turn'),
  })
  const title = 'Redis, bursts of 1,000'
  const rival = 'rate against a bare call a turn'
  report(`${title}, add: ${rival}`, saving(bare, engine, 'add'), 'x', { min: 0.7 })
  report(`${title}, fetch: ${rival}`, saving(bare, engine, 'take'), 'x', { min: 0.5 })
  report(`${title}, add: ${rival}, server`, saving(bare, engine, 'add', 'server'), 'x')
  report(`${title}, fetch: ${rival}, server`, saving(bare, engine, 'take', 'server'), 'x')
}

async function measureSmallBursts(rounds: number, port: number): Promise<void> {
  const of = costs(port, 100)
  const { engine, consumer, each, bullmq } = await measure(rounds, {
    engine: of('engine'),
    consumer: of('consumer'),
    each: of('call each'),
    bullmq: of('bullmq'),
  })
  const title = 'Redis, bursts of 100'
  const rival = 'times less CPU than a call each'
  report(`${title}, add: ${rival}`, saving(each, engine, 'add'), 'x', { min: 3 })
  report(`${title}, fetch: ${rival}`, saving(each, engine, 'take'), 'x', { min: 2 })
  for (const [part, what, min] of [
    ['add', 'add', 6],
    ['take', 'take and acknowledge', 8],
  ] as const) {
    const figure = `${title}, ${what}: times less CPU than BullMQ`
    report(figure, saving(bullmq, consumer, part), 'x', { min })
    report(`${figure}, server`, saving(bullmq, consumer, part, 'server'), 'x', { min: 4 })
    report(`${title}, ${what}: Node`, timeOf(consumer, part, 'node'), 'us')
    report(`${title}, ${what}: server`, timeOf(consumer, part, 'server'), 'us')
  }
}

async function measureFlow(rounds: number, port: number): Promise<void> {
  const load = { depth: 1_000, rounds: 200, warmUp: 20, payload: LINE }
  const flow = (nodes: object[]) => () => run<{ pairs: number }>('flow.ts', nodes)
  const { redis, memory } = await measure(rounds, {
    redis: flow(redisFlow(load, port)),
    memory: flow(burstFlow(load, 0)),
  })
  const pairs = (results: { pairs: number }[]) => results.map((one) => one.pairs)
  const figure = 'add + fetch in Redis, flow, bursts of 1,000: against dbmode 0'
  report(figure, ratios(pairs(redis), pairs(memory)), 'x', { min: 0.25 })
}

async function measureDepth(rounds: number, port: number): Promise<void> {
  for (const [addmode, max] of [
    [0, 1.1],
    [2, 1.8],
  ] as const) {
    const { pair } = await measure(rounds, {
      pair: () => run<{ empty: number; deep: number }>('redis-depth.ts', { port, addmode }),
    })
    const figure = `Redis, addmode ${addmode}, pair at depth 1,000,000: server CPU against depth 0`
    const of = (name: 'empty' | 'deep') => pair.map((one) => one[name])
    report(figure, ratios(of('deep'), of('empty')), 'x', { max })
  }
}

/** One round: memory does not depend on what else the machine does. */
async function measureMemory(port: number): Promise<void> {
  for (const [addmode, max] of [16, 200, 200].entries()) {
    const argument = { port, addmode }
    const bytes = await run<{ waiting: number; leased: number }>('redis-memory.ts', argument)
    const figure = `Redis, addmode ${addmode}, bytes an item beyond its key and value`
    report(figure, [bytes.waiting], 'bytes', { max })
    report(`${figure}, leased`, [bytes.leased], 'bytes', { max: 290 })
  }
}

async function measureLatency(rounds: number, port: number): Promise<void> {
  const { times } = await measure(rounds, {
    times: () => run<{ engine: number; bare: number }>('redis-latency.ts', { port }),
  })
  const of = (name: 'engine' | 'bare') => times.map((one) => one[name])
  const figure = 'Redis, from an add to the hand of another process, p50'
  report(`${figure}: against BLPOP`, ratios(of('engine'), of('bare')), 'x', { max: 2.5 })
  report(figure, of('engine'), 'ms')
}

/** One round, since it lasts by the clock. */
async function measureIdle(port: number): Promise<void> {
  const flow = await run<{ calls: number }>('flow.ts', idleFlow(port, 100, 20, IDLE_SECONDS))
  report('idle Node-RED, 100 nodes wait for 20 queues in Redis', [flow.calls], 'calls/s', {
    max: 1,
  })
  const { calls } = await run<{ calls: number }>('redis-idle.ts', { port, seconds: IDLE_SECONDS })
  report('50 idle engines, 20 consumers each, at once', [calls], 'calls/s', { max: 20 })
}
