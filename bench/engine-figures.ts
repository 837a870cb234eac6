/** What the engine does alone. */
import { measure, ratios, report, run } from './measure.ts'

const engine = async (name: string) =>
  (await run<{ figure: number }>('engine-process.ts', name)).figure

export async function measureEngine(): Promise<void> {
  const alone = await measure({
    'heap addmode 0': () => engine('heap addmode 0'),
    'heap addmode 1': () => engine('heap addmode 1'),
    'heap addmode 2': () => engine('heap addmode 2'),
    'pairs at 1,000,000': () => engine('pairs at 1,000,000'),
    'keyed addmode 1': () => engine('keyed addmode 1'),
    'bare addmode 1': () => engine('bare addmode 1'),
    'keyed addmode 2': () => engine('keyed addmode 2'),
    'bare addmode 2': () => engine('bare addmode 2'),
  })
  const of = (name: string) => alone[name] as number[]
  for (const addmode of [0, 1, 2]) {
    const max = addmode === 0 ? 40 : 120
    report(`heap per held item, addmode ${addmode}`, of(`heap addmode ${addmode}`), 'bytes', {
      max,
    })
  }
  report('engine, addmode 0, pairs at depth 1,000,000', of('pairs at 1,000,000'), '/s', {
    min: 5e6,
  })
  for (const addmode of [1, 2]) {
    const slower = ratios(of(`bare addmode ${addmode}`), of(`keyed addmode ${addmode}`))
    report(`engine, addmode ${addmode}, rounds: time against a bare Map and list`, slower, 'x', {
      max: 1.5,
    })
  }
}
