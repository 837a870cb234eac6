/** What goes through a flow: against the least that such nodes can do, and against the peers. */
import { type Load, mqueueFlow, queueGateFlow, referenceFlow, simpleQueueFlow } from '../flows.ts'
import { measure, ratios, run } from '../measure.ts'
import { CALL, LINE, PAYLOADS } from '../payloads.ts'
import { report } from '../report.ts'

interface Rates {
  pairs: number
  drained: number
}

const flow = (nodes: object[]) => () => run<Rates>('flow.ts', nodes)
const pairsOf = (results: Rates[]) => results.map(({ pairs }) => pairs)

/** From the first message on: what few messages and many messages see of it. */
const SHORT = { depth: 100, rounds: 1_200, warmUp: 0 }
const LONG = { depth: 100, rounds: 6_000, warmUp: 0 }

export default async function measureFlows(rounds: number): Promise<void> {
  for (const [kind, payload] of Object.entries(PAYLOADS)) await measureKind(rounds, kind, payload)

  const load = { ...SHORT, payload: LINE }
  const many = await measure(rounds, {
    mqueue: flow(mqueueFlow(load, 20)),
    reference: flow(referenceFlow(load, 20)),
  })
  report(
    'add + fetch, 20 + 20 nodes in turn, text: against reference',
    ratios(pairsOf(many.mqueue), pairsOf(many.reference)),
    'x',
    { min: 0.85 },
  )
  await measureDraining(rounds)
}

async function measureKind(rounds: number, kind: string, payload: unknown): Promise<void> {
  const short = { ...SHORT, payload }
  const few = await measure(rounds, {
    mqueue: flow(mqueueFlow(short)),
    reference: flow(referenceFlow(short)),
    'queue-gate': flow(queueGateFlow(short)),
    'simple-message-queue': flow(simpleQueueFlow(short)),
  })
  for (const [other, min] of [
    ['reference', 0.93],
    ['queue-gate', 1],
    ['simple-message-queue', 1],
  ] as const) {
    const figure = `add + fetch, ${kind}, 120,000 messages: against ${other}`
    report(figure, ratios(pairsOf(few.mqueue), pairsOf(few[other])), 'x', { min })
  }

  const long = { ...LONG, payload }
  const many = await measure(rounds, {
    mqueue: flow(mqueueFlow(long)),
    reference: flow(referenceFlow(long)),
  })
  report(
    `add + fetch, ${kind}, 600,000 messages: against reference`,
    ratios(pairsOf(many.mqueue), pairsOf(many.reference)),
    'x',
    { min: 0.93 },
  )
}

async function measureDraining(rounds: number): Promise<void> {
  const drain = (load: Load) => flow(mqueueFlow(load))
  const drained = await measure(rounds, {
    deep: drain({ depth: 100_000, rounds: 3, warmUp: 1, payload: CALL }),
    flat: drain({ depth: 100, rounds: 3_000, warmUp: 1_000, payload: CALL }),
  })
  const perItem = (results: Rates[]) => results.map((result) => 1 / result.drained)
  report(
    'draining 100,000 held items: time per item against draining 100',
    ratios(perItem(drained.deep), perItem(drained.flat)),
    'x',
    { max: 1.3 },
  )
}
