import type { NodeView, Overview, QueueView } from './overview.ts'
import { type Risen, Rising } from './rising.ts'

/** Why an item may not stay. Each is there from the start, so that `rate()` sees the first. */
const REASONS = [
  'overflow',
  'replaced',
  'duplicate',
  'full',
  'attempts',
  'rejected',
  'removed',
] as const
const CAUTIONS = ['defined elsewhere', 'may evict'] as const

type Labels = Readonly<Record<string, string>>
/** A value, with the labels that it has besides those of its queue or node; undefined where it is not known. */
type Value = readonly [value: number | undefined, labels?: Labels]

interface Metric<T> {
  readonly name: string
  readonly type: 'gauge' | 'counter'
  readonly help: string
  readonly values: (of: T) => readonly Value[]
}

const one = (value: number | undefined): readonly Value[] => [[value]]

const NODE_METRICS: readonly Metric<NodeView>[] = [
  {
    name: 'mqueue_engine_info',
    type: 'gauge',
    help: 'Always 1; the labels have the name of the config node and the place of its queues.',
    values: ({ name, engine, database = '' }) => [[1, { name, engine, database }]],
  },
  {
    name: 'mqueue_engine_definition_errors',
    type: 'gauge',
    help: 'Definitions of the config node that cannot be used.',
    values: ({ errors }) => one(errors.length),
  },
]

const QUEUE_METRICS: readonly Metric<QueueView>[] = [
  {
    name: 'mqueue_queue_up',
    type: 'gauge',
    help: 'Whether the queue can be used now (1) or not (0). Its counts are there only while it can.',
    values: (queue) => one(Number(isUp(queue))),
  },
  {
    name: 'mqueue_queue_items',
    type: 'gauge',
    help: 'Items waiting in the queue.',
    values: (queue) => one(isUp(queue) ? (queue.size ?? undefined) : undefined),
  },
  {
    name: 'mqueue_queue_items_max',
    type: 'gauge',
    help: 'The most items that may wait in the queue. An unlimited queue has none.',
    values: ({ bound }) => one(bound === 0 ? undefined : bound),
  },
  {
    name: 'mqueue_queue_leased_items',
    type: 'gauge',
    help: 'Items handed out and not done: leased, or waiting for their next attempt.',
    values: (queue) => one(isUp(queue) ? queue.leased : undefined),
  },
  {
    name: 'mqueue_queue_waiting_consumers',
    type: 'gauge',
    help: 'Consumers and fetches that wait for items of the queue.',
    values: ({ waiting }) => one(waiting),
  },
  {
    name: 'mqueue_queue_paused',
    type: 'gauge',
    help: 'Whether the queue is paused (1) or not (0).',
    values: (queue) => one(isUp(queue) ? toNumber(queue.paused) : undefined),
  },
  {
    name: 'mqueue_queue_oldest_item_age_seconds',
    type: 'gauge',
    help: 'Age of the oldest item waiting; 0 when there is none.',
    values: ({ oldest }) => one(oldest === undefined ? undefined : oldest / 1000),
  },
  {
    name: 'mqueue_queue_takes_dead_letters',
    type: 'gauge',
    help: 'Whether this is the dead letter queue of another queue (1) or not (0).',
    values: ({ isDeadLetters }) => one(Number(isDeadLetters)),
  },
  {
    name: 'mqueue_queue_caution',
    type: 'gauge',
    help: 'Whether a warning applies to the queue (1) or not (0), by its kind.',
    values: (queue) =>
      CAUTIONS.map((caution) => [
        isUp(queue) ? Number(queue.caution === caution) : undefined,
        { caution },
      ]),
  },
  {
    name: 'mqueue_queue_added_items_total',
    type: 'counter',
    help: 'Items that came to the queue.',
    values: ({ added }) => one(added),
  },
  {
    name: 'mqueue_queue_fetched_items_total',
    type: 'counter',
    help: 'Items taken for good, without a lease.',
    values: ({ fetched }) => one(fetched),
  },
  {
    name: 'mqueue_queue_acknowledged_items_total',
    type: 'counter',
    help: 'Leased items whose work was done.',
    values: ({ acknowledged }) => one(acknowledged),
  },
  {
    name: 'mqueue_queue_dropped_items_total',
    type: 'counter',
    help: 'Items that were dropped, refused or removed, by the reason.',
    values: ({ dropped }) =>
      dropped === undefined
        ? []
        : [...new Set([...REASONS, ...Object.keys(dropped)])].map((reason) => [
            dropped[reason] ?? 0,
            { reason },
          ]),
  },
]

/**
 * Writes the counts of all queues in the text format of Prometheus, version 0.0.4. A queue that cannot be used now has no
 * counts, since a counter that fell to 0 would be taken for one that began again.
 *
 * @param rising what the counters were before, for the same reader
 */
export function metricsOf({ nodes }: Overview, rising = new Rising()): string {
  const ofNodes = nodes.map((node) => [node, labelsText({ node: node.id })] as const)
  const ofQueues = nodes.flatMap((node) =>
    node.queues.map((queue) => [queue, labelsText({ node: node.id, queue: queue.name })] as const),
  )
  const risen = new Map<QueueView, Risen>()
  for (const [queue, labels] of ofQueues) {
    if (queue.added !== undefined) risen.set(queue, rising.of(labels, queue.added))
  }
  rising.keep(ofQueues.map(([, labels]) => labels))
  const lines = [
    ...NODE_METRICS.flatMap((metric) => linesOf(metric, ofNodes)),
    ...QUEUE_METRICS.flatMap((metric) => linesOf(metric, ofQueues, (queue) => risen.get(queue))),
  ]
  return lines.map((line) => `${line}\n`).join('')
}

/** @param risen returns what shows the counters of a queue, so that none falls */
function linesOf<T>(
  { name, type, help, values }: Metric<T>,
  all: readonly (readonly [T, labels: string])[],
  risen: (of: T) => Risen | undefined = () => undefined,
): string[] {
  const lines: string[] = []
  for (const [of, labels] of all) {
    const shown = type === 'counter' ? risen(of) : undefined
    for (const [value, more] of values(of)) {
      if (value === undefined) continue
      const series = `${name}{${more === undefined ? labels : `${labels},${labelsText(more)}`}}`
      lines.push(`${series} ${shown === undefined ? value : shown(series, value)}`)
    }
  }
  return lines.length === 0 ? [] : [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, ...lines]
}

function labelsText(labels: Labels): string {
  return Object.entries(labels)
    .map(([name, value]) => `${name}="${escaped(value)}"`)
    .join(',')
}

const ESCAPES: Readonly<Record<string, string>> = { '\\': '\\\\', '"': '\\"', '\n': '\\n' }

/** A label's value is UTF-8, which has no half of a surrogate pair. */
function escaped(value: string): string {
  return value.toWellFormed().replace(/[\\"\n]/g, (character) => ESCAPES[character] as string)
}

/** Whether the queue has reported what it has. One that has not, or is being loaded, may have something else. */
function isUp({ size, loaded, late }: QueueView): boolean {
  return size !== null && loaded === undefined && late === undefined
}

function toNumber(flag: boolean | undefined): number | undefined {
  return flag === undefined ? undefined : Number(flag)
}
