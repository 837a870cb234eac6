/** What it costs a flow that nobody watches that its queues count what they do. */
import { rmSync } from 'node:fs'
import { boundedFlow, consumeFlow, mqueueFlow } from '../flows.ts'
import { measure, ratios, run } from '../measure.ts'
import { LINE } from '../payloads.ts'
import { report } from '../report.ts'
import { copyOfPackage, copyWithoutCounters } from '../without-counters.ts'

/** What is looked for is small beside what two runs differ by. */
const FEWEST_ROUNDS = 15

const load = { depth: 100, warmUp: 0, payload: LINE }
const FLOWS = {
  '120,000 messages': mqueueFlow({ ...load, rounds: 1_200 }),
  '600,000 messages': mqueueFlow({ ...load, rounds: 6_000 }),
  'by 20 + 20 nodes': mqueueFlow({ ...load, rounds: 1_200 }, 20),
  'half of them dropped': boundedFlow({ ...load, rounds: 1_200 }, load.depth / 2),
  'leased and acknowledged': consumeFlow({ ...load, rounds: 600 }, 0, 10),
}

export default async function measureCounters(rounds: number): Promise<void> {
  const packages = { with: copyOfPackage(), without: await copyWithoutCounters() }
  const flow = (nodes: object[], directory: string) => () =>
    run<{ pairs: number }>('flow.ts', nodes, { BENCH_PACKAGE: directory })
  try {
    for (const [kind, nodes] of Object.entries(FLOWS)) {
      const results = await measure(Math.max(rounds, FEWEST_ROUNDS), {
        with: flow(nodes, packages.with),
        without: flow(nodes, packages.without),
      })
      const pairs = (name: keyof typeof results) => results[name].map((result) => result.pairs)
      report(
        `add + fetch, ${kind}: with counters against without`,
        ratios(pairs('with'), pairs('without')),
        'x',
        { min: 0.99 },
      )
    }
  } finally {
    for (const directory of Object.values(packages)) rmSync(directory, { recursive: true })
  }
}
