const HIGHEST = 2 ** 31 - 1
const DECIMAL = /^(0|[1-9]\d*)$/
const NOTATIONS: readonly [pattern: RegExp, base: number][] = [
  [DECIMAL, 10],
  [/^0x[0-9a-f]+$/i, 16],
  [/^0[0-7]+$/, 8],
  [/^[01]+b$/, 2],
]
const WORDS = new Map([
  ...['yes', 'true', 'on', 'enable'].map((word) => [word, 1] as const),
  ...['no', 'false', 'off', 'disable'].map((word) => [word, 0] as const),
])

/**
 * What Kamailio takes for a whole number: decimal, 0x with hexadecimal digits, 0 with octal ones,
 * binary ones with a b, and words for 1 and 0.
 *
 * @returns undefined for anything else; NaN for a number that Kamailio cannot hold
 */
export function numberOf(word: string): number | undefined {
  const known = WORDS.get(word)
  if (known !== undefined) return known
  for (const [pattern, base] of NOTATIONS) {
    if (!pattern.test(word) || word.startsWith('0X')) continue
    const number = Number.parseInt(base === 16 ? word.slice(2) : word, base)
    return number <= HIGHEST ? number : Number.NaN
  }
  return undefined
}
