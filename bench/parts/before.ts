/**
 * What goes through a flow: against an earlier version. BENCH_BEFORE names a checkout of it that was built, with
 * what its bench needs.
 */
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { burstFlow, mqueueFlow } from '../flows.ts'
import { measure, ratios, run } from '../measure.ts'
import { PAYLOADS } from '../payloads.ts'
import { notMeasured, report } from '../report.ts'

interface Rates {
  pairs: number
}

const FIGURE = 'add + fetch, a flow that uses nothing new: against the version before'

export default async function measureBefore(rounds: number): Promise<void> {
  const { BENCH_BEFORE: checkout } = process.env
  if (checkout === undefined) {
    notMeasured(FIGURE, 'Set BENCH_BEFORE to the directory of a built checkout to compare with.')
    return
  }
  const file = pathToFileURL(resolve(join(checkout, 'bench/measure.ts'))).href
  const { run: runBefore } = (await import(file)) as { run: typeof run }
  for (const [kind, payload] of Object.entries(PAYLOADS)) {
    const load = { depth: 100, rounds: 1_200, warmUp: 0, payload }
    for (const [dbmode, flow] of [
      [0, mqueueFlow(load)],
      [4, burstFlow({ ...load, rounds: 200, warmUp: 20 }, 4)],
    ] as const) {
      const { now, before } = await measure(rounds, {
        now: () => run<Rates>('flow.ts', flow),
        before: () => runBefore<Rates>('flow.ts', flow),
      })
      const pairs = (results: Rates[]) => results.map((one) => one.pairs)
      report(`${FIGURE}, ${kind}, dbmode ${dbmode}`, ratios(pairs(now), pairs(before)), 'x', {
        min: 0.98,
      })
    }
  }
}
