import type { QueueDefinition } from '../definition.ts'
import { Leases } from '../local/leases.ts'

/** The fields of a definition that all who share a queue must agree on, in the order in which the script has them. */
const FIELDS = [
  'size',
  'addmode',
  'whenFull',
  'attempts',
  'retryDelay',
  'deadLetter',
  'maxInFlight',
] as const
type Fields = Readonly<Record<(typeof FIELDS)[number], string>>

/** What Redis keeps of a queue, behind its name. */
const KEYS = ['', ':items', ':order', ':values', ':leases', ':leased', ':delayed', ':waiting']

/** What counts in Redis: the newest definition of all that were given. */
export interface SharedDefinition {
  /** Tells it from any other that counted before. */
  readonly stamp: string
  readonly fields: Fields
  readonly size: number
  readonly addmode: number
  readonly refuses: boolean
  readonly deadLetter: string
}

/** One queue in Redis, as this process knows it. */
export class SharedQueue {
  readonly name: string
  readonly keys: readonly string[]
  /** The definition of this process; undefined when it has none any more. */
  mine: QueueDefinition | undefined
  /** The definition that counts; undefined until Redis was asked. */
  shared: SharedDefinition | undefined
  /** What was seen last. */
  size = 0
  leased = 0
  isPaused = false
  /** How many items it has dropped since it was full, because of what this process did. */
  overflowed = 0
  /** The leases of this process, by their numbers. */
  readonly held = new Leases()
  /** Until when items wait for their next attempt that this process has sent back, in ms of its clock, by lease. */
  readonly delayed = new Map<string, number>()

  constructor(prefix: string, name: string) {
    this.name = name
    this.keys = KEYS.map((key) => `{${prefix}}:${name}${key}`)
  }

  /** The definition that counts, with what only this process knows. */
  get definition(): QueueDefinition {
    const mine = this.mine as QueueDefinition
    if (!this.isElsewhere) return mine
    const { size, addmode, whenFull, attempts, retryDelay, deadLetter, maxInFlight } = (
      this.shared as SharedDefinition
    ).fields
    return {
      ...mine,
      size: Number(size),
      addmode: Number(addmode) as QueueDefinition['addmode'],
      whenFull: whenFull as 'drop',
      attempts: Number(attempts),
      retryDelay: retryDelay.split(',').map(Number),
      maxInFlight: Number(maxInFlight),
      deadLetter: deadLetter === '' ? undefined : deadLetter,
    } as QueueDefinition
  }

  /** Whether another definition than that of this process counts. */
  get isElsewhere(): boolean {
    return this.differences.length > 0
  }

  /** In what the definition that counts differs from that of this process, for people. */
  get differences(): string[] {
    if (this.shared === undefined || this.mine === undefined) return []
    const mine = fieldsOf(this.mine)
    const { fields } = this.shared
    return FIELDS.filter((field) => fields[field] !== mine[field]).map((field) => {
      return `${field} ${fields[field] || 'none'} instead of ${mine[field] || 'none'}`
    })
  }

  /** Takes over what the script says of the definition that counts; returns what it says behind that. */
  learn(stamp: string, values: readonly string[]): readonly string[] {
    const entries = FIELDS.map((field, index) => [field, values[index] ?? ''])
    const fields = Object.fromEntries(entries) as Fields
    const { size, addmode, whenFull, deadLetter } = fields
    this.shared = {
      stamp,
      fields,
      size: Number(size),
      addmode: Number(addmode),
      refuses: whenFull === 'refuse',
      deadLetter,
    }
    return values.slice(FIELDS.length)
  }

  /** What the script is given to define the queue. */
  definitionArguments(): string[] {
    const mine = this.mine as QueueDefinition
    const fields = fieldsOf(mine)
    return [String(mine.edited ?? 0), ...FIELDS.map((field) => fields[field])]
  }
}

function fieldsOf(definition: QueueDefinition): Fields {
  const { size, addmode, whenFull = 'drop', attempts = 0, maxInFlight = 0 } = definition
  const { retryDelay = [1], deadLetter = '' } = definition
  return {
    size: String(size),
    addmode: String(addmode),
    whenFull,
    attempts: String(attempts),
    retryDelay: retryDelay.join(','),
    deadLetter,
    maxInFlight: String(maxInFlight),
  }
}
