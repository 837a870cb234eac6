/** One step of a pattern: a character of a kind, a place, or where to go on. */
export type Step =
  | { kind: 'character'; test: (code: number) => boolean }
  | { kind: 'begin' | 'end' | 'match' }
  | { kind: 'split'; targets: [number, number] }
  | { kind: 'jump'; target: number }

export interface Options {
  ignoreCase?: boolean
  /** Whether `.` and `[^…]` stop at line ends, and `^` and `$` match at them. */
  lines?: boolean
}

type Test = (code: number) => boolean
type Fragment = Step[]

const NEWLINE = 10
const LONGEST = 300
const MOST_STEPS = 1000
const SPECIAL = new Set('.[]()|*+?{}^$\\')
const CLASSES: Readonly<Record<string, RegExp>> = {
  alpha: /[A-Za-z]/,
  digit: /[0-9]/,
  alnum: /[A-Za-z0-9]/,
  upper: /[A-Z]/,
  lower: /[a-z]/,
  xdigit: /[0-9A-Fa-f]/,
  space: /[ \t\n\v\f\r]/,
  blank: /[ \t]/,
  punct: /[!-/:-@[-`{-~]/,
}
const SHORT: Readonly<Record<string, RegExp>> = {
  w: /[A-Za-z0-9_]/,
  W: /[^A-Za-z0-9_]/,
  s: /[ \t\n\v\f\r]/,
  S: /[^ \t\n\v\f\r]/,
}

class Unreadable extends Error {}

const of =
  (pattern: RegExp): Test =>
  (code) =>
    pattern.test(String.fromCharCode(code))

/**
 * Reads a pattern of POSIX's extended regular expressions.
 *
 * @returns its steps, or undefined where it is not a pattern, or has what is not known here
 */
export function parseRegex(pattern: string, options: Options): Step[] | undefined {
  if (pattern.length > LONGEST) return undefined
  try {
    const parser = new Parser(pattern, options)
    return [...parser.whole(), { kind: 'match' }]
  } catch (error) {
    if (error instanceof Unreadable) return undefined
    throw error
  }
}

class Parser {
  readonly #pattern: string
  readonly #options: Options
  #at = 0

  constructor(pattern: string, options: Options) {
    this.#pattern = pattern
    this.#options = options
  }

  whole(): Fragment {
    const fragment = this.#alternatives()
    if (this.#at < this.#pattern.length) throw new Unreadable()
    return fragment
  }

  #next(): string {
    return this.#pattern.charAt(this.#at)
  }

  #accept(character: string): boolean {
    if (this.#next() !== character) return false
    this.#at++
    return true
  }

  #alternatives(): Fragment {
    let fragment = this.#sequence()
    while (this.#accept('|')) {
      const other = this.#sequence()
      fragment = sized([
        { kind: 'split', targets: [1, fragment.length + 2] },
        ...fragment,
        { kind: 'jump', target: other.length + 1 },
        ...other,
      ])
    }
    return fragment
  }

  #sequence(): Fragment {
    const fragment: Fragment = []
    while (!['', '|', ')'].includes(this.#next())) fragment.push(...this.#repeated())
    return sized(fragment)
  }

  #repeated(): Fragment {
    let fragment = this.#atom()
    for (;;) {
      if (this.#accept('*')) fragment = repeat(fragment, 0, Number.POSITIVE_INFINITY)
      else if (this.#accept('+')) fragment = repeat(fragment, 1, Number.POSITIVE_INFINITY)
      else if (this.#accept('?')) fragment = repeat(fragment, 0, 1)
      else if (this.#next() === '{') fragment = repeat(fragment, ...this.#bounds())
      else return fragment
    }
  }

  #bounds(): [number, number] {
    const bounds = /\{(\d{1,3})(,(\d{0,3}))?\}/y
    bounds.lastIndex = this.#at
    const [all = '', least = '', comma, most = ''] = bounds.exec(this.#pattern) ?? []
    if (all === '') throw new Unreadable()
    this.#at += all.length
    if (comma === undefined) return [Number(least), Number(least)]
    return [Number(least), most === '' ? Number.POSITIVE_INFINITY : Number(most)]
  }

  #atom(): Fragment {
    const character = this.#next()
    this.#at++
    if (character === '(') {
      const fragment = this.#alternatives()
      if (!this.#accept(')')) throw new Unreadable()
      return fragment
    }
    if (character === '^') return [{ kind: 'begin' }]
    if (character === '$') return [{ kind: 'end' }]
    if (character === '.') return this.#character((code) => !this.#stops(code))
    if (character === '[') return this.#character(this.#set())
    if (character === '\\') return this.#escaped()
    if (SPECIAL.has(character) && character !== ']' && character !== '}') throw new Unreadable()
    return this.#plain(character)
  }

  #escaped(): Fragment {
    const character = this.#next()
    this.#at++
    const short = SHORT[character]
    if (short !== undefined) return this.#character(of(short))
    if (/^(|[A-Za-z0-9<>`'])$/.test(character)) throw new Unreadable()
    return this.#plain(character)
  }

  /** What stands in brackets. */
  #set(): Test {
    const negated = this.#accept('^')
    const tests: Test[] = []
    const first = this.#at
    while (this.#at === first || this.#next() !== ']') {
      const from = this.#next()
      this.#at++
      if (from === '') throw new Unreadable()
      if (from === '[' && /[:.=]/.test(this.#next())) tests.push(this.#named())
      else tests.push(this.#range(from))
    }
    this.#at++
    const isIn = (code: number) => tests.some((test) => test(code))
    return negated ? (code) => !this.#either(isIn, code) && !this.#stops(code) : isIn
  }

  #named(): Test {
    const named = /:([a-z]+):\]/y
    named.lastIndex = this.#at
    const [all = '', name = ''] = named.exec(this.#pattern) ?? []
    const kind = CLASSES[name]
    if (kind === undefined) throw new Unreadable()
    this.#at += all.length
    return of(kind)
  }

  #range(from: string): Test {
    const low = from.charCodeAt(0)
    const to = this.#pattern.charAt(this.#at + 1)
    if (this.#next() !== '-' || to === ']') return (code) => code === low
    if (to === '' || to === '[' || to < from) throw new Unreadable()
    this.#at += 2
    return (code) => code >= low && code <= to.charCodeAt(0)
  }

  #plain(character: string): Fragment {
    const wanted = character.charCodeAt(0)
    return this.#character((code) => code === wanted)
  }

  #character(test: Test): Fragment {
    return [{ kind: 'character', test: (code) => this.#either(test, code) }]
  }

  #either(test: Test, code: number): boolean {
    if (test(code)) return true
    if (this.#options.ignoreCase !== true) return false
    const character = String.fromCharCode(code)
    return (
      /[A-Za-z]/.test(character) &&
      (test(character.toLowerCase().charCodeAt(0)) || test(character.toUpperCase().charCodeAt(0)))
    )
  }

  #stops(code: number): boolean {
    return this.#options.lines === true && code === NEWLINE
  }
}

/** The targets of steps are counted from the step itself, so that a fragment can be copied. */
function repeat(fragment: Fragment, least: number, most: number): Fragment {
  if (
    most < least ||
    fragment.length * Math.max(least, most === Infinity ? 1 : most) > MOST_STEPS
  ) {
    throw new Unreadable()
  }
  const steps: Fragment = []
  for (let count = 0; count < least; count++) steps.push(...fragment)
  if (most === Infinity) {
    const { length } = fragment
    steps.push({ kind: 'split', targets: [1, length + 2] }, ...fragment)
    steps.push({ kind: 'jump', target: -length - 1 })
    return sized(steps)
  }
  for (let count = most - least; count > 0; count--) {
    const rest = count * (fragment.length + 1)
    steps.push({ kind: 'split', targets: [1, rest] }, ...fragment)
  }
  return sized(steps)
}

function sized(fragment: Fragment): Fragment {
  if (fragment.length > MOST_STEPS) throw new Unreadable()
  return fragment
}
