/** What a database's queues do under more than it can take at once. */
import { isThere } from '../database.ts'
import { measure, run } from '../measure.ts'
import { report } from '../report.ts'

/** They take long, and differ little. */
const MOST_ROUNDS = 2

export default async function measureLoad(rounds: number): Promise<void> {
  const few = Math.min(rounds, MOST_ROUNDS)
  for (const kind of ['PostgreSQL', 'MariaDB']) await measureManyAdds(few, kind)
  for (const kind of ['PostgreSQL', 'SQLite']) await measureBigValue(few, kind)
}

async function measureManyAdds(rounds: number, kind: string): Promise<void> {
  const title = `100,000 adds of 2 KB at once on ${kind}`
  if (!(await isThere(kind, title, { max: 0 }))) return
  const { results } = await measure(rounds, {
    results: () =>
      run<{ failed: number; refused: number; seconds: number }>('many-adds.ts', { kind }),
  })
  const of = (name: 'failed' | 'refused' | 'seconds') => results.map((result) => result[name])
  report(`${title}: failed`, of('failed'), '%', { max: 0 })
  report(`${title}: refused within 1 s`, of('refused'), '%')
  report(`${title}: until the last was answered`, of('seconds'), 's')
}

async function measureBigValue(rounds: number, kind: string): Promise<void> {
  const title = `a value of 50 MB on ${kind}`
  if (!(await isThere(kind, title, { max: 0 }))) return
  const { results } = await measure(rounds, {
    results: () =>
      run<{ longest: number; failed: number; seconds: number }>('big-value.ts', { kind }),
  })
  const of = (name: 'longest' | 'failed' | 'seconds') => results.map((result) => result[name])
  report(`${title}: longest wait of an add to another queue`, of('longest'), 'ms', { max: 2_000 })
  report(`${title}: adds that failed`, of('failed'), '', { max: 0 })
  report(`${title}: its own add`, of('seconds'), 's')
}
