/** How long a start and a stop take with many items. */
import { isThere } from '../database.ts'
import { measure, run } from '../measure.ts'
import { report } from '../report.ts'

/** They take long, and differ little. */
const MOST_ROUNDS = 3

export default async function measureSaves(rounds: number): Promise<void> {
  for (const [kind, max] of [
    ['SQLite', 5],
    ['PostgreSQL', 15],
    ['MariaDB', 15],
  ] as const) {
    const title = `1,000,000 items, ${kind}`
    if (!(await isThere(kind, `save and load of ${title}`, { max }))) continue
    const { times } = await measure(Math.min(rounds, MOST_ROUNDS), {
      times: () => run<{ save: number; load: number }>('save-and-load.ts', { kind }),
    })
    for (const what of ['save', 'load'] as const) {
      const seconds = times.map((time) => time[what])
      report(`${what} of ${title}`, seconds, 's', { max })
    }
  }
}
