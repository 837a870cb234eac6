/** Drains a queue of a Kamailio again and again: items per second of processor time, and by the clock. */
import { KamailioEngine, parseDefinition } from '../../src/index.ts'
import { answer, asked } from '../asked.ts'
import { BareFetches } from '../bare/kamailio.ts'

export interface Drained {
  byProcessor: number
  byClock: number
}

/** Who drains: the engine, as `mq-consume` has it, or a bare loop. */
export type KamailioSubject = 'engine' | 'bare'

/** How often it is drained, and how often before that, to warm up. */
const TIMES = 5
const WARM_UP = 2

const { port, count, subject } = await asked<{
  port: number
  count: number
  subject: KamailioSubject
}>()

const report = { info() {}, warn: console.error, error: console.error }
const engine = new KamailioEngine({ rpcUrl: `http://127.0.0.1:${port}/RPC` }, report)
await engine.define([parseDefinition({ name: 'q' })])
const bare = new BareFetches(port)
const options = { wait: Number.POSITIVE_INFINITY, isEager: true }

async function drain(): Promise<number> {
  if (subject === 'bare') return bare.drain('q')
  let taken = 0
  while (taken < count) taken += (await engine.take('q', options)).length
  return taken
}

async function fill(): Promise<void> {
  const response = await fetch(`http://127.0.0.1:${port}/op`, {
    method: 'POST',
    body: `o=fill;n=${count}`,
  })
  await response.text()
}

const spent = { processor: 0, clock: 0 }
for (let time = 0; time < WARM_UP + TIMES; time++) {
  await fill()
  // The next look may be as far away as the poll.
  await engine.size('q')
  const [usage, from] = [process.threadCpuUsage(), performance.now()]
  const drained = await drain()
  if (drained !== count) throw new Error(`${drained} of ${count} items`)
  const { user, system } = process.threadCpuUsage(usage)
  if (time < WARM_UP) continue
  spent.processor += (user + system) / 1e6
  spent.clock += (performance.now() - from) / 1e3
}
const items = TIMES * count
answer({ byProcessor: items / spent.processor, byClock: items / spent.clock } satisfies Drained)
