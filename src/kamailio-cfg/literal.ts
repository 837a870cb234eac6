import { isBlank, isHex, isOctal } from './characters.ts'
import type { Input } from './input.ts'

const NEWLINE = 10
const QUOTE = 34
const TICK = 39
const BACKSLASH = 92
const ESCAPES = new Map(
  Object.entries({ n: '\n', r: '\r', a: '\x07', t: '\t', '"': '"', '\\': '\\', '\n': '' }),
)

/** A text in quotes, as it was read. */
export interface Literal {
  text: string
  /** False where the configuration ends before its closing quote. */
  closed: boolean
  /** Whether it holds bytes outside ASCII, written as numbers. */
  bytes: boolean
}

/**
 * Reads a text in single quotes, in which nothing is escaped, or all those in double quotes that
 * follow each other: to Kamailio they are one.
 */
export function takeLiteral(input: Input): Literal {
  const literal = { text: '', closed: true, bytes: false }
  if (input.peek() === TICK) takeTicked(input, literal)
  else takeQuoted(input, literal)
  // A string of C ends at a zero.
  const zero = literal.text.indexOf('\0')
  if (zero >= 0) literal.text = literal.text.slice(0, zero)
  return literal
}

function takeTicked(input: Input, literal: Literal): void {
  input.take()
  literal.text = input.takeWhile((code) => code >= 0 && code !== TICK)
  literal.closed = input.take() === TICK
}

function takeQuoted(input: Input, literal: Literal): void {
  while (input.peek() === QUOTE && literal.closed) {
    input.take()
    for (;;) {
      const code = input.take()
      if (code === QUOTE) break
      if (code < 0) {
        literal.closed = false
        break
      }
      literal.text += code === BACKSLASH ? takeEscape(input, literal) : String.fromCharCode(code)
    }
    while (isBlank(input.peek()) || input.peek() === NEWLINE) input.take()
  }
}

/** What comes after a backslash; one that means nothing stands for itself. */
function takeEscape(input: Input, literal: Literal): string {
  const next = input.peek()
  const plain = next < 0 ? undefined : ESCAPES.get(String.fromCharCode(next))
  if (plain !== undefined) {
    input.take()
    return plain
  }
  if (input.comes('x') && isHex(input.peek(1))) {
    input.take()
    return byte(takeDigits(input, isHex, 2), 16, literal)
  }
  if (isOctal(next) && isOctal(input.peek(1)))
    return byte(takeDigits(input, isOctal, 3), 8, literal)
  return '\\'
}

function takeDigits(input: Input, isWanted: (code: number) => boolean, most: number): string {
  let digits = ''
  while (digits.length < most && isWanted(input.peek())) digits += String.fromCharCode(input.take())
  return digits
}

function byte(digits: string, base: number, literal: Literal): string {
  const code = Number.parseInt(digits, base) & 255
  if (code > 127) literal.bytes = true
  return String.fromCharCode(code)
}
