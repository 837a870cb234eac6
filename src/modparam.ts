import { parseDefinition, type QueueDefinition } from './definition.ts'
import { type ErrorPlace, MqueueError, quote, type Rule } from './errors.ts'
import { type Call, callsOf } from './kamailio-cfg/calls.ts'
import { messageOf } from './kamailio-cfg/messages.ts'

const ATTRIBUTES = ['name', 'size', 'addmode', 'dbmode'] as const

/** What `modparam` lines define. */
export interface ParsedModparams {
  /** The good definitions, in the order of their lines. */
  definitions: QueueDefinition[]
  /** Kamailio's `db_url`, as it is written there; the last one counts. */
  dbUrl?: string
  /** What is wrong, line by line. */
  errors: MqueueError[]
}

/**
 * Reads a queue definition as Kamailio's `mqueue` parameter has it:
 * `name=calls;size=100;addmode=2;dbmode=1`. Attributes come in any order and case, values may be
 * quoted, blanks may surround `=` and `;`, one `;` may end it.
 *
 * What Kamailio would silently take for something else is refused here. That is text after a comma,
 * a number that is not whole, a negative size, a mode that does not exist, and an attribute given twice.
 *
 * @param text the definition
 * @returns the definition, with every field filled in; what is not given is 0
 * @throws MqueueError `MQ_INVALID_DEFINITION`, naming the queue, the field and what is allowed
 */
export function parseDefinitionString(text: string): QueueDefinition {
  const input: Partial<Record<(typeof ATTRIBUTES)[number], string>> = {}
  const attribute =
    /[ \t\r\n]*([A-Za-z_]\w*)[ \t\r\n]*=[ \t\r\n]*(?:"([^"]*)"|'([^']*)'|([^ \t\r\n,;"'][^ \t\r\n,;]*))[ \t\r\n]*(;|$)/y
  if (/^[ \t\r\n]/.test(text))
    throw malformed(text, ['leadingBlank', 'it must not begin with a blank'])
  while (attribute.lastIndex < text.length) {
    const from = attribute.lastIndex
    const found = attribute.exec(text)
    if (found === null) throw malformed(text, complaintAt(text.slice(from)))
    const name = ATTRIBUTES.find((known) => known === found[1]?.toLowerCase())
    if (name === undefined) {
      const part = found[1] ?? ''
      const reason = `${quote(part)} is none of ${ATTRIBUTES.join(', ')}`
      throw malformed(text, ['unknownAttribute', reason, part])
    }
    if (input[name] !== undefined) {
      throw malformed(text, ['repeatedAttribute', `${name} is given twice`, name])
    }
    input[name] = found[2] ?? found[3] ?? found[4]
  }
  return parseDefinition(input)
}

/** A broken rule, the reason in words, and the part of the text they are about. */
type Complaint = [rule: Rule, reason: string, part?: string]

/** Why the text at which the definition's grammar stopped is not an attribute. */
function complaintAt(rest: string): Complaint {
  const [attribute = rest] = rest.split(';', 1)
  const part = attribute.trim()
  if (part === '') {
    return ['semicolon', 'a ";" may only stand between two attributes, or once at the end']
  }
  if (/^\s*\w+\s*(=\s*)?$/.test(attribute)) return ['noValue', `${quote(part)} has no value`, part]
  if (attribute.includes(',')) {
    return ['comma', 'Kamailio ignores what comes after ","; put ";" between attributes']
  }
  const reason = `${quote(part)} is not attribute=value; put ";" between attributes`
  return ['noAttribute', reason, part]
}

function malformed(text: string, [rule, reason, part]: Complaint): MqueueError {
  const message = `Definition ${quote(text)}: ${reason}`
  return new MqueueError('MQ_INVALID_DEFINITION', message, { rule, part })
}

/** Kamailio keeps sizes as whole numbers of 32 bits, and cuts what is larger. */
const HIGHEST_SIZE = 2 ** 31 - 1

/**
 * Reads the queues that a kamailio.cfg, or a part of one, defines: its `modparam("mqueue", …)`
 * lines with the parameters `mqueue`, `mqueue_name`, `mqueue_size`, `mqueue_addmode` and `db_url`.
 * Everything else in the text is passed over.
 *
 * The text is taken as Kamailio takes it, with its pre-processor. What depends on something outside
 * of the text, such as the environment or a file that is included, is reported and not guessed. As in
 * Kamailio, `mqueue_size` and `mqueue_addmode` apply to the `mqueue_name` lines after them and to
 * nothing else. A wrong line does not take the others down with it.
 *
 * @param text the text of the configuration
 * @returns the definitions, the database address, and an error for each wrong line, with its number
 */
export function parseModparams(text: string): ParsedModparams {
  const parameters = new Parameters()
  const told: MqueueError[] = []
  const tell = (rule: Rule, part: string, line: number) => {
    if (rule === 'include') parameters.include(part)
    told.push(inLine(line, messageOf(rule, part), { rule, part }))
  }
  for (const call of callsOf(text, tell)) {
    try {
      parameters.set(call)
    } catch (error) {
      if (!(error instanceof MqueueError)) throw error
      const { message, queue, field, rule, part } = error
      told.push(inLine(call.line, message, { queue, field, rule, part }))
    }
  }
  const errors = told.sort((one, other) => (one.line ?? 0) - (other.line ?? 0))
  const { definitions, dbUrl } = parameters
  return { definitions, errors, ...(dbUrl === undefined ? {} : { dbUrl }) }
}

/** What the parameters of the module are set to, one after the other. */
class Parameters {
  readonly definitions: QueueDefinition[] = []
  dbUrl: string | undefined
  readonly #names = new Set<string>()
  readonly #defaults = { mqueueSize: 0, mqueueAddmode: 0 }
  /** What the defaults depend on, where they cannot be known. */
  #doubts: { mqueue_size?: string | undefined; mqueue_addmode?: string | undefined } = {}

  /** A file that is not here may set the defaults. */
  include(file: string): void {
    this.#doubts = { mqueue_size: file, mqueue_addmode: file }
  }

  set({ name, value, doubt }: Call): void {
    // Until it is set to what we take, too: Kamailio may have taken it for another value.
    if (name === 'mqueue_size' || name === 'mqueue_addmode') this.#doubts[name] = doubt ?? name
    if (name === 'db_url') this.dbUrl = undefined
    if (doubt !== undefined) throw unknown(doubt)
    if (name === 'mqueue') this.#define(parseDefinitionString(textOf(name, value)))
    else if (name === 'mqueue_name') this.#defineName(textOf(name, value))
    else if (name === 'mqueue_size') {
      this.#defaults.mqueueSize = numberOf(name, value)
      this.#doubts.mqueue_size = undefined
    } else if (name === 'mqueue_addmode') {
      this.#defaults.mqueueAddmode = numberOf(name, value, 2)
      this.#doubts.mqueue_addmode = undefined
    } else if (name === 'db_url') this.dbUrl = textOf(name, value)
    else throw wrong('unknownParameter', `mqueue has no parameter ${quote(name)}`, name)
  }

  #defineName(name: string): void {
    const { mqueue_size, mqueue_addmode } = this.#doubts
    this.#define(parseDefinition({ name }, this.#defaults), mqueue_size ?? mqueue_addmode)
  }

  #define(definition: QueueDefinition, doubt?: string): void {
    const { name, size } = definition
    if (this.#names.has(name)) {
      throw wrong('definedTwice', `Queue ${quote(name)} is defined twice`, name)
    }
    if (size > HIGHEST_SIZE) throw wrong('highSize', messageOf('highSize', name), name)
    if (doubt !== undefined) throw unknown(doubt)
    this.#names.add(name)
    this.definitions.push(definition)
  }
}

function inLine(line: number, message: string, place: ErrorPlace): MqueueError {
  return new MqueueError('MQ_INVALID_DEFINITION', `Line ${line}: ${message}`, { ...place, line })
}

function textOf(name: string, { kind, text }: Call['value']): string {
  if (kind === 'text') return text
  throw wrong('text', `${name} takes a text in quotes, not ${quote(text)}`, name)
}

function numberOf(name: string, value: Call['value'], highest = HIGHEST_SIZE): number {
  if (value.number >= 0 && value.number <= highest) return value.number
  const range = highest > 2 ? 'from 0 on' : `from 0 to ${highest}`
  const reason = `${name} takes a whole number ${range}, without quotes, not ${quote(value.text)}`
  throw wrong(highest > 2 ? 'number' : 'mode', reason, name)
}

function unknown(cause: string): MqueueError {
  return wrong('unknown', messageOf('unknown', cause), cause)
}

function wrong(rule: Rule, reason: string, part: string): MqueueError {
  return new MqueueError('MQ_INVALID_DEFINITION', reason, { rule, part })
}
