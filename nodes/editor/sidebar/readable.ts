/** What nobody sees, except what ends lines, and what joins letters and pictures. */
const UNSEEN = /(?![\t\n\u200c\u200d])[\p{Cc}\p{Cf}]/gu

/**
 * A text with everything in it to be seen. Characters that are nothing on a screen, or that turn the direction of what
 * is beside them, show their picture or their number.
 */
export function readable(text: string): string {
  return text.replace(UNSEEN, (character) => {
    const code = character.codePointAt(0) ?? 0
    if (code < 0x20) return String.fromCharCode(0x2400 + code)
    if (code === 0x7f) return '\u2421'
    const digits = code.toString(16).padStart(4, '0')
    return digits.length > 4 ? `\\u{${digits}}` : `\\u${digits}`
  })
}

/** A text in pieces of about a length, cut behind the end of a line where there is one. */
export function piecesOf(text: string, length: number): string[] {
  const pieces: string[] = []
  let from = 0
  while (text.length - from > length) {
    const line = text.lastIndexOf('\n', from + length - 1)
    let to = line > from ? line + 1 : from + length
    // A character of two units stays whole.
    if (/[\ud800-\udbff]/.test(text.charAt(to - 1))) to -= 1
    pieces.push(text.slice(from, to))
    from = to
  }
  pieces.push(text.slice(from))
  return pieces
}
