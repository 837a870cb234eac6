/** What keeping items in a database costs. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CALL, LINE } from './flow-figures.ts'
import { burstFlowOf } from './flows.ts'
import { measure, ratios, report, run } from './measure.ts'

interface Rates {
  byClock: number
  pairs: number
}

const loop = (name: string) => async () => {
  const directory = mkdtempSync(join(tmpdir(), 'mqueue-bench-'))
  try {
    return await run<{ byClock: number }>('store-process.ts', name, {}, [directory])
  } finally {
    rmSync(directory, { recursive: true })
  }
}

const ratesOf = (results: Record<string, { byClock: number }[]>) => (name: string) =>
  (results[name] ?? []).map(({ byClock }) => byClock)

export async function measureStore(): Promise<void> {
  for (const [kind, payload] of Object.entries({ text: LINE, object: CALL })) {
    const load = { depth: 1_000, rounds: 150, warmUp: 50, payload }
    const flow = (dbmode: number) => () =>
      run<Rates>('flow-process.ts', JSON.stringify(burstFlowOf(dbmode, load)))
    const results = await measure<{ byClock: number }>({
      memory: flow(0),
      journal: flow(4),
      bare: loop('bare'),
    })
    const of = ratesOf(results)
    const title = `journal on SQLite, bursts of 1,000, ${kind} payload`
    report(`${title}: pairs by the clock`, of('journal'), '/s', {})
    report(`${title}: against dbmode 0`, ratios(of('journal'), of('memory')), 'x', { min: 0.35 })
    // A flow without any database reaches about a fifth of this loop.
    report(`${title}: against a bare loop`, ratios(of('journal'), of('bare')), 'x', {})
  }

  const loops = ratesOf(await measure({ engine: loop('journal'), bare: loop('bare') }))
  const title = 'journal on SQLite, bursts of 1,000, without a flow: against a bare loop'
  report(title, ratios(loops('engine'), loops('bare')), 'x', { min: 0.5 })

  for (const [kind, max] of [
    ['SQLite', 5],
    ['PostgreSQL', 15],
    ['MariaDB', 15],
  ] as const) {
    const { times = [] } = await measure({
      times: () => run<{ save: number; load: number }>('store-process.ts', kind),
    })
    for (const what of ['save', 'load'] as const) {
      const seconds = times.map((time) => time[what])
      report(`${what} of 1,000,000 items, ${kind}`, seconds, 's', { max })
    }
  }
}
