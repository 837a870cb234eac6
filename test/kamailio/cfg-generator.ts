/** Writes configurations at random, in which every construct of Kamailio's lexer comes up. */
import { Random } from './cfg-random.ts'
import {
  spelledAction,
  spelledComment,
  spelledDefinition,
  spelledDouble,
  spelledGap,
  spelledModule,
  spelledNumber,
  spelledText,
} from './cfg-spelling.ts'
import { wildPieces } from './cfg-wild.ts'

export interface Configuration {
  text: string
  /** False where it has something that must or may be reported instead of read. */
  isPlain: boolean
}

export function configurationOf(seed: number): Configuration {
  return new Generator(new Random(seed)).configuration()
}

type Piece = () => string

class Generator {
  readonly #random: Random
  #names = 0
  #defines = 0
  /** Names that are surely defined, by what they stand for. */
  readonly #texts: string[] = []
  readonly #numbers: string[] = []
  #depth = 0
  #isPlain = true
  #isWild = false

  constructor(random: Random) {
    this.#random = random
  }

  configuration(): Configuration {
    this.#isWild = this.#random.oneIn(4)
    let text = this.#pieces(3 + this.#random.below(8))
    const isWindows = this.#random.oneIn(8)
    // There a backslash at the end of a line joins nothing.
    if (isWindows) text = text.replace(/\\\r?\n/g, '').replace(/\r?\n/g, '\r\n')
    // And the end of the line belongs to what a name stands for.
    const isOdd = isWindows && /\$\(?defn?\(/.test(text)
    return { text, isPlain: this.#isPlain && !isOdd }
  }

  #pieces(count: number): string {
    const usual: Piece[] = [
      ...[this.#queue, this.#queue, this.#queue, this.#named, this.#named, this.#setting],
      ...[this.#text, this.#number, this.#flag, this.#call, this.#route, this.#comment],
      ...[this.#substitution, this.#substdef, this.#variable, this.#global, this.#setting],
    ]
    let text = ''
    for (let index = 0; index < count; index++) {
      const isCondition = this.#depth < 3 && this.#random.oneIn(4)
      if (isCondition) text += this.#condition()
      else if (this.#isWild && this.#random.oneIn(4)) text += this.#wild()
      else text += this.#random.of(usual).call(this)
      text += this.#random.of(['\n', '\n', '\n\n', ' \n'])
    }
    return text
  }

  #name(): string {
    this.#names++
    return this.#random.of(['q', 'Q-', 'a.b_', 'calls']) + this.#names
  }

  #define(): string {
    this.#defines++
    return this.#random.of(['WITH_', 'FLT', '_d', 'Name']) + this.#defines
  }

  #directive(word: string): string {
    return this.#random.of(['#!', '#!', '!!']) + word + this.#random.of([' ', '\t', '  '])
  }

  #modparam(name: string, value: string, word = 'modparam'): string {
    const gap = () => spelledGap(this.#random)
    // Of a parameter of modparamx, a "$" begins a variable.
    const pattern = word === 'modparam' ? spelledModule(this.#random) : 'mqueue'
    const module = spelledText(this.#random, pattern)
    const parameter = spelledText(this.#random, name)
    const ended = /["']$/.test(value) ? this.#random.of(['', ' ', '\n']) : gap()
    return `${word}${gap()}(${gap()}${module},${gap()}${parameter},${gap()}${value}${ended})${this.#random.of(['', ';'])}`
  }

  #attributes(): [string, string][] {
    const random = this.#random
    const attributes: [string, string][] = [['name', this.#name()]]
    if (random.oneIn(2)) attributes.push(['size', String(random.below(12))])
    if (random.oneIn(2)) attributes.push(['addmode', String(random.below(3))])
    if (random.oneIn(4)) attributes.push(['dbmode', random.of(['0', '3'])])
    return attributes
  }

  #queue(): string {
    const definition = spelledDefinition(this.#random, this.#attributes())
    return this.#modparam('mqueue', spelledText(this.#random, definition))
  }

  #named(): string {
    const name = this.#random.oneIn(3) ? this.#random.of(['', ...this.#texts]) : ''
    // A name that stands for a text comes before one in quotes only: behind it, it is another one.
    const value = `${name}${name === '' ? '' : ' '}${spelledDouble(this.#random, this.#name())}`
    return this.#modparam('mqueue_name', value)
  }

  #setting(): string {
    const [name, bound] = this.#random.of([
      ['mqueue_size', 45],
      ['mqueue_addmode', 3],
    ] as const)
    const isDefined = name === 'mqueue_size' && this.#numbers.length > 0 && this.#random.oneIn(2)
    const number = spelledNumber(this.#random, this.#random.below(bound))
    return this.#modparam(name, isDefined ? this.#random.of(this.#numbers) : number)
  }

  /** A name for a text, which may be written over several lines, or in terms of another name. */
  #text(): string {
    const name = this.#define()
    const random = this.#random
    const values = [`"${this.#name()}"`, '"x" \\\n  "y"', `"t" // ${name}`, '"in \\\n side"']
    const others = this.#texts.filter((other) => other !== name)
    const value = random.oneIn(3) && others.length > 0 ? random.of(others) : random.of(values)
    const isComment = value.includes('//')
    const usable = /[^\w.\-"/ ]|side|\/\/|" /.test(value) || random.of([false, true])
    if (!usable && !isComment) this.#texts.push(name)
    return `${this.#directive(random.of(['define', 'def', 'trydef', 'trydefine']))}${name} ${value}`
  }

  #number(): string {
    const random = this.#random
    const name = this.#define()
    const other = random.oneIn(3) ? random.of(['', ...this.#numbers]) : ''
    const value = other === '' ? spelledNumber(random, random.below(45)) : other
    const lines = [`${this.#directive('define')}${name}${random.of([' ', '\t'])}${value}`]
    if (random.oneIn(3)) lines.push(`${this.#directive('trydef')}${name} 41`)
    if (random.oneIn(3))
      lines.push(`${this.#directive(random.of(['redef', 'redefine']))}${name} 13`)
    this.#numbers.push(name)
    return lines.join('\n')
  }

  #flag(): string {
    return `${this.#directive('define')}${this.#define()}${this.#random.of(['', ' ', '\t'])}`
  }

  /** A name for a whole call. */
  #call(): string {
    const name = this.#define()
    const call = `modparam("mqueue", "mqueue", "name=${this.#name()};size=4")`
    const uses = this.#random.of([name, `${name} # once`, `/* ${name} */ ${name}`, ''])
    return `${this.#directive('define')}${name} ${call}\n${uses}`
  }

  #variable(): string {
    const random = this.#random
    const name = this.#define()
    const number = random.below(40)
    const queue = this.#name()
    const size = random.of([`$def(${name})`, `$(def(${name}))`, `$defn(${name})`])
    const calls = [
      this.#modparam('mqueue', `"name=${queue};size=${size}"`, 'modparamx'),
      this.#modparam('mqueue_size', `$defn(${name})`, 'modparamx'),
      this.#modparam('mqueue_name', `"${queue}_${size}"`, 'modparamx'),
    ]
    return `#!define ${name} ${number}\n${random.of(calls)}`
  }

  #substitution(): string {
    const token = `TOKEN${this.#defines++}`
    const flags = this.#random.of(['', 'g', 'i', 'gi'])
    const pattern = this.#random.of([
      token,
      `${token}_*`,
      `(${token}|NONE)_?`,
      `TOK[E-F]N${token.slice(5)}`,
    ])
    const replacement = this.#random.of(['sub', '', '<\\0>', 'a-b']).replace(/[<>]/g, '')
    const use = this.#random.of([token, token.toLowerCase()])
    const name = `"${this.#name()}${use}_${use}"`
    const separator = this.#random.of(['/', '!', ','])
    const rule = [pattern, replacement].join(separator)
    return `#!subst '${separator}${rule}${separator}${flags}'\n${this.#modparam('mqueue_name', name)}`
  }

  #substdef(): string {
    const token = `SUBST${this.#defines++}`
    const queue = this.#name()
    const isQuoted = this.#random.oneIn(2)
    const use = this.#random.of([`"pre_${token}"`, isQuoted ? token : `"${token}"`])
    const word = isQuoted ? 'substdefs' : 'substdef'
    return `#!${word} "!${token}!${queue}!g"\n${this.#modparam('mqueue_name', use)}`
  }

  #condition(): string {
    const random = this.#random
    const names = [...this.#texts, ...this.#numbers, 'NEVER_DEFINED', 'MOD_xlog', 'MOD_tmx']
    const { length: texts } = this.#texts
    const { length: numbers } = this.#numbers
    const branch = () => {
      this.#depth++
      const inner = this.#pieces(random.below(4))
      this.#depth--
      // What is defined in a branch may not be defined behind it.
      this.#texts.length = Math.min(this.#texts.length, texts)
      this.#numbers.length = Math.min(this.#numbers.length, numbers)
      return inner
    }
    const start = `${this.#directive(random.of(['ifdef', 'ifndef']))}${random.of(names)}`
    const behind = random.of(['', '', ' ', ' # why "not'])
    const otherwise = random.oneIn(2) ? `${random.of(['#!else', '!!else '])}\n${branch()}` : ''
    return `${start}${behind}\n${branch()}${otherwise}${random.of(['#!endif', '!!endif\t'])}`
  }

  #comment(): string {
    const call = `modparam("mqueue", "mqueue", "name=${this.#name()}")`
    return spelledComment(this.#random, call)
  }

  #route(): string {
    const isRead = this.#depth === 0
    return `route[R${this.#defines++}] {\n  ${spelledAction(this.#random, isRead)}\n}`
  }

  #global(): string {
    const name = this.#define()
    return `my.value${this.#defines} = ${this.#random.of(['5', '"a#b"'])} #!define ${name} 5`
  }

  /** What Kamailio refuses, or what depends on more than the text. */
  #wild(): string {
    this.#isPlain = false
    return this.#random.of(wildPieces(this.#name(), this.#defines++))
  }
}
