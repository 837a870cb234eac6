import { invalid, notSet, ruleOf } from './definition-errors.ts'
import { defaultErrors, parseNumber } from './definition-numbers.ts'
import { MqueueError, quote } from './errors.ts'
import { unsetVariable } from './variable.ts'
import { isBlank } from './written.ts'

/** 0 append; 1 unique key, the oldest item stays; 2 unique key, the newest item stays. */
export type Addmode = 0 | 1 | 2

/** 0 none; 1 load at start and save at stop; 2 load only; 3 save only; 4 journal. */
export type Dbmode = 0 | 1 | 2 | 3 | 4

/** What a full queue does with an item that would make it longer. */
export type WhenFull = 'drop' | 'refuse'

/** The highest dbmode that Kamailio knows. */
export const KAMAILIO_DBMODE: Dbmode = 3

/** A queue definition that has been found good. */
export interface QueueDefinition {
  readonly name: string
  /** The most items the queue holds; 0 is unlimited. */
  readonly size: number
  readonly addmode: Addmode
  readonly dbmode: Dbmode
  /** What a full queue does with an item that would make it longer: its oldest goes, or the new one is refused. Default: `drop`. */
  readonly whenFull?: WhenFull
  /** How often an item is handed out at most; 0, the default, is unlimited. */
  readonly attempts?: number
  /** How long an item stays away after a retry, in s: after the first, the second, every later one. Default: 1 s. */
  readonly retryDelay?: readonly number[]
  /** The queue that takes the items that are given up. Default: none, and they are dropped. */
  readonly deadLetter?: string
  /** How many items may be leased at once; 0, the default, is unlimited. */
  readonly maxInFlight?: number
  /** Names the row in its list, so that a renamed queue keeps what it holds. Default: none. */
  readonly id?: string
  /** When the list was changed, in ms since 1970: where definitions of one queue differ, the newest wins. Default: 0. */
  readonly edited?: number
}

/**
 * A queue definition as people write it. Numbers may be strings, as they are when they come
 * from an environment variable. A blank `size` or `addmode` takes the default of its list. A blank `dbmode` is 0, a
 * blank `whenFull` is `drop`, and a blank `retryDelay` is 1 second.
 */
export interface QueueDefinitionInput {
  name?: unknown
  size?: unknown
  addmode?: unknown
  dbmode?: unknown
  whenFull?: unknown
  attempts?: unknown
  retryDelay?: unknown
  deadLetter?: unknown
  maxInFlight?: unknown
  id?: unknown
  edited?: unknown
}

/** The defaults of a list of definitions; blank or absent ones are 0. */
export interface DefinitionDefaults {
  /** Kamailio's `mqueue_size`: the size of each queue that leaves its own blank. */
  mqueueSize?: unknown
  /** Kamailio's `mqueue_addmode`: the addmode of each queue that leaves its own blank. */
  mqueueAddmode?: unknown
}

/** The good definitions of a list, in its order, and what is wrong with the others. */
export interface ParsedDefinitions {
  definitions: QueueDefinition[]
  errors: MqueueError[]
}

const NAME = /^[A-Za-z0-9_.-]{1,64}$/

/** The longest that an item may stay away after a retry, in seconds: 30 days. */
const LONGEST_RETRY_DELAY = 2_592_000

/**
 * Checks a list of queue definitions. A bad definition does not take the good ones down with it.
 *
 * @param inputs the definitions, as objects; anything but a list is one error
 * @param defaults what blank sizes and addmodes become
 * @returns the good definitions in their order, and one error for each bad one: a
 *   `MQ_INVALID_DEFINITION` that names the queue, the field, the row and what is allowed
 */
export function parseDefinitions(
  inputs: unknown,
  defaults: DefinitionDefaults = {},
): ParsedDefinitions {
  const parsed: ParsedDefinitions = { definitions: [], errors: [] }
  if (!Array.isArray(inputs)) {
    const unset = unsetVariable(inputs)
    const text = unset?.hint ?? 'The queues must be a list of {name, size, addmode, dbmode}'
    const place = { field: 'queues', ...ruleOf('list', unset) }
    parsed.errors.push(new MqueueError('MQ_INVALID_DEFINITION', text, place))
    return parsed
  }
  parsed.errors.push(...defaultErrors(defaults))
  const names = new Set<string>()
  for (const [row, input] of inputs.entries()) {
    try {
      const definition = parseDefinition(input, defaults)
      if (names.has(definition.name)) {
        const reason = 'the name is taken; every queue needs its own'
        throw invalid(definition.name, 'name', 'taken', reason)
      }
      names.add(definition.name)
      parsed.definitions.push(definition)
    } catch (error) {
      if (!(error instanceof MqueueError)) throw error
      const { queue, field, rule, part } = error
      const place = { queue, field, rule, part, row }
      parsed.errors.push(new MqueueError(error.code, error.message, place))
    }
  }
  return withDeadLetters(parsed, inputs)
}

/** Separates the definitions whose dead letter queue is not in the list. One whose own definition is bad counts. */
function withDeadLetters(parsed: ParsedDefinitions, inputs: readonly unknown[]): ParsedDefinitions {
  const names = new Set(inputs.map((input) => nameOf(input)))
  const definitions = parsed.definitions.filter(({ name, deadLetter }) => {
    if (deadLetter === undefined || names.has(deadLetter)) return true
    const row = inputs.findIndex((input) => nameOf(input) === name)
    const reason = `its dead letter queue ${quote(deadLetter)} is not defined. Define it, or choose another one`
    const { message } = invalid(name, 'deadLetter', 'deadLetter', reason)
    const place = { queue: name, field: 'deadLetter', rule: 'deadLetter', row } as const
    parsed.errors.push(new MqueueError('MQ_INVALID_DEFINITION', message, place))
    return false
  })
  return { definitions, errors: parsed.errors }
}

/** The name in a definition, as it is written; undefined where there is none. */
function nameOf(input: unknown): string | undefined {
  const { name } = (input ?? {}) as QueueDefinitionInput
  return typeof name === 'number' ? String(name) : typeof name === 'string' ? name : undefined
}

/**
 * Checks one queue definition.
 *
 * @param input the definition, as an object
 * @param defaults what a blank size and addmode become
 * @returns the definition; of the fields that Kamailio lacks, those that are not blank
 * @throws MqueueError `MQ_INVALID_DEFINITION`, naming the queue, the field and what is allowed
 */
export function parseDefinition(
  input: unknown,
  defaults: DefinitionDefaults = {},
): QueueDefinition {
  if (typeof input !== 'object' || input === null) {
    throw invalid('', 'name', 'object', 'a definition is an object {name, size, addmode, dbmode}')
  }
  assertFieldsSet(input)
  const { size, addmode, dbmode, ...more } = input as QueueDefinitionInput
  // An environment variable may have been a number all along.
  const name = nameOf(input)
  if (typeof name !== 'string' || !NAME.test(name)) {
    const shown = name ?? ''
    const reason = 'the name must be 1 to 64 of letters, digits, "_", "-" and "."'
    throw invalid(shown, 'name', 'name', reason)
  }
  return {
    name,
    size: parseNumber(name, 'size', size, defaults.mqueueSize, Number.MAX_SAFE_INTEGER),
    addmode: parseNumber(name, 'addmode', addmode, defaults.mqueueAddmode, 2) as Addmode,
    dbmode: parseNumber(name, 'dbmode', dbmode, 0, 4) as Dbmode,
    ...parseMore(name, more),
  }
}

/** @throws MqueueError for the first field whose environment variable is not set */
function assertFieldsSet(input: object): void {
  for (const [field, value] of Object.entries(input)) {
    const unset = unsetVariable(value)
    if (unset === undefined) continue
    throw notSet(field === 'name' ? '' : (nameOf(input) ?? ''), field, unset)
  }
}

/** The fields that Kamailio lacks, as far as they are not blank. */
function parseMore(name: string, input: QueueDefinitionInput): Partial<QueueDefinition> {
  const { whenFull, attempts, retryDelay, deadLetter, maxInFlight, id, edited } = input
  const number = (field: 'attempts' | 'maxInFlight' | 'edited', value: unknown) =>
    isBlank(value) ? {} : { [field]: parseNumber(name, field, value, 0, Number.MAX_SAFE_INTEGER) }
  return {
    ...(isBlank(whenFull) ? {} : { whenFull: parseWhenFull(name, whenFull) }),
    ...number('attempts', attempts),
    ...(isBlank(retryDelay) ? {} : { retryDelay: parseRetryDelay(name, retryDelay) }),
    ...(isBlank(deadLetter) ? {} : { deadLetter: parseDeadLetter(name, deadLetter) }),
    ...number('maxInFlight', maxInFlight),
    ...(isBlank(id) ? {} : { id: String(id) }),
    ...number('edited', edited),
  }
}

function parseWhenFull(queue: string, value: unknown): WhenFull {
  const text = typeof value === 'string' ? value.trim() : value
  if (text === 'drop' || text === 'refuse') return text
  const reason =
    'When full (whenFull) must be drop (the oldest item goes) or refuse (the new one is refused)'
  throw invalid(queue, 'whenFull', 'whenFull', reason)
}

function parseRetryDelay(queue: string, value: unknown): number[] {
  const parts = typeof value === 'string' ? value.split(',') : [value]
  return parts.map((part) => {
    const seconds = isBlank(part) || typeof part === 'object' ? Number.NaN : Number(part)
    if (seconds >= 0 && seconds <= LONGEST_RETRY_DELAY) return seconds
    const reason = `Retry after must be seconds from 0 to ${LONGEST_RETRY_DELAY}, or some with commas between them`
    throw invalid(queue, 'retryDelay', 'retryDelay', reason)
  })
}

function parseDeadLetter(queue: string, value: unknown): string {
  const name = typeof value === 'number' ? String(value) : value
  if (typeof name === 'string' && name !== queue && NAME.test(name)) return name
  const reason = 'Dead letters to must be the name of another queue in the list'
  throw invalid(queue, 'deadLetter', 'deadLetter', reason)
}
