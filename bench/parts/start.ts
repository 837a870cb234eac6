/** What the package costs a Node-RED that has it and does not use it. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { makeUserDir } from '../../test/support/node-red.ts'
import { differences, measure, run } from '../measure.ts'
import { report } from '../report.ts'

interface Start {
  time: number
  cpu: number
  heap: number
  rss: number
  sets: number
}

/** What is looked for is small beside what a start takes. */
const FEWEST_ROUNDS = 15

const FLOW = [
  { id: 'tab', type: 'tab', label: 'flow' },
  { id: 'in', type: 'inject', z: 'tab', x: 1, y: 1, props: [], wires: [['out']] },
  { id: 'out', type: 'debug', z: 'tab', x: 1, y: 1, wires: [] },
]

export default async function measureStart(rounds: number): Promise<void> {
  const directories = { with: makeUserDir(), without: mkdtempSync(join(tmpdir(), 'mqueue-user-')) }
  try {
    const starts = {
      with: () => run<Start>('start.ts', { userDir: directories.with }),
      without: () => run<Start>('start.ts', { userDir: directories.without }),
    }
    for (const directory of Object.values(directories)) {
      writeFileSync(join(directory, 'flows.json'), JSON.stringify(FLOW))
    }
    // The first start of a user directory takes longer.
    const {
      with: [first],
    } = await measure(1, starts)
    if (!first?.sets) throw new Error('Node-RED has not found the package. Build it.')
    const results = await measure(Math.max(rounds, FEWEST_ROUNDS), starts)
    const added = (what: keyof Start) =>
      differences(
        results.with.map((start) => start[what]),
        results.without.map((start) => start[what]),
      )
    const title = "the unused package adds to Node-RED's start"
    report(`${title}: time`, added('time'), 'ms', { max: 20 })
    report(`${title}: processor time of all threads`, added('cpu'), 'ms')
    report(`${title}: heap`, added('heap'), 'MB', { max: 3 })
    report(`${title}: resident memory`, added('rss'), 'MB', { max: 3 })
  } finally {
    for (const directory of Object.values(directories)) rmSync(directory, { recursive: true })
  }
}
