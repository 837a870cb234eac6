import {
  closeSync,
  copyFileSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { fileName } from '../address.ts'
import { MqueueError, reasonOf } from '../errors.ts'
import type { StoredItem } from '../value.ts'

/** An item that is in no table for certain. With an id it may be the row of that id. */
export interface RescuedItem extends StoredItem {
  readonly id?: number
}

/** What the file says of a queue: an item that belongs into it, or the ids of rows that do not. */
export type Entry =
  | { readonly item: RescuedItem; readonly removed?: undefined }
  | { readonly removed: readonly number[]; readonly item?: undefined }

/** A line of the file: an item, ids of rows that do not belong, or the database that the ids after it are of. */
interface Line extends Partial<RescuedItem> {
  removed?: readonly number[]
  store?: string
}

/** About how many characters are written at a time. */
const AT_ONCE = 250_000
/** The bytes that are read at a time. */
const READ = 65_536

/**
 * The file that keeps what could not be written to a queue's table, until it can. It is always whole: it is
 * written beside itself and then renamed. It is read and written a part at a time, however long it is.
 */
export class RescueFile {
  readonly path: string
  readonly #store: string

  /**
   * @param directory where it is
   * @param id distinguishes stores in one directory
   * @param store the database that ids are of
   */
  constructor(directory: string, id: string, queue: string, store: string) {
    // Some file systems take "q" and "Q" for one name.
    const name = queue.replace(/[A-Z]/g, (letter) => `+${letter.toLowerCase()}`)
    this.path = join(directory, `${fileName(id)}.${name}.rescue.jsonl`)
    this.#store = store
  }

  get exists(): boolean {
    return existsSync(this.path)
  }

  /**
   * Reads what it holds, in the order in which it was written; nothing when there is no file.
   *
   * @throws MqueueError `MQ_UNAVAILABLE` that names the line which cannot be read
   */
  *entries(): Generator<Entry> {
    if (!this.exists) return
    let isHere = true
    for (const { store, removed, id, key, val, val_type = null } of this.#lines()) {
      if (store !== undefined) isHere = store === this.#store
      // An id is nothing to another database.
      if (isHere && removed !== undefined && removed.length > 0) yield { removed }
      if (key === undefined || val === undefined) continue
      const item = { key, val, val_type }
      yield { item: isHere && id !== undefined ? { id, ...item } : item }
    }
  }

  /**
   * Adds to what it holds, in parts, between which other things go on.
   *
   * @param store the database that the ids are of
   */
  async append(
    items: Iterable<RescuedItem>,
    removed: readonly number[] = [],
    store = this.#store,
  ): Promise<void> {
    await this.#write(texts(linesOf(items, removed, store)), true)
  }

  /** Adds to what it holds, at once: for the end of the process, and for what must be told before it is answered. */
  appendNow(items: Iterable<RescuedItem>, removed: readonly number[] = []): void {
    const draft = this.#draft(true)
    try {
      for (const text of texts(linesOf(items, removed, this.#store))) draft.write(text)
    } catch (error) {
      draft.discard()
      throw error
    }
    draft.finish()
  }

  /** Holds these entries from now on, and nothing else. They may come from the file itself. */
  async write(entries: Iterable<Entry>): Promise<void> {
    await this.#write(texts(linesOfEntries(entries, this.#store)), false)
  }

  delete(): void {
    rmSync(this.path, { force: true })
  }

  async #write(parts: Iterable<string>, keeps: boolean): Promise<void> {
    const draft = this.#draft(keeps)
    try {
      for (const text of parts) {
        draft.write(text)
        await setImmediate()
      }
    } catch (error) {
      draft.discard()
      throw error
    }
    draft.finish()
  }

  /** A new version of the file, written beside it. */
  #draft(keeps: boolean): { write(text: string): void; finish(): void; discard(): void } {
    mkdirSync(dirname(this.path), { recursive: true })
    const path = `${this.path}.draft`
    rmSync(path, { force: true })
    if (keeps && this.exists) copyFileSync(this.path, path)
    const file = openSync(path, 'a', 0o600)
    return {
      write(text) {
        const bytes = Buffer.from(text)
        for (let from = 0; from < bytes.length; ) from += writeSync(file, bytes, from)
      },
      finish: () => {
        fsyncSync(file)
        closeSync(file)
        renameSync(path, this.path)
      },
      discard() {
        closeSync(file)
        rmSync(path, { force: true })
      },
    }
  }

  *#lines(): Generator<Line> {
    const file = openSync(this.path, 'r')
    try {
      let number = 0
      for (const text of textLines(file)) {
        number++
        try {
          yield JSON.parse(text) as Line
        } catch (error) {
          const reason = `${this.path}, line ${number}: ${reasonOf(error)}`
          const advice = 'Correct the line or delete it'
          throw new MqueueError('MQ_UNAVAILABLE', `${reason}. ${advice}.`, { line: number })
        }
      }
    } finally {
      closeSync(file)
    }
  }
}

/** The lines of a file, read some bytes at a time. */
function* textLines(file: number): Generator<string> {
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
}

function* linesOf(
  items: Iterable<RescuedItem>,
  removed: readonly number[],
  store: string,
): Generator<Line> {
  yield removed.length > 0 ? { store, removed } : { store }
  yield* items
}

function* linesOfEntries(entries: Iterable<Entry>, store: string): Generator<Line> {
  yield { store }
  for (const { item, removed } of entries) yield item ?? { removed }
}

/** The text of lines, some of them at a time. */
function* texts(lines: Iterable<Line>): Generator<string> {
  let text = ''
  for (const line of lines) {
    text += `${JSON.stringify(line)}\n`
    if (text.length < AT_ONCE) continue
    yield text
    text = ''
  }
  if (text !== '') yield text
}
