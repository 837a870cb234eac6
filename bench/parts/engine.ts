/** What the engine does alone, in memory. */
import { differences, measure, ratios, run } from '../measure.ts'
import type { EngineCase } from '../processes/engine.ts'
import { report } from '../report.ts'

const figure = (name: EngineCase, addmode: number) => async () =>
  (await run<{ figure: number }>('engine.ts', { name, addmode })).figure

const block = (isBare: boolean) => async () => {
  const { adding, taking } = await run<{ adding: number; taking: number }>('longest-block.ts', {
    isBare,
  })
  return Math.max(adding, taking)
}

export default async function measureEngine(rounds: number): Promise<void> {
  const blocks = await measure(rounds, { engine: block(false), bare: block(true) })
  const title = '10,000,000 items added and taken: longest wait of the event loop'
  report(title, blocks.engine, 'ms')
  report(`${title}, beyond a bare list`, differences(blocks.engine, blocks.bare), 'ms', {
    max: 20,
  })

  const { pairs } = await measure(rounds, { pairs: figure('pairsAtMillion', 0) })
  report('engine, addmode 0, pairs at depth 1,000,000', pairs, '/s', { min: 40e6 })

  for (const [addmode, max] of [64, 136, 136].entries()) {
    const { bytes } = await measure(rounds, { bytes: figure('bytesPerItem', addmode) })
    report(`memory per held item, addmode ${addmode}`, bytes, 'bytes', { max })
  }

  for (const addmode of [1, 2]) {
    const { engine, bare } = await measure(rounds, {
      engine: figure('keyedEngine', addmode),
      bare: figure('keyedBare', addmode),
    })
    const title = `engine, addmode ${addmode}, at depth 100,000: time against a bare Map and list`
    report(title, ratios(bare, engine), 'x', { max: 1.5 })
  }
}
