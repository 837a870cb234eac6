import { Lexer } from './lexer.ts'
import { Regex } from './regex.ts'
import type { Tell } from './tell.ts'
import type { Token } from './token.ts'
import { variableValue, withVariables } from './variables.ts'

/** A parameter that is set for the module mqueue. */
export interface Call {
  name: string
  value: { kind: 'text' | 'number' | 'other'; text: string; number: number }
  /** What it depends on, where it is not certain that it is set, or to what. */
  doubt: string | undefined
  line: number
}

const MODULE = 'mqueue'
const LONGEST_SHOWN = 200
/** What no other module has, so that a module with another name is a mistake. */
const PARAMETERS = new Set(['mqueue', 'mqueue_name', 'mqueue_size', 'mqueue_addmode'])
/** What may stand for a value; a word is taken too, so that what is wrong with it can be reported. */
const VALUES = new Set<Token['kind']>(['text', 'number', 'variable', 'word', 'unknown'])
const NOTHING: Token = { kind: 'end', text: '', line: 0, at: 0, rules: 0 }

/**
 * The `modparam` calls for mqueue in a configuration, in order. What cannot be read as
 * Kamailio reads it is reported.
 */
export function* callsOf(text: string, tell: Tell): Generator<Call> {
  const lexer = new Lexer(text, tell)
  const reader = new CallReader(text, lexer, tell)
  let token = lexer.next()
  while (token.kind !== 'end') {
    if (token.kind === 'word' && /^modparamx?$/.test(token.text)) {
      const call = reader.read(token)
      if (call !== undefined) yield call
      token = reader.next
    } else if (token.kind === 'substitution') {
      token = lexer.next()
      if (token.kind === 'text') {
        lexer.substitute(token)
        token = lexer.next()
      } else tell('subst', token.text, token.line)
    } else if (token.kind === 'word' && /^loadmodulex?$/.test(token.text)) {
      token = lexer.next()
      if (token.text === '(') token = lexer.next()
      if (token.kind === 'text') lexer.defines.load(token.text, lexer.certain)
    } else token = lexer.next()
  }
  lexer.finish()
}

class CallReader {
  readonly #text: string
  readonly #lexer: Lexer
  readonly #tell: Tell
  /** The first token that is not part of the call. */
  next: Token = NOTHING

  constructor(text: string, lexer: Lexer, tell: Tell) {
    this.#text = text
    this.#lexer = lexer
    this.#tell = tell
  }

  /** Reads the call that a word begins; undefined for one that is not for mqueue, or is reported. */
  read(word: Token): Call | undefined {
    this.next = this.#lexer.next()
    const isVariable = word.text === 'modparamx'
    const read: Token[] = []
    let isWhole = true
    const accept = (isWanted: (token: Token) => boolean, isNeeded = true): Token | undefined => {
      const token = this.next
      if (!isWhole || !isWanted(token)) {
        isWhole &&= !isNeeded
        return undefined
      }
      read.push(token)
      this.next = this.#lexer.next()
      return token
    }
    const symbol = (text: string, isNeeded = true) =>
      accept((token) => token.kind === 'symbol' && token.text === text, isNeeded)
    const literal = () => accept(({ kind }) => kind === 'text')
    symbol('(')
    const module = literal()
    symbol(',')
    const name = literal()
    symbol(',')
    const minus = symbol('-', false)
    const value = accept(({ kind }) => (minus === undefined ? VALUES.has(kind) : kind === 'number'))
    symbol(')')
    if (!isWhole || module === undefined || name === undefined || value === undefined) {
      if (this.#isConcerned(word, read)) this.#reportMalformed(word, [...read, this.next])
      return undefined
    }
    const doubt = [word, ...read].find((token) => token.doubt !== undefined)?.doubt
    const text = (token: Token) => this.#textOf(token, isVariable)
    return this.#call({ module, name, value, minus: minus?.text ?? '' }, word.line, doubt, text)
  }

  #call(
    parts: { module: Token; name: Token; value: Token; minus: string },
    line: number,
    doubt: string | undefined,
    textOf: (token: Token) => string | undefined,
  ): Call | undefined {
    const module = textOf(parts.module)
    const name = textOf(parts.name) ?? parts.name.text
    if (module === undefined) {
      const isOurs = /mqueue/i.test(parts.module.text + name)
      if (isOurs) this.#tell('unknown', parts.module.text, line)
      return undefined
    }
    const isMatch = matches(module)
    if (isMatch !== true && (PARAMETERS.has(name) || (isMatch ?? /mqueue/i.test(module)))) {
      this.#tell('module', module, line)
    }
    if (isMatch !== true) return undefined
    const isNameKnown = textOf(parts.name) !== undefined
    const value = this.#valueOf(parts.value, parts.minus, textOf)
    const unknown = isNameKnown ? parts.value.text : parts.name.text
    const isKnown = isNameKnown && value !== undefined
    const other = { kind: 'other', text: parts.value.text, number: Number.NaN } as const
    return { name, value: value ?? other, doubt: doubt ?? (isKnown ? undefined : unknown), line }
  }

  #valueOf(
    value: Token,
    minus: string,
    textOf: (token: Token) => string | undefined,
  ): Call['value'] | undefined {
    if (value.kind === 'number') {
      const number = value.value ?? Number.NaN
      return { kind: 'number', text: minus + value.text, number: minus === '' ? number : -number }
    }
    if (value.kind === 'text') {
      const text = textOf(value)
      return text === undefined ? undefined : { kind: 'text', text, number: Number.NaN }
    }
    if (value.kind === 'variable') {
      const text = this.#lexer.substituted(value)
      const known = text === undefined ? undefined : variableValue(text, this.#lexer.defines)
      if (known === undefined) return undefined
      const kind = known.isNumber ? 'number' : 'text'
      return { kind, text: known.text, number: Number(known.text) }
    }
    return { kind: 'other', text: value.text, number: Number.NaN }
  }

  #textOf(token: Token, isVariable: boolean): string | undefined {
    const text = this.#lexer.substituted(token)
    if (text === undefined || !isVariable) return text
    return withVariables(text, this.#lexer.defines)
  }

  /** Whether a call that cannot be read may be one for mqueue. */
  #isConcerned(word: Token, read: readonly Token[]): boolean {
    const isNamed = read.some(({ kind, text }) => kind === 'text' && /mqueue/i.test(text))
    return isNamed || /mqueue/i.test(this.#textFrom(word))
  }

  #reportMalformed(word: Token, tokens: readonly Token[]): void {
    const unknown = tokens.find(({ kind }) => kind === 'unknown')
    if (unknown !== undefined) this.#tell('unknown', unknown.text, word.line)
    else this.#tell('modparam', this.#shown(word), word.line)
  }

  /** The line from a token on. */
  #shown(token: Token): string {
    const [line = ''] = this.#textFrom(token).split('\n', 1)
    return line
  }

  #textFrom({ at }: Token): string {
    return this.#text.slice(at, at + LONGEST_SHOWN)
  }
}

/** Whether a pattern is one of the module's name, as a whole and in any case. */
function matches(pattern: string): boolean | undefined {
  if (/^\w+$/.test(pattern)) return pattern.toLowerCase() === MODULE
  const options = { ignoreCase: true }
  const regex = Regex.compile(`^(${pattern})$`, options, { left: Number.POSITIVE_INFINITY })
  if (regex === undefined) return undefined
  return regex.search(MODULE, 0, true) !== undefined
}
