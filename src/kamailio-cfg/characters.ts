/** The kinds of characters that Kamailio's lexer distinguishes, by their codes. */

/** Blanks, as the lexer skips them: space, tab, backspace and carriage return. */
export const isBlank = (code: number): boolean =>
  code === 32 || code === 9 || code === 8 || code === 13

export const isDigit = (code: number): boolean => code >= 48 && code <= 57

/** What a name may begin with. */
export const isLetter = (code: number): boolean =>
  (code >= 97 && code <= 122) || (code >= 65 && code <= 90) || code === 95

/** What a name may go on with. */
export const isWordPart = (code: number): boolean => isLetter(code) || isDigit(code)

export const isHex = (code: number): boolean =>
  isDigit(code) || (code >= 97 && code <= 102) || (code >= 65 && code <= 70)

export const isOctal = (code: number): boolean => code >= 48 && code <= 55

/** Neither a space, a tab nor a line end: what file names and environment variables consist of. */
export const isSolid = (code: number): boolean =>
  code >= 0 && code !== 32 && code !== 9 && code !== 13 && code !== 10

/** Characters for which the lexer has no rule: it passes over them without a word. */
export const isIgnored = (code: number): boolean =>
  code < 32 || code > 126 || code === 92 || code === 96 || code === 63
