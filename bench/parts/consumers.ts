/** What it costs that items come by themselves, on a lease. */
import { burstFlow, consumeFlow, handedFlow, wiredFlow } from '../flows.ts'
import { measure, ratios, run } from '../measure.ts'
import { LINE } from '../payloads.ts'
import { report } from '../report.ts'

interface Rates {
  pairs: number
  byClock: number
}

interface Leases {
  bytes: number
  endAll: number
  latency: number
  wired: number
}

const flow = (nodes: object[]) => () => run<Rates>('flow.ts', nodes)

export default async function measureConsumers(rounds: number): Promise<void> {
  for (const [dbmode, what, by] of [
    [0, 'dbmode 0', 'pairs'],
    [4, 'dbmode 4 on SQLite, by the clock', 'byClock'],
  ] as const) {
    const load = { depth: 1_000, rounds: 40, warmUp: 5, payload: LINE }
    const { consume, fetch } = await measure(rounds, {
      consume: flow(consumeFlow(load, dbmode, 100)),
      fetch: flow(burstFlow(load, dbmode)),
    })
    const rates = (results: Rates[]) => results.map((one) => one[by])
    const figure = `mq-consume and mq-ack, 100 in flight, ${what}: against add + fetch`
    report(figure, ratios(rates(consume), rates(fetch)), 'x', { min: 0.5 })
  }
  const { leases } = await measure(rounds, { leases: () => run<Leases>('leases.ts', {}) })
  const all = (name: keyof Leases) => leases.map((one) => one[name])
  report('1,000,000 leases: heap per lease', all('bytes'), 'bytes', { max: 200 })
  report('1,000,000 leases: time to end them all', all('endAll'), 's', { max: 1 })
  const latency = 'from an add to a waiting fetch, engine alone: against one wire (setImmediate)'
  report(latency, ratios(all('latency'), all('wired')), 'x', { max: 1.5 })
  await measureLatency(rounds)
}

/** From node to node: there and back, one message at a time, so that each waits for the one before. */
async function measureLatency(rounds: number): Promise<void> {
  const load = { depth: 1, rounds: 100_000, warmUp: 10_000, payload: LINE }
  const { handed, wired } = await measure(rounds, {
    handed: flow(handedFlow(load)),
    wired: flow(wiredFlow(load)),
  })
  const time = (results: Rates[]) => results.map(({ byClock }) => 1 / byClock)
  const figure = 'from mq-add to an mq-consume that waits: time against two wired nodes'
  report(figure, ratios(time(handed), time(wired)), 'x', { max: 1.5 })
}
