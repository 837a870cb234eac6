/** The comments and the strings of a source file, without the code around them. */

/** A comment or a string, and the line where it starts. Consecutive line comments are one. */
export interface SourceText {
  readonly kind: 'comment' | 'string'
  readonly line: number
  /** For a template, each expression in it is a single `…`. */
  readonly text: string
}

/** What stands for a text or a pattern in the code before a place. */
const VALUE = '_'

/** Code after which a slash begins a pattern, and does not divide. */
const REGEX_AFTER = /(?:^|[=(,:[!&|?{};+\n]|=>|\breturn|\bcase|\btypeof)\s*$/

/** The comments and strings of a file in TypeScript or JavaScript, in their order. */
export function textsOfScript(code: string): SourceText[] {
  const texts: SourceText[] = []
  let place = 0
  /** Where each line ends. */
  const ends = [...code.matchAll(/\n/g)].map(({ index }) => index)
  const push = (kind: SourceText['kind'], from: number, text: string) => {
    const last = ends.findIndex((end) => end >= from)
    texts.push({ kind, line: (last < 0 ? ends.length : last) + 1, text })
  }

  /** Reads code up to the end, or to the brace that closes an expression of a template. */
  const readCode = (isInner: boolean): void => {
    let depth = 0
    /** The code so far, with a value in the place of each text, and without comments. */
    let before = ''
    for (; place < code.length; place++) {
      const char = code[place] as string
      const pair = code.slice(place, place + 2)
      if (pair === '//' || pair === '/*') readComment(pair)
      else if (char === '/' && REGEX_AFTER.test(before)) before += readRegex()
      else if (char === "'" || char === '"') before += readString(char)
      else if (char === '`') before += readTemplate()
      else {
        if (char === '{') depth++
        if (char === '}' && depth-- === 0 && isInner) return
        before = before.slice(-20) + char
      }
    }
  }
  const readComment = (opening: string): void => {
    const start = place
    const end = opening === '//' ? code.indexOf('\n', place) : code.indexOf('*/', place)
    place = (end < 0 ? code.length : end) + (opening === '//' ? -1 : 1)
    const text = code
      .slice(start, place + 1)
      .replace(/^\/\*+|\*\/$/g, '')
      .replace(/^\s*(\/\/|\*)/gm, '')
    push('comment', start, text)
  }
  const readString = (quote: string): string => {
    const start = place
    while (code[++place] !== quote && place < code.length) if (code[place] === '\\') place++
    push('string', start, code.slice(start + 1, place))
    return VALUE
  }
  const readTemplate = (): string => {
    const start = place
    const at = texts.length
    let text = ''
    for (place++; code[place] !== '`' && place < code.length; place++) {
      if (code[place] === '\\') text += code[place] + (code[++place] ?? '')
      else if (code.startsWith('${', place)) {
        place += 2
        readCode(true)
        text += '…'
      } else text += code[place]
    }
    push('string', start, text)
    texts.splice(at, 0, ...texts.splice(texts.length - 1))
    return VALUE
  }
  const readRegex = (): string => {
    let isClass = false
    while (++place < code.length && (isClass || code[place] !== '/')) {
      if (code[place] === '\\') place++
      else if (code[place] === '[') isClass = true
      else if (code[place] === ']') isClass = false
    }
    return VALUE
  }

  readCode(false)
  return joined(texts, code)
}

/** The comments of a file in Lua. */
export function commentsOfLua(code: string): SourceText[] {
  const lines = code.split('\n')
  const texts = lines.flatMap((line, index): SourceText[] => {
    const [, text] = /(?:^|\s)--\s?(.*)$/.exec(line) ?? []
    return text === undefined ? [] : [{ kind: 'comment', line: index + 1, text }]
  })
  return joined(texts, code)
}

/** Puts line comments that follow each other together, so that their sentences are whole. */
function joined(texts: readonly SourceText[], code: string): SourceText[] {
  const lines = code.split('\n')
  const isAlone = (line: number) => /^\s*(\/\/|--)/.test(lines[line - 1] ?? '')
  const result: SourceText[] = []
  for (const text of texts) {
    const last = result.at(-1)
    const height = last?.text.split('\n').length ?? 0
    if (last && isAlone(text.line) && isAlone(last.line) && last.line + height === text.line)
      result.splice(-1, 1, { ...last, text: `${last.text}\n${text.text}` })
    else result.push(text)
  }
  return result
}
