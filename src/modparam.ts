import { parseDefinition, type QueueDefinition } from './definition.ts'
import { MqueueError, quote, type Rule } from './errors.ts'

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
 * What Kamailio would take for something else without a word is refused here: text after a comma,
 * numbers that are not whole, negative sizes, modes that do not exist, an attribute given twice.
 *
 * @param text the definition
 * @returns the definition, with every field filled in; what is not given is 0
 * @throws MqueueError `MQ_INVALID_DEFINITION`, naming the queue, the field and what is allowed
 */
export function parseDefinitionString(text: string): QueueDefinition {
  const input: Partial<Record<(typeof ATTRIBUTES)[number], string>> = {}
  const attribute = /\s*([A-Za-z_]\w*)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s,;"'][^\s,;]*))\s*(;|$)/y
  if (/^\s/.test(text)) throw malformed(text, ['leadingBlank', 'it must not begin with a blank'])
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

/**
 * Reads the queues that a kamailio.cfg, or a part of one, defines: its `modparam("mqueue", …)`
 * lines with the parameters `mqueue`, `mqueue_name`, `mqueue_size`, `mqueue_addmode` and `db_url`.
 * Comments and everything else in the text are passed over.
 *
 * As in Kamailio, `mqueue_size` and `mqueue_addmode` apply to the `mqueue_name` lines after them
 * and to nothing else. A wrong line does not take the others down with it.
 *
 * @param text the text of the configuration
 * @returns the definitions, the database address, and an error for each wrong line, with its number
 */
export function parseModparams(text: string): ParsedModparams {
  const parsed: ParsedModparams = { definitions: [], errors: [] }
  const defaults = { mqueueSize: 0, mqueueAddmode: 0 }
  const names = new Set<string>()

  function define(definition: QueueDefinition): void {
    const { name } = definition
    if (names.has(name)) {
      throw wrong('definedTwice', `Queue ${quote(name)} is defined twice`, name)
    }
    names.add(name)
    parsed.definitions.push(definition)
  }

  function apply(name: string, value: string): void {
    if (name === 'mqueue') define(parseDefinitionString(textOf(name, value)))
    else if (name === 'mqueue_name')
      define(parseDefinition({ name: textOf(name, value) }, defaults))
    else if (name === 'mqueue_size') defaults.mqueueSize = numberOf(name, value)
    else if (name === 'mqueue_addmode') defaults.mqueueAddmode = numberOf(name, value, 2)
    else if (name === 'db_url') parsed.dbUrl = textOf(name, value)
    else if (name === '') {
      const reason = `${quote(value)} is not modparam("mqueue", "parameter", value)`
      throw wrong('modparam', reason, value)
    } else throw wrong('unknownParameter', `mqueue has no parameter ${quote(name)}`, name)
  }

  for (const { name, value, line } of modparams(text)) {
    try {
      apply(name, value)
    } catch (error) {
      if (!(error instanceof MqueueError)) throw error
      const { queue, field, rule, part } = error
      const message = `Line ${line}: ${error.message}`
      parsed.errors.push(new MqueueError(error.code, message, { queue, field, rule, part, line }))
    }
  }
  return parsed
}

interface Modparam {
  name: string
  /** As it stands in the text, quotes included. */
  value: string
  line: number
}

const STRING = `"(?:[^"\\\\]|\\\\.)*"|'[^']*'`
const SKIPPED = new RegExp(`#[^\\n]*|//[^\\n]*|/\\*[^]*?(?:\\*/|$)|${STRING}|\\w+|[^]`, 'y')
const MODPARAM = new RegExp(
  `modparam\\s*\\(\\s*(${STRING})\\s*,\\s*(${STRING})\\s*,\\s*(${STRING}|[^)\\s]*)\\s*\\)`,
  'y',
)

/**
 * The `modparam` calls for mqueue, in order. One that cannot be read has no name, and the rest of
 * its line as its value.
 */
function* modparams(text: string): Generator<Modparam> {
  let line = 1
  let at = 0
  while (at < text.length) {
    MODPARAM.lastIndex = at
    SKIPPED.lastIndex = at
    const [call, modules = '', name = '', value = ''] = MODPARAM.exec(text) ?? []
    const passed = call ?? SKIPPED.exec(text)?.[0] ?? ''
    if (call !== undefined) {
      if (unquoted(modules).split('|').includes('mqueue'))
        yield { name: unquoted(name), value, line }
    } else if (passed === 'modparam') {
      const [rest = ''] = text.slice(at).split('\n', 1)
      if (rest.includes('mqueue')) yield { name: '', value: rest, line }
    }
    line += passed.split('\n').length - 1
    at += passed.length
  }
}

function unquoted(literal: string): string {
  if (literal.startsWith("'")) return literal.slice(1, -1)
  return literal.slice(1, -1).replace(/\\(.)/g, '$1')
}

function textOf(name: string, value: string): string {
  if (!/^["']/.test(value)) {
    throw wrong('text', `${name} takes a text in quotes, not ${quote(value)}`, name)
  }
  return unquoted(value)
}

function numberOf(name: string, value: string, highest = Number.MAX_SAFE_INTEGER): number {
  const number = /^\d+$/.test(value) ? Number(value) : Number.NaN
  if (number <= highest) return number
  const range = highest > 2 ? 'from 0 on' : `from 0 to ${highest}`
  const reason = `${name} takes a whole number ${range}, without quotes, not ${quote(value)}`
  throw wrong(highest > 2 ? 'number' : 'mode', reason, name)
}

function wrong(rule: Rule, reason: string, part: string): MqueueError {
  return new MqueueError('MQ_INVALID_DEFINITION', reason, { rule, part })
}
