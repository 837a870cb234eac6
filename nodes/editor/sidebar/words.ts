import type { ItemAnswer, NodeAnswer, Outcome, QueueAnswer } from './answers.ts'
import type { Rates } from './history.ts'

/** Returns a text in the language of the editor. */
export type Text = (key: string, values?: Record<string, unknown>) => string

const ENGINES: Record<string, string> = {
  memory: 'sidebar.engine.memory',
  redis: 'sidebar.engine.redis',
  kamailio: 'sidebar.engine.kamailio',
}
const DATABASES: Record<string, string> = {
  sqlite: 'sidebar.database.sqlite',
  postgres: 'sidebar.database.postgres',
  mysql: 'sidebar.database.mysql',
}
const DROPPED: Record<string, string> = {
  overflow: 'sidebar.dropped.overflow',
  replaced: 'sidebar.dropped.replaced',
  duplicate: 'sidebar.dropped.duplicate',
  full: 'sidebar.dropped.full',
  attempts: 'sidebar.dropped.attempts',
  rejected: 'sidebar.dropped.rejected',
  removed: 'sidebar.dropped.removed',
}
const CAUTIONS: Record<string, string> = {
  'defined elsewhere': 'sidebar.caution.elsewhere',
  'may evict': 'sidebar.caution.evict',
}
const PROBLEMS: Record<string, string> = {
  MQ_UNAVAILABLE: 'sidebar.problem.unavailable',
  MQ_STORE_LOCKED: 'sidebar.problem.locked',
  MQ_CLOSED: 'sidebar.problem.closed',
}
const REASONS: Record<string, string> = {
  attempts: 'sidebar.reason.attempts',
  rejected: 'sidebar.reason.rejected',
}
const KINDS: Record<string, string> = {
  text: 'sidebar.kind.text',
  number: 'sidebar.kind.number',
  boolean: 'sidebar.kind.boolean',
  object: 'sidebar.kind.object',
  list: 'sidebar.kind.list',
  map: 'sidebar.kind.map',
  set: 'sidebar.kind.set',
  binary: 'sidebar.kind.binary',
  null: 'sidebar.kind.null',
  undefined: 'sidebar.kind.undefined',
  error: 'sidebar.kind.error',
  date: 'sidebar.kind.date',
  function: 'sidebar.kind.function',
  symbol: 'sidebar.kind.symbol',
  unreadable: 'sidebar.kind.unreadable',
}
const UNITS = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
  ['second', 1000],
] as const

/** What the sidebar says, with numbers and times as the language of the editor has them. */
export class Words {
  readonly #text: Text
  readonly #whole: Intl.NumberFormat
  readonly #fine: Intl.NumberFormat
  readonly #units: Record<string, Intl.NumberFormat>

  /** @param language a tag such as `en-US`; what is not one counts as English */
  constructor(text: Text, language: string) {
    const known = isLanguage(language) ? language : 'en-US'
    this.#text = text
    this.#whole = new Intl.NumberFormat(known, { maximumFractionDigits: 0 })
    this.#fine = new Intl.NumberFormat(known, { maximumFractionDigits: 1 })
    const options = { style: 'unit', unitDisplay: 'short', maximumFractionDigits: 0 } as const
    this.#units = Object.fromEntries(
      UNITS.map(([unit]) => [unit, new Intl.NumberFormat(known, { ...options, unit })]),
    )
  }

  number(value: number): string {
    return this.#whole.format(value)
  }

  rate(value: number): string {
    return (value < 10 ? this.#fine : this.#whole).format(value)
  }

  /** A time in its largest unit, such as "3 min". */
  time(ms: number): string {
    const [unit, length] = UNITS.find(([, least]) => ms >= least) ?? (['second', 1000] as const)
    return this.#units[unit]?.format(Math.floor(ms / length)) ?? ''
  }

  /** Where the queues of a config node live. */
  place({ engine, database }: NodeAnswer): string {
    const place = this.#known(ENGINES, engine)
    if (database === undefined) return place
    return this.#text('sidebar.engine.with', {
      place,
      database: this.#known(DATABASES, database),
    })
  }

  /** The size of a queue, with its bound where it has one. */
  size({ size, bound }: QueueAnswer): string {
    const items = size === null ? '–' : this.number(size)
    return bound > 0 ? `${items} / ${this.number(bound)}` : items
  }

  /** The size for a reader of the screen. */
  spokenSize({ size, bound }: QueueAnswer): string {
    if (size === null) return ''
    if (bound === 0) return this.number(size)
    return this.#text('sidebar.sizeOf', { size: this.number(size), bound: this.number(bound) })
  }

  /** What keeps a queue from being used, in words; undefined when nothing does. */
  problem({ problem, loaded }: QueueAnswer): string | undefined {
    if (loaded !== undefined) return this.#text('sidebar.loading', { number: this.number(loaded) })
    if (problem === undefined) return undefined
    const { code, message } = problem
    // What the runtime says in English stands behind it, for the address and the cause.
    return Object.hasOwn(PROBLEMS, code) ? `${this.#known(PROBLEMS, code)}: ${message}` : message
  }

  /** What people should know of a queue that works, shortest first. */
  remarks({ paused, caution, late }: QueueAnswer): string[] {
    const remarks = paused ? [this.#text('sidebar.paused')] : []
    if (caution !== undefined) remarks.push(this.#known(CAUTIONS, caution))
    if (late) remarks.push(this.#text('sidebar.late'))
    return remarks
  }

  /** What is handed out, how old the oldest item is, and what was dropped. */
  details({ size, leased = 0, oldest = 0, dropped = {} }: QueueAnswer): string[] {
    const details: string[] = []
    if (leased > 0) details.push(this.#text('sidebar.leased', { number: this.number(leased) }))
    if (size !== null && size > 0) {
      details.push(this.#text('sidebar.oldest', { age: this.time(oldest) }))
    }
    const losses = this.dropped(dropped)
    if (losses !== '') details.push(this.#text('sidebar.droppedOf', { reasons: losses }))
    return details
  }

  /** How many items were dropped for each reason; empty for none. */
  dropped(dropped: Record<string, number>): string {
    return Object.entries(dropped)
      .filter(([, count]) => count > 0)
      .map(([reason, count]) => `${this.#known(DROPPED, reason)} ${this.number(count)}`)
      .join(', ')
  }

  rates(rates: Rates): string {
    return this.#text('sidebar.rates', {
      added: this.rate(rates.added),
      taken: this.rate(rates.taken),
    })
  }

  /** All of a queue in a sentence, for a reader of the screen. */
  spoken(queue: QueueAnswer): string {
    const problem = this.problem(queue)
    const rest = problem === undefined ? this.details(queue) : [problem]
    const parts = [this.spokenSize(queue), ...this.remarks(queue), ...rest]
    return `${queue.name}: ${parts.filter((part) => part !== '').join(', ')}`
  }

  /** How old an item is, how often it was handed out, and why it is in a dead letter queue. */
  item({ age, attempt, reason, queue }: ItemAnswer): string {
    const parts = [this.time(age)]
    if (attempt > 0)
      parts.push(this.#text('sidebar.item.attempt', { attempt: this.number(attempt) }))
    if (reason !== undefined) parts.push(this.#known(REASONS, reason))
    if (queue !== undefined) parts.push(this.#text('sidebar.item.from', { queue }))
    return parts.join(', ')
  }

  /** What kind of value an item has. */
  kind(kind: string): string {
    return this.#known(KINDS, kind)
  }

  /** What sending back did. */
  sentBack({ count, left = 0, reason = '', dropped = 0 }: Outcome): string {
    const said = [this.#text('sidebar.done.sent', { number: this.number(count) })]
    if (dropped > 0) said.push(this.#text('sidebar.done.dropped', { number: this.number(dropped) }))
    if (left > 0) said.push(this.#text('sidebar.done.left', { number: this.number(left), reason }))
    return said.join(' ').trim()
  }

  #known(texts: Record<string, string>, word: string): string {
    const key = Object.hasOwn(texts, word) ? texts[word] : undefined
    return key === undefined ? word : this.#text(key)
  }
}

function isLanguage(tag: string): boolean {
  try {
    return Intl.NumberFormat.supportedLocalesOf(tag).length > 0
  } catch {
    return false
  }
}
