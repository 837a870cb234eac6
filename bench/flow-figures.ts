/** What goes through a flow: against the least that two nodes can do, and against the peers. */
import { type FlowCase, flowOf, type Load } from './flows.ts'
import { measure, ratios, report, run } from './measure.ts'

export const CALL = { call: 'a84b4c76e66710', from: '+4930901820', to: '+4989636480', code: 486 }
export const LINE = 'INVITE sip:+4989636480@example.org SIP/2.0'

const flow = (name: FlowCase, load: Load) =>
  run<{ pairs: number; drained: number }>('flow-process.ts', JSON.stringify(flowOf(name, load)))
const pairsOf = (results: { pairs: number }[] = []) => results.map(({ pairs }) => pairs)

export async function measureFlows(): Promise<void> {
  const load = { depth: 100, rounds: 2500, warmUp: 1000 }
  for (const [kind, payload] of Object.entries({ object: CALL, text: LINE })) {
    const results = await measure({
      mqueue: () => flow('mqueue', { ...load, payload }),
      reference: () => flow('reference', { ...load, payload }),
      'queue-gate': () => flow('queue-gate', { ...load, payload }),
      'simple-message-queue': () => flow('simple-message-queue', { ...load, payload }),
    })
    const own = pairsOf(results.mqueue)
    for (const [other, min] of [
      ['reference', 0.85],
      ['queue-gate', 1],
      ['simple-message-queue', 1],
    ] as const) {
      const figure = `add + fetch, ${kind} payload: against ${other}`
      report(figure, ratios(own, pairsOf(results[other])), 'x', { min })
    }
  }

  const drained = await measure({
    deep: () => flow('mqueue', { depth: 100_000, rounds: 3, warmUp: 1, payload: CALL }),
    flat: () => flow('mqueue', { depth: 100, rounds: 3000, warmUp: 1000, payload: CALL }),
  })
  const perItem = (results: { drained: number }[] = []) =>
    results.map((result) => 1 / result.drained)
  report(
    'draining 100,000 held items: time per item against draining 100',
    ratios(perItem(drained.deep), perItem(drained.flat)),
    'x',
    { max: 1.3 },
  )
}
