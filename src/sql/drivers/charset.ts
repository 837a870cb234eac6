/** A character set that does not hold every character, as a database has it. */
export class Charset {
  readonly #bytes: Uint8Array

  /**
   * @param bytes how many bytes each UTF-16 code unit takes in it; 0 for those of characters that it does not hold. A
   *   character of two units takes those of both.
   */
  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  /** The first character of a text that it does not hold, such as `U+6F22`; undefined when it holds them all. */
  missing(text: string): string | undefined {
    for (let at = 0; at < text.length; at++) {
      if (this.#bytes[text.charCodeAt(at)] !== 0) continue
      return `U+${text.codePointAt(at)?.toString(16).toUpperCase().padStart(4, '0')}`
    }
    return undefined
  }

  /** How many bytes a text takes that it holds. */
  bytes(text: string): number {
    let sum = 0
    for (let at = 0; at < text.length; at++) sum += this.#bytes[text.charCodeAt(at)] as number
    return sum
  }
}

/** The UTF-16 code units, of which 0xd800 to 0xdfff are halves of characters. */
export const UNITS = 0x10000
export const isHalf = (unit: number): boolean => unit >= 0xd800 && unit < 0xe000
