interface Frame {
  text: string
  at: number
}

const END = -1
const NEWLINE = 10

/**
 * The characters of a configuration, one after the other. The text of a defined name is put in
 * front of what is left, as Kamailio does it: it may hold the beginning of something that ends
 * behind it.
 *
 * Invariant: no frame but the lowest one, which is the configuration itself, is at its end.
 */
export class Input {
  readonly #frames: Frame[] = []
  #top: Frame
  #line = 1

  constructor(text: string) {
    this.#top = { text, at: 0 }
  }

  /** The line of the configuration that is being read, counted from 1. */
  get line(): number {
    return this.#line
  }

  /** How much of the configuration itself has been read. */
  get at(): number {
    return (this.#frames[0] ?? this.#top).at
  }

  /** The code of a character to come, or -1 behind the end. */
  peek(ahead = 0): number {
    let { text, at } = this.#top
    let left = ahead
    for (let below = this.#frames.length; at + left >= text.length; ) {
      left -= text.length - at
      const frame = this.#frames[--below]
      if (frame === undefined) return END
      text = frame.text
      at = frame.at
    }
    return text.charCodeAt(at + left)
  }

  /** The code of the next character, which is read by that; -1 at the end. */
  take(): number {
    const { text, at } = this.#top
    if (at >= text.length) return END
    const code = text.charCodeAt(at)
    this.#top.at++
    if (this.#frames.length === 0) {
      if (code === NEWLINE) this.#line++
    } else if (at + 1 === text.length) this.#top = this.#frames.pop() as Frame
    return code
  }

  /** Reads a number of characters. */
  skip(count: number): void {
    for (let left = count; left > 0; left--) this.take()
  }

  /** Whether these characters come next, or behind some others. */
  comes(word: string, ahead = 0): boolean {
    for (let index = 0; index < word.length; index++) {
      if (this.peek(ahead + index) !== word.charCodeAt(index)) return false
    }
    return true
  }

  /** Reads on while the characters are of a kind, and returns them. */
  takeWhile(isWanted: (code: number) => boolean): string {
    let taken = ''
    while (isWanted(this.peek())) taken += String.fromCharCode(this.take())
    return taken
  }

  /** Puts a text in front of what is left. */
  push(text: string): void {
    if (text === '') return
    // The lowest frame stays, even at its end: it knows where the reading is.
    this.#frames.push(this.#top)
    this.#top = { text, at: 0 }
  }
}
