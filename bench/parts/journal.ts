/** What committing every item costs. */
import { isThere } from '../database.ts'
import { burstFlow } from '../flows.ts'
import { measure, ratios, run } from '../measure.ts'
import { PAYLOADS } from '../payloads.ts'
import { report } from '../report.ts'

export default async function measureJournal(rounds: number): Promise<void> {
  for (const [kind, payload] of Object.entries(PAYLOADS)) await measureFlow(rounds, kind, payload)
  for (const kind of ['PostgreSQL', 'MariaDB']) {
    await measureLoop(rounds, kind, { size: 1, bursts: 150 }, 0.8)
  }
  for (const kind of ['SQLite', 'PostgreSQL', 'MariaDB']) {
    await measureLoop(rounds, kind, { size: 100, bursts: 40 }, 0.6)
  }
}

async function measureFlow(rounds: number, kind: string, payload: unknown): Promise<void> {
  const load = { depth: 2_000, rounds: 40, warmUp: 10, payload }
  const flow = (dbmode: number) => () =>
    run<{ byClock: number }>('flow.ts', burstFlow(load, dbmode))
  const { journal, memory } = await measure(rounds, { journal: flow(4), memory: flow(0) })
  const speeds = (results: { byClock: number }[]) => results.map(({ byClock }) => byClock)
  const title = `journal on SQLite through a flow, bursts of 2,000, ${kind}, by the clock`
  report(title, speeds(journal), '/s')
  report(`${title}: against dbmode 0`, ratios(speeds(journal), speeds(memory)), 'x', { min: 0.45 })
}

async function measureLoop(
  rounds: number,
  kind: string,
  load: { size: number; bursts: number },
  min: number,
): Promise<void> {
  const what = load.size === 1 ? 'one message at a time' : `bursts of ${load.size}`
  const figure = `journal on ${kind}, ${what}, by the clock: against a bare loop`
  if (!(await isThere(kind, figure, { min }))) return
  const { both } = await measure(rounds, {
    both: () => run<{ engine: number; bare: number }>('journal.ts', { kind, ...load }),
  })
  const of = (name: 'engine' | 'bare') => both.map((seconds) => seconds[name])
  report(figure, ratios(of('bare'), of('engine')), 'x', { min })
}
