/** What it takes to define queues, and to change them while they live. */
import { measure, run } from '../measure.ts'
import { report } from '../report.ts'

/** They take long, and differ little. */
const MOST_ROUNDS = 3

export default async function measureChanges(rounds: number): Promise<void> {
  const results = await measure<'change' | 'define', Record<string, number>>(
    Math.min(rounds, MOST_ROUNDS),
    {
      change: () => run('dbmode-change.ts', {}),
      define: () => run('define.ts', {}),
    },
  )
  const of = (name: 'change' | 'define', what: string) =>
    results[name].map((result) => result[what] as number)
  const title = '1,000,000 living items to dbmode 4 on SQLite'
  report(`${title}: longest wait of the event loop`, of('change', 'block'), 'ms', { max: 100 })
  report(`${title}: more memory`, of('change', 'memory'), 'MB', { max: 200 })
  report(`${title}: until it is done`, of('change', 'seconds'), 's')
  report('define 3,000 journaled queues on SQLite', of('define', 'seconds'), 's', { max: 1 })
}
