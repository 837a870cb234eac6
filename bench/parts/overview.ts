/** What it costs a Node-RED that somebody looks at its queues: the overview, once a second, as the sidebar asks for it. */
import { setTimeout } from 'node:timers/promises'
import { freePort } from '../../test/support/free-port.ts'
import { answering } from '../answering.ts'
import { pacedFlow } from '../flows.ts'
import { differences, measure, run } from '../measure.ts'
import { LINE } from '../payloads.ts'
import { report } from '../report.ts'

const QUEUES = 1_000
const CHANGES = 100_000
/** What is looked for is small beside what the same flow takes from one time to another. */
const FEWEST_ROUNDS = 16
/** How long it is looked at, and then not, in s. */
const WHILE = 5

interface Spent {
  /** Of the process, in µs. */
  cpu: number
  changes: number
}

export default async function measureOverview(rounds: number): Promise<void> {
  await measureBeside(CHANGES, Math.max(rounds, FEWEST_ROUNDS))
  await measureBeside(0, rounds)
}

async function measureBeside(changes: number, rounds: number): Promise<void> {
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const ended = run('flow.ts', pacedFlow(QUEUES, changes, LINE), { BENCH_PORT: String(port) })
  await Promise.race([ended, answering(`${url}/bench/spent`)])
  try {
    // The compiler takes its time.
    await spentWhile(url, true)
    const spent = await measure(rounds, {
      watched: () => spentWhile(url, true),
      alone: () => spentWhile(url, false),
    })
    const cores = (some: Spent[]) => some.map(({ cpu }) => (cpu / 1e6 / WHILE) * 100)
    const rates = [...spent.watched, ...spent.alone].map((one) => one.changes / WHILE)
    const title = `${QUEUES} queues, ${changes} changes/s`
    report(`${title}: changes in fact`, rates, '/s', { min: 0.95 * changes })
    report(`${title}: the flow that changes them`, cores(spent.alone), '% of a core')
    report(
      `${title}: the overview, once a second`,
      differences(cores(spent.watched), cores(spent.alone)),
      '% of a core',
      { max: 2 },
    )
  } finally {
    await fetch(`${url}/bench/end`, { method: 'POST' })
    await ended
  }
}

/** What is spent in some seconds, in which the overview is asked for or is not. */
async function spentWhile(url: string, isAsked: boolean): Promise<Spent> {
  const before = await get<Spent>(`${url}/bench/spent`)
  for (let i = 0; i < WHILE; i++) {
    const second = setTimeout(1_000)
    if (isAsked) await assertWhole(url)
    await second
  }
  const after = await get<Spent>(`${url}/bench/spent`)
  return { cpu: after.cpu - before.cpu, changes: after.changes - before.changes }
}

/** Asks for the overview, and makes sure that it has all queues. */
async function assertWhole(url: string): Promise<void> {
  const { nodes } = await get<{ nodes: { queues: unknown[] }[] }>(`${url}/mqueue/queues`)
  const count = nodes.reduce((sum, { queues }) => sum + queues.length, 0)
  if (count !== QUEUES) throw new Error(`The overview has ${count} queues instead of ${QUEUES}.`)
}

async function get<T>(url: string): Promise<T> {
  const response = await fetch(url)
  if (!response.ok) throw new Error(`${url} answers ${response.status}.`)
  return (await response.json()) as T
}
