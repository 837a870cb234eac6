import { isBlank, isLetter, isSolid, isWordPart } from './characters.ts'
import type { Conditions, Reading } from './conditions.ts'
import type { DefineKind, Defines } from './defines.ts'
import type { Input } from './input.ts'
import type { Tell } from './tell.ts'

const NEWLINE = 10
const BACKSLASH = 92
const LONGEST_WORD = 'trydefenvs'.length

const DEFINES: Readonly<Record<string, DefineKind>> = {
  define: 'define',
  def: 'define',
  trydefine: 'trydef',
  trydef: 'trydef',
  redefine: 'redef',
  redef: 'redef',
}
/** Those after which no blank needs to come, the longer ones first. */
const OPEN_ENDED = [
  ...['substdefs', 'substdef', 'subst'],
  ...['trydefenvs', 'trydefenv', 'defenvs', 'defenv'],
  ...['include_file', 'import_file'],
]

/** What a directive is, once its word has been read. */
export type Directive = 'done' | 'subst' | 'substdef' | 'substdefs'

/** The directives of the pre-processor, which begin with `#!` or `!!` anywhere. */
export class Directives {
  readonly #input: Input
  readonly #defines: Defines
  readonly #conditions: Conditions
  readonly #tell: Tell

  constructor(input: Input, defines: Defines, conditions: Conditions, tell: Tell) {
    this.#input = input
    this.#defines = defines
    this.#conditions = conditions
    this.#tell = tell
  }

  /** Reads a directive, if one comes next; otherwise nothing is read. */
  take(): Directive | undefined {
    const input = this.#input
    if (!input.comes('#!') && !input.comes('!!')) return undefined
    if (this.#takeCondition()) return 'done'
    const word = this.#word()
    const kind = DEFINES[word]
    if (kind !== undefined && this.#takeWord(word)) this.#define(kind)
    else if (/^defexps?$/.test(word) && this.#takeWord(word)) this.#defineUnknown()
    else return this.#takeOpenEnded()
    return 'done'
  }

  /** Passes over what a condition leaves out, in which nothing but conditions is read. */
  skip(): void {
    const input = this.#input
    while (this.#conditions.reading === 'no' && input.peek() >= 0) {
      if (!this.#takeCondition()) input.take()
    }
  }

  /** A file is read here, which we do not have. */
  include(): void {
    const line = this.#input.line
    this.#takeSpaces()
    const name = this.#input.takeWhile(isSolid)
    this.#defines.include()
    this.#tell('include', name.replace(/^"|"$/g, ''), line)
  }

  #takeOpenEnded(): Directive | undefined {
    const input = this.#input
    const word = OPEN_ENDED.find((known) => input.comes(known, 2))
    if (word === undefined) return undefined
    input.skip(2 + word.length)
    if (word === 'subst' || word === 'substdef' || word === 'substdefs') return word
    if (word.endsWith('_file')) this.include()
    else this.#environment(word.startsWith('try'))
    return 'done'
  }

  #takeCondition(): boolean {
    const input = this.#input
    if (!input.comes('#!') && !input.comes('!!')) return false
    const { line } = input
    const word = this.#word()
    if (word === 'else' || word === 'endif') {
      if (!this.#takeWholeLine(word)) return false
      if (word === 'else') this.#conditions.otherwise()
      else if (!this.#conditions.end()) this.#tell('endif', '#!endif', line)
      return true
    }
    if (!/^if(def|ndef|exp)$/.test(word) || !this.#takeWord(word)) return false
    if (word === 'ifexp') this.#expression(line)
    else this.#definition(word === 'ifdef', line)
    return true
  }

  /** `#!ifdef` and `#!ifndef`. Behind the name, Kamailio passes over the rest of the line. */
  #definition(wanted: boolean, line: number): void {
    const name = this.#name()
    const { defined } = this.#defines.known(name)
    const reading = ((defined === true) === wanted ? 'yes' : 'no') satisfies Reading
    const known = defined === 'maybe' || name === '' ? 'maybe' : reading
    this.#takeLine()
    this.#conditions.begin(`#!if${wanted ? '' : 'n'}def ${name}`, line, known, name)
  }

  /** Kamailio 5.6 takes it for a comment, and misses its beginning; later ones calculate it. */
  #expression(line: number): void {
    const directive = `#!ifexp ${this.#takeLine().trim()}`
    this.#tell('unknown', directive, line)
    this.#conditions.begin(directive, line, 'maybe', directive)
  }

  #define(kind: DefineKind): void {
    const { line } = this.#input
    const name = this.#name()
    if (name === '') return
    if (!this.#defines.define(kind, name, this.#value(), this.#certain)) {
      this.#tell('redefined', name, line)
    }
  }

  /** `#!defexp`: Kamailio 5.6 takes it for a comment, later ones calculate it. */
  #defineUnknown(): void {
    const name = this.#name()
    this.#value()
    this.#defines.define('define', name, undefined, false)
  }

  #environment(isTried: boolean): void {
    const input = this.#input
    do this.#takeSpaces()
    while (input.peek() >= 0 && !isSolid(input.peek()) && input.take() >= 0)
    const [name = ''] = input.takeWhile(isSolid).split('=', 1)
    this.#defines.define('define', name, undefined, this.#certain && !isTried)
  }

  get #certain(): boolean {
    return this.#conditions.reading === 'yes'
  }

  /** The word after `#!`, without reading it; only as long as directives are. */
  #word(): string {
    let word = ''
    while (word.length <= LONGEST_WORD && isLetter(this.#input.peek(2 + word.length))) {
      word += String.fromCharCode(this.#input.peek(2 + word.length))
    }
    return word
  }

  /** Reads the word of a directive that must have blanks behind it. */
  #takeWord(word: string): boolean {
    const length = 2 + word.length
    if (!isBlank(this.#input.peek(length))) return false
    this.#input.skip(length)
    this.#input.takeWhile(isBlank)
    return true
  }

  /** Reads a directive that must be alone on the rest of its line. */
  #takeWholeLine(word: string): boolean {
    let length = 2 + word.length
    while (isBlank(this.#input.peek(length))) length++
    if (this.#input.peek(length) !== NEWLINE) return false
    this.#input.skip(length + 1)
    return true
  }

  /** The name that a directive is about. As in Kamailio, what comes before it is passed over. */
  #name(): string {
    const input = this.#input
    const { line } = input
    while (input.peek() >= 0 && !isLetter(input.peek())) input.take()
    if (line !== input.line) this.#tell('directive', '#!', line)
    const name = input.takeWhile(isWordPart)
    if (input.comes('-')) this.#tell('directive', `${name}-`, line)
    return name
  }

  /** The rest of the line, and of the next ones as long as they end in a backslash. */
  #value(): string {
    const input = this.#input
    input.takeWhile(isBlank)
    let value = ''
    for (;;) {
      const code = input.take()
      if (code < 0 || code === NEWLINE) return value
      // A backslash right behind the name is not a continuation, but the value.
      if (code === BACKSLASH && value !== '' && input.peek() === NEWLINE) input.take()
      else value += String.fromCharCode(code)
    }
  }

  #takeLine(): string {
    const rest = this.#input.takeWhile((code) => code >= 0 && code !== NEWLINE)
    this.#input.take()
    return rest
  }

  #takeSpaces(): void {
    this.#input.takeWhile((code) => code === 32 || code === 9)
  }
}
