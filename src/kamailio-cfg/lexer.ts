import { isIgnored, isLetter, isSolid, isWordPart } from './characters.ts'
import { Conditions } from './conditions.ts'
import { Defines } from './defines.ts'
import { type Directive, Directives } from './directives.ts'
import { Input } from './input.ts'
import { takeLiteral } from './literal.ts'
import { numberOf } from './numbers.ts'
import type { Budget } from './regex.ts'
import { RESERVED } from './reserved.ts'
import { Substitutions } from './substitutions.ts'
import type { Tell } from './tell.ts'
import type { Token } from './token.ts'

const NEWLINE = 10
const SPACE = 32
const HASH = 35
const DOLLAR = 36
const OPEN = 40
const CLOSE = 41
const AT = 64
const QUOTES = new Set([34, 39])

/**
 * Splits a configuration into tokens by the rules of Kamailio's own lexer, which are not those
 * of C. Comments nest, and directives may stand anywhere. Texts in double quotes that follow each other are one, and
 * the text of a defined name is read as if it stood there.
 */
export class Lexer {
  readonly defines = new Defines()
  readonly #input: Input
  readonly #conditions = new Conditions()
  readonly #directives: Directives
  readonly #substitutions: Substitutions
  readonly #tell: Tell
  /** How much text may still be put for defined names: some are defined by themselves. */
  #expansions: number
  #kind: Directive = 'done'

  constructor(text: string, tell: Tell) {
    const budget: Budget = { left: 1_000_000 + 10 * text.length }
    this.#expansions = 50_000 + 4 * text.length
    this.#tell = tell
    // A part of a file may end anywhere; to some directives, the end of their line belongs.
    this.#input = new Input(`${text}\n`)
    this.#directives = new Directives(this.#input, this.defines, this.#conditions, tell)
    this.#substitutions = new Substitutions(budget)
  }

  /** Whether it is certain that Kamailio reads what is read now. */
  get certain(): boolean {
    return this.#conditions.reading === 'yes'
  }

  /** The next token; after the last one always one of the kind `end`. */
  next(): Token {
    const input = this.#input
    for (;;) {
      if (this.#conditions.reading === 'no') this.#directives.skip()
      const code = input.peek()
      if (code < 0 || this.#expansions < 0) return this.#end()
      if (code === SPACE || isIgnored(code)) input.take()
      else if (input.comes('/*')) this.#takeComment()
      else {
        const token = this.#takeToken(code)
        if (token !== undefined) return token
      }
    }
  }

  /** A text after the substitutions that apply to it; undefined where it cannot be known. */
  substituted({ text, rules }: Token): string | undefined {
    return this.#substitutions.apply(text, rules)
  }

  /** Takes the text of a `#!subst` or the like, whose word was the last token but one. */
  substitute(token: Token): void {
    const text = this.substituted(token)
    const parts = text === undefined ? undefined : this.#substitutions.add(text, this.certain)
    if (parts === undefined) this.#tell('subst', token.text, token.line)
    if (parts === undefined || this.#kind === 'subst') return
    const { pattern, replacement } = parts
    const value = this.#kind === 'substdefs' ? `"${replacement}"` : replacement
    const known = replacement.includes('$') ? undefined : value
    if (!this.defines.define('define', pattern, known, this.certain)) {
      this.#tell('redefined', pattern, token.line)
    }
  }

  #takeToken(code: number): Token | undefined {
    const input = this.#input
    const { line, at } = input
    const place = { line, at, rules: this.#substitutions.count, doubt: this.#conditions.cause }
    const directive = this.#directives.take()
    if (directive === 'done') return undefined
    if (directive !== undefined) {
      this.#kind = directive
      return { kind: 'substitution', text: directive, ...place }
    }
    if (code === HASH || input.comes('//')) return this.#takeLine()
    if (QUOTES.has(code)) return this.#literal(place)
    if (code === DOLLAR) return this.#variable(place)
    if (code === AT) return { kind: 'symbol', text: input.takeWhile(isSelect), ...place }
    if (!isWordPart(code)) {
      return { kind: 'symbol', text: String.fromCharCode(input.take()), ...place }
    }
    return this.#word(place)
  }

  #word(place: Omit<Token, 'kind' | 'text'>): Token | undefined {
    const input = this.#input
    const isName = isLetter(input.peek())
    const text = input.takeWhile(isWordPart)
    const value = numberOf(text)
    if (value !== undefined) return { kind: 'number', text, value, ...place }
    if (!isName) return { kind: 'word', text, ...place }
    if (text === 'include_file' || text === 'import_file') {
      this.#directives.include()
      return undefined
    }
    if (text === 'event_route') return this.#takeEventName(place.line)
    if (RESERVED.has(text)) return { kind: 'word', text, ...place }
    const known = this.defines.known(text)
    if (known.defined === false) return { kind: 'word', text, ...place }
    if (known.defined === 'maybe' || known.value === undefined) {
      return { kind: 'unknown', text, ...place, doubt: text }
    }
    this.#expansions -= 1 + known.value.length
    if (this.#expansions < 0) this.#tell('expansion', text, place.line)
    input.push(known.value)
    return undefined
  }

  #literal(place: Omit<Token, 'kind' | 'text'>): Token {
    const { text, closed, bytes } = takeLiteral(this.#input)
    this.#swallowed(text, place.line)
    const doubt = bytes ? text : place.doubt
    // Where it is not closed, Kamailio has read nothing.
    return { ...place, kind: closed ? 'text' : 'end', text, doubt }
  }

  /** `$name`, `$name(…)` or `$(…)`: in its parentheses anything may stand. */
  #variable(place: Omit<Token, 'kind' | 'text'>): Token {
    const input = this.#input
    let text = String.fromCharCode(input.take())
    const code = ['?', 'retcode', 'rc'].find((word) => input.comes(word))
    if (code !== undefined) input.skip(code.length)
    else if (isLetter(input.peek())) text += input.takeWhile(isWordPart)
    if (code === undefined && input.peek() === OPEN) {
      let open = 0
      do {
        const next = input.take()
        if (next < 0) break
        text += String.fromCharCode(next)
        if (next === OPEN) open++
        if (next === CLOSE) open--
      } while (open > 0)
    }
    this.#swallowed(text, place.line)
    return { kind: 'variable', text, ...place }
  }

  #takeComment(): void {
    const input = this.#input
    const { line } = input
    let comment = ''
    let open = 0
    do {
      if (input.comes('/*')) open++
      else if (input.comes('*/')) open--
      else {
        if (input.peek() < 0) break
        comment += String.fromCharCode(input.take())
        continue
      }
      input.skip(2)
      comment += '  '
    } while (open > 0)
    if (open > 0 && /mqueue/i.test(comment)) this.#tell('unclosed', '/*', line)
  }

  #takeLine(): undefined {
    this.#input.takeWhile((code) => code >= 0 && code !== NEWLINE)
  }

  /** `event_route[tm:local-request]`: in the brackets there are no texts and comments. */
  #takeEventName(line: number): undefined {
    const name = this.#input.takeWhile((code) => code >= 0 && String.fromCharCode(code) !== ']')
    this.#swallowed(name, line)
  }

  /** A text over several lines that holds a `modparam` most likely lacks its end. */
  #swallowed(text: string, line: number): void {
    const end = text.indexOf('\n')
    if (end >= 0 && text.indexOf('modparam', end) >= 0) {
      this.#tell('unclosed', text.slice(0, end), line)
    }
  }

  #end(): Token {
    const { line, at } = this.#input
    return { kind: 'end', text: '', line, at, rules: 0 }
  }

  /** Says what is open at the end. */
  finish(): void {
    const { unclosed } = this.#conditions
    if (unclosed !== undefined) this.#tell('noEndif', unclosed.directive, unclosed.line)
  }
}

const isSelect = (code: number): boolean =>
  isSolid(code) && /[@\w.[\]]/.test(String.fromCharCode(code))
