import { type Budget, BudgetSpent, Regex } from './regex.ts'

/** What stands for a match: texts, and `match` for what was matched. */
type Piece = string | { match: true }

interface Rule {
  /** Undefined for a pattern that cannot be read here. */
  regex: Regex | undefined
  /** Undefined where it depends on what is not in the text. */
  pieces: Piece[] | undefined
  global: boolean
  /** False for a rule that may not be read by Kamailio. */
  certain: boolean
  /** Whether the pattern may count bytes where we count characters. */
  counts: boolean
}

/** A rule as it is written: `/pattern/replacement/flags`, with any character for `/`. */
interface Written {
  pattern: string
  replacement: string
  flags: string
}

/** Kamailio builds what stands for a match in a buffer of this size. */
const LONGEST_REPLACEMENT = 1000

/** The `#!subst` rules: Kamailio applies them to every text in quotes that comes after. */
export class Substitutions {
  readonly #rules: Rule[] = []
  readonly #budget: Budget

  constructor(budget: Budget) {
    this.#budget = budget
  }

  /** How many there are by now, which is how many apply to a text that is read now. */
  get count(): number {
    return this.#rules.length
  }

  /** Adds a rule; returns its parts, or undefined where it is not a rule. */
  add(written: string, certain: boolean): Written | undefined {
    const parts = partsOf(written)
    if (parts === undefined || !/^[igs]*$/.test(parts.flags)) return undefined
    const { pattern, replacement, flags } = parts
    const options = { ignoreCase: flags.includes('i'), lines: !flags.includes('s') }
    const regex = Regex.compile(pattern, options, this.#budget)
    const counts = /[^\w !"#%&',/:;<=>@~-]/.test(pattern)
    const pieces = piecesOf(replacement)
    this.#rules.push({ regex, pieces, global: flags.includes('g'), certain, counts })
    return parts
  }

  /** A text after the first rules; undefined where what becomes of it cannot be known. */
  apply(text: string, count: number): string | undefined {
    let result = text
    try {
      for (let index = 0; index < count && result !== ''; index++) {
        const rule = this.#rules[index] as Rule
        this.#budget.left--
        const next = substituted(result, rule)
        if (next === undefined || (next !== result && !rule.certain)) return undefined
        result = next
      }
    } catch (error) {
      if (error instanceof BudgetSpent) return undefined
      throw error
    }
    return result
  }
}

function substituted(text: string, rule: Rule): string | undefined {
  const { regex, pieces, global, counts } = rule
  if (regex === undefined) return undefined
  if (counts && !isAscii(text)) return undefined
  let result = ''
  let at = 0
  let begins = true
  do {
    const found = regex.search(text, at, begins)
    if (found === undefined) break
    // Kamailio takes it for an error, and leaves the text as it was.
    if (found.to === found.from) return text
    if (pieces === undefined) return undefined
    const match = text.slice(found.from, found.to)
    const put = pieces.map((piece) => (typeof piece === 'string' ? piece : match)).join('')
    if (put.length > LONGEST_REPLACEMENT) return undefined
    result += text.slice(at, found.from) + put
    at = found.to
    begins = /[\r\n]$/.test(match)
  } while (global)
  return result + text.slice(at)
}

function partsOf(written: string): Written | undefined {
  const separator = written.charAt(0)
  if (written.length < 3 || separator === '\\') return undefined
  let middle = 1
  while (written[middle] !== separator || written[middle - 1] === '\\') {
    if (++middle >= written.length) return undefined
  }
  let end = middle + 1
  while (written[end] !== separator) {
    end += written[end] === '\\' ? 2 : 1
    if (end >= written.length) return undefined
  }
  const pattern = written.slice(1, middle)
  return { pattern, replacement: written.slice(middle + 1, end), flags: written.slice(end + 1) }
}

function piecesOf(replacement: string): Piece[] | undefined {
  const pieces: Piece[] = []
  const escapes: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t' }
  for (const [all, escaped] of replacement.matchAll(/\\(.)|[^\\]+|\\$/gs)) {
    if (escaped === undefined) {
      if (all.includes('$')) return undefined
      pieces.push(all)
    } else if (escaped === '0') pieces.push({ match: true })
    else if (/[1-9u]/.test(escaped)) return undefined
    else pieces.push(escapes[escaped] ?? escaped)
  }
  return pieces
}

function isAscii(text: string): boolean {
  for (let at = 0; at < text.length; at++) if (text.charCodeAt(at) > 127) return false
  return true
}
