const STRING = /"(?:[^"\\]|\\.)*"?/y
const OPENING = '{['
const CLOSING = '}]'

/**
 * JSON, or a text like it, with its parts below each other. Everything else stays to the letter, so that no number loses
 * a digit.
 */
export function indented(text: string): string {
  let shown = ''
  let depth = 0
  let at = 0
  const breakLine = () => {
    shown += `\n${'  '.repeat(Math.min(depth, 40))}`
  }
  while (at < text.length) {
    const character = text.charAt(at)
    STRING.lastIndex = at
    const [string] = STRING.exec(text) ?? []
    at += string?.length ?? 1
    if (string !== undefined) shown += string
    else if (OPENING.includes(character)) {
      const isEmpty = CLOSING.includes(text.charAt(at)) && at < text.length
      shown += isEmpty ? character + text.charAt(at++) : character
      if (isEmpty) continue
      depth += 1
      breakLine()
    } else if (CLOSING.includes(character)) {
      depth = Math.max(0, depth - 1)
      breakLine()
      shown += character
    } else if (character === ',') {
      shown += character
      breakLine()
    } else shown += character === ':' ? ': ' : character
  }
  return shown
}
