/** What a slow disk does to the rest of the process. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { measure, run } from '../measure.ts'
import { notMeasured, report } from '../report.ts'

const FIGURE = 'journal on SQLite, 20 messages/s, a disk of 20 ms: event loop busy'
const LIMIT = { max: 15 }
/** It hardly depends on what else the machine does. */
const MOST_ROUNDS = 3

export default async function measureDisk(rounds: number): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'mqueue-disk-'))
  try {
    const library = join(directory, 'slow-fsync.so')
    const source = join(import.meta.dirname, '../slow-fsync.c')
    try {
      execFileSync('cc', ['-shared', '-fPIC', '-O2', '-o', library, source, '-ldl'], {
        stdio: 'pipe',
      })
    } catch (error) {
      const reason = `It needs a C compiler, and Linux: ${(error as Error).message}`
      notMeasured(FIGURE, reason, LIMIT)
      return
    }
    const { slow } = await measure(Math.min(rounds, MOST_ROUNDS), {
      slow: () => run<{ busy: number; add: number }>('slow-disk.ts', {}, { LD_PRELOAD: library }),
    })
    // An add that is faster than the disk is not on it.
    if (slow.some(({ add }) => add < 20)) {
      notMeasured(FIGURE, 'Adds were answered before the disk could have them.', LIMIT)
      return
    }
    const busy = slow.map((one) => one.busy)
    report(FIGURE, busy, '%', LIMIT)
  } finally {
    rmSync(directory, { recursive: true })
  }
}
