import { constants } from 'node:buffer'
import {
  closeSync,
  copyFileSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs'
import { dirname } from 'node:path'
import { reasonOf } from '../errors.ts'

/** About how many characters are written at a time. */
const AT_ONCE = 1_000_000
/** The bytes that are read at a time. */
const READ = 1_000_000
/** The most bytes of a line: it must be one text when it is read. */
const MOST_BYTES = constants.MAX_STRING_LENGTH - 1

/** A line without its end, and how many items are dealt with once it is written. */
export interface Line {
  readonly text: string
  readonly done: number
}

/**
 * What a line says, as its text.
 *
 * @throws Error that says why it cannot be a line
 */
export function lineOf(said: object): string {
  let text: string
  try {
    text = JSON.stringify(said)
  } catch (cause) {
    throw new Error(`it is too large for a line of a file (${reasonOf(cause)})`, { cause })
  }
  // Most are so short that their bytes need not be counted.
  if (text.length > MOST_BYTES / 3 && Buffer.byteLength(text) > MOST_BYTES) {
    throw new Error('it is too large for a line of a file')
  }
  return text
}

/** Lines in portions that are written at a time. A long one goes alone. */
export function* portionsOf(lines: Iterable<Line>): Generator<Line[]> {
  let portion: Line[] = []
  let characters = 0
  for (const line of lines) {
    if (portion.length > 0 && characters + line.text.length > AT_ONCE) {
      yield portion
      portion = []
      characters = 0
    }
    portion.push(line)
    characters += line.text.length
  }
  if (portion.length > 0) yield portion
}

/** A file that lines are added to. Nothing counts before `finish`. */
export class LineWriter {
  readonly #file: number
  readonly #path: string
  readonly #before: number
  /** Where the file is renamed to in the end. */
  readonly #final: string

  /** A new version of a file, written beside it; it begins with what the file holds where it `keeps` that. */
  static draft(path: string, keeps: boolean): LineWriter {
    makeDirectory(dirname(path))
    const draft = `${path}.draft`
    rmSync(draft, { force: true })
    try {
      if (keeps) copyFileSync(path, draft)
      return new LineWriter(draft, path)
    } catch (error) {
      rmSync(draft, { force: true })
      throw error
    }
  }

  /** @param path of a file that is added to, or made */
  constructor(path: string, final = path) {
    this.#path = path
    this.#final = final
    this.#file = openSync(path, 'a', 0o600)
    this.#before = fstatSync(this.#file).size
  }

  /** Adds some lines, all or none. */
  write(portion: readonly Line[]): void {
    const { size } = fstatSync(this.#file)
    try {
      const bytes = Buffer.from(portion.map(({ text }) => `${text}\n`).join(''))
      for (let from = 0; from < bytes.length; ) from += writeSync(this.#file, bytes, from)
    } catch (error) {
      ftruncateSync(this.#file, size)
      throw error
    }
  }

  /** Makes what was written durable, under its name. */
  finish(): void {
    try {
      fsyncSync(this.#file)
      if (this.#path !== this.#final) renameSync(this.#path, this.#final)
    } catch (error) {
      this.discard()
      throw error
    }
    closeSync(this.#file)
  }

  /** Leaves everything as it was. */
  discard(): void {
    if (this.#path === this.#final) ftruncateSync(this.#file, this.#before)
    closeSync(this.#file)
    if (this.#path !== this.#final) rmSync(this.#path, { force: true })
  }
}

/**
 * Adds as many lines as there is room for.
 *
 * @returns whether it wrote any, the `done` of the last one, and why it was the last; no reason when all are written
 */
export function writeWhatFits(
  open: () => LineWriter,
  lines: Iterable<Line>,
): { isBegun: boolean; done: number; error?: unknown } {
  let writer: LineWriter | undefined
  let last: Line | undefined
  let error: unknown
  try {
    writer = open()
    for (const portion of portionsOf(lines)) {
      try {
        writer.write(portion)
        last = portion.at(-1)
      } catch {
        for (const line of portion) {
          writer.write([line])
          last = line
        }
      }
    }
  } catch (cause) {
    error = cause
  }
  const { done } = last ?? { done: 0 }
  const isBegun = error === undefined || done > 0
  try {
    if (isBegun) writer?.finish()
    else writer?.discard()
  } catch (cause) {
    return { isBegun: false, done: 0, error: cause }
  }
  return { isBegun, done, error }
}

/** Makes a directory that nobody else may look into, unless it is there. */
export function makeDirectory(path: string): void {
  mkdirSync(path, { recursive: true, mode: 0o700 })
}

/** The lines of a file, read some bytes at a time. */
export function* linesOf(path: string): Generator<string> {
  const file = openSync(path, 'r')
  try {
    const bytes = Buffer.allocUnsafe(READ)
    let parts: Buffer[] = []
    for (;;) {
      const length = readSync(file, bytes, 0, READ, null)
      if (length === 0) break
      let from = 0
      for (;;) {
        const newline = bytes.subarray(0, length).indexOf(10, from)
        if (newline < 0) break
        parts.push(bytes.subarray(from, newline))
        yield (parts.length === 1 ? (parts[0] as Buffer) : Buffer.concat(parts)).toString()
        parts = []
        from = newline + 1
      }
      // What is left is kept, since the buffer is used again.
      if (from < length) parts.push(Buffer.from(bytes.subarray(from, length)))
    }
    if (parts.length > 0) yield Buffer.concat(parts).toString()
  } finally {
    closeSync(file)
  }
}
