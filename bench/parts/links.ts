/** What nodes that only show a size cost those that add and fetch. */
import { mqueueFlow, watchedFlow } from '../flows.ts'
import { measure, ratios, run } from '../measure.ts'
import { LINE } from '../payloads.ts'
import { report } from '../report.ts'

const WATCHERS = 1_000
const OTHERS = Array.from({ length: WATCHERS }, (_, i) => `other-${i}`)

const flow = (nodes: object[]) => () => run<{ pairs: number }>('flow.ts', nodes)

export default async function measureLinks(rounds: number): Promise<void> {
  const load = { depth: 100, rounds: 1_000, warmUp: 200, payload: LINE }
  const results = await measure(rounds, {
    alone: flow(mqueueFlow(load)),
    same: flow(watchedFlow(load, WATCHERS, ['q'])),
    others: flow(watchedFlow(load, WATCHERS, OTHERS)),
  })
  const of = (name: keyof typeof results) => results[name].map(({ pairs }) => pairs)
  const title = 'add + fetch with 1,000 mq-size nodes'
  report(`${title} on the queue: against none`, ratios(of('same'), of('alone')), 'x', {
    min: 0.8,
  })
  report(`${title} on other queues: against none`, ratios(of('others'), of('alone')), 'x', {
    min: 0.95,
  })
}
