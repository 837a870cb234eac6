import { MqueueError, quote } from './errors.ts'

/** 0 append; 1 unique key, the oldest item stays; 2 unique key, the newest item stays. */
export type Addmode = 0 | 1 | 2

/** 0 none; 1 load at start and save at stop; 2 load only; 3 save only; 4 journal. */
export type Dbmode = 0 | 1 | 2 | 3 | 4

/** A queue definition that has been found good. */
export interface QueueDefinition {
  readonly name: string
  /** The most items the queue holds; 0 is unlimited. */
  readonly size: number
  readonly addmode: Addmode
  readonly dbmode: Dbmode
}

/**
 * A queue definition as people write it. Numbers may be strings, as they are when they come from
 * an environment variable; a blank `size` or `addmode` takes the default of its list, a blank
 * `dbmode` is 0.
 */
export interface QueueDefinitionInput {
  name?: unknown
  size?: unknown
  addmode?: unknown
  dbmode?: unknown
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
const INTEGER = /^\d+$/
const ADDMODES =
  'addmode must be 0 (append), 1 (keep the oldest item of a key) or 2 (keep the newest)'
const DBMODES =
  'dbmode must be 0 (none), 1 (load and save), 2 (load only), 3 (save only) or 4 (journal)'

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
    const text = 'The queues must be a list of {name, size, addmode, dbmode}'
    parsed.errors.push(new MqueueError('MQ_INVALID_DEFINITION', text, { field: 'queues' }))
    return parsed
  }
  const names = new Set<string>()
  for (const [row, input] of inputs.entries()) {
    try {
      const definition = parseDefinition(input, defaults)
      if (names.has(definition.name)) {
        throw invalid(definition.name, 'name', 'the name is taken; every queue needs its own')
      }
      names.add(definition.name)
      parsed.definitions.push(definition)
    } catch (error) {
      if (!(error instanceof MqueueError)) throw error
      const { queue, field } = error
      parsed.errors.push(new MqueueError(error.code, error.message, { queue, field, row }))
    }
  }
  return parsed
}

/**
 * Checks one queue definition.
 *
 * @param input the definition, as an object
 * @param defaults what a blank size and addmode become
 * @returns the definition, with every field filled in
 * @throws MqueueError `MQ_INVALID_DEFINITION`, naming the queue, the field and what is allowed
 */
export function parseDefinition(
  input: unknown,
  defaults: DefinitionDefaults = {},
): QueueDefinition {
  if (typeof input !== 'object' || input === null) {
    throw invalid('', 'name', 'a definition is an object {name, size, addmode, dbmode}')
  }
  const { name: rawName, size, addmode, dbmode } = input as QueueDefinitionInput
  // An environment variable may have been a number all along.
  const name = typeof rawName === 'number' ? String(rawName) : rawName
  if (typeof name !== 'string' || !NAME.test(name)) {
    const shown = typeof name === 'string' ? name : ''
    throw invalid(shown, 'name', 'the name must be 1 to 64 of letters, digits, "_", "-" and "."')
  }
  return {
    name,
    size: parseSize(name, size, defaults.mqueueSize),
    addmode: parseMode(name, 'addmode', addmode, defaults.mqueueAddmode, 2, ADDMODES) as Addmode,
    dbmode: parseMode(name, 'dbmode', dbmode, 0, 4, DBMODES) as Dbmode,
  }
}

function parseSize(queue: string, value: unknown, fallback: unknown): number {
  const size = integer(value, fallback)
  if (size === undefined) {
    throw invalid(queue, 'size', 'size must be a whole number from 0 on (0 is unlimited)')
  }
  return size
}

function parseMode(
  queue: string,
  field: 'addmode' | 'dbmode',
  value: unknown,
  fallback: unknown,
  highest: number,
  allowed: string,
): number {
  const mode = integer(value, fallback)
  if (mode === undefined || mode > highest) throw invalid(queue, field, allowed)
  return mode
}

/** A whole number from 0 on, also when written as text; undefined for anything else. */
function integer(value: unknown, fallback: unknown): number | undefined {
  const given = isBlank(value) ? fallback : value
  if (isBlank(given)) return 0
  const text = typeof given === 'string' ? given.trim() : given
  const number = typeof text === 'string' && INTEGER.test(text) ? Number(text) : text
  return Number.isSafeInteger(number) && (number as number) >= 0 ? (number as number) : undefined
}

function isBlank(value: unknown): boolean {
  return value === undefined || value === null || (typeof value === 'string' && value.trim() === '')
}

function invalid(queue: string, field: string, reason: string): MqueueError {
  const shown = queue === '' ? 'A queue without a name' : `Queue ${quote(queue)}`
  return new MqueueError('MQ_INVALID_DEFINITION', `${shown}: ${reason}`, { queue, field })
}
