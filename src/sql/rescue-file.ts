import {
  closeSync,
  copyFileSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { MqueueError, reasonOf } from '../errors.ts'
import { fileName } from './address.ts'
import type { StoredItem } from './value.ts'

/** An item that is in no table for certain. With an id it may be the row of that id. */
export interface RescuedItem extends StoredItem {
  readonly id?: number
}

/** What became of a queue that its table does not know. */
export interface Rescued {
  /** The items that belong into it, oldest first. */
  readonly items: RescuedItem[]
  /** The ids of rows that do not belong into it. */
  readonly removed: number[]
}

/** A line of the file: an item, ids of rows that do not belong, or the database that the ids after it are of. */
interface Line extends Partial<RescuedItem> {
  removed?: number[]
  store?: string
}

const LINES_AT_ONCE = 1_000

/**
 * The file that keeps what could not be written to a queue's table, until it can. It is always whole: it is
 * written beside itself and then renamed.
 */
export class RescueFile {
  readonly path: string
  readonly #store: string

  /**
   * @param directory where it is
   * @param id tells stores in one directory apart
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
   * Reads what it holds, nothing when there is no file.
   *
   * @throws MqueueError `MQ_UNAVAILABLE` that names the line which cannot be read
   */
  read(): Rescued {
    const rescued: Rescued = { items: [], removed: [] }
    if (!this.exists) return rescued
    let isHere = true
    for (const { store, removed, id, key, val, val_type = null } of this.#lines()) {
      if (store !== undefined) isHere = store === this.#store
      // An id is nothing to another database.
      if (isHere) for (const one of removed ?? []) rescued.removed.push(one)
      if (key === undefined || val === undefined) continue
      rescued.items.push(
        isHere && id !== undefined ? { id, key, val, val_type } : { key, val, val_type },
      )
    }
    return rescued
  }

  /** Adds to what it holds. */
  append(items: Iterable<RescuedItem>, removed: readonly number[] = []): void {
    this.#write(items, removed, true)
  }

  /** Holds this from now on, and nothing else. */
  write({ items, removed }: Rescued): void {
    if (items.length === 0 && removed.length === 0) this.delete()
    else this.#write(items, removed, false)
  }

  delete(): void {
    rmSync(this.path, { force: true })
  }

  #write(items: Iterable<RescuedItem>, removed: readonly number[], keeps: boolean): void {
    mkdirSync(dirname(this.path), { recursive: true })
    const draft = `${this.path}.draft`
    rmSync(draft, { force: true })
    if (keeps && this.exists) copyFileSync(this.path, draft)
    const file = openSync(draft, 'a', 0o600)
    try {
      for (const text of texts(this.#store, items, removed)) writeFileSync(file, text)
      fsyncSync(file)
    } finally {
      closeSync(file)
    }
    renameSync(draft, this.path)
  }

  *#lines(): Generator<Line> {
    const bytes = readFileSync(this.path)
    let number = 0
    for (let from = 0; from < bytes.length; ) {
      const newline = bytes.indexOf(10, from)
      const to = newline < 0 ? bytes.length : newline
      number++
      try {
        yield JSON.parse(bytes.toString('utf8', from, to))
      } catch (error) {
        const text = `${this.path}, line ${number}: ${reasonOf(error)}. Mend the line or delete it.`
        throw new MqueueError('MQ_UNAVAILABLE', text, { line: number })
      }
      from = to + 1
    }
  }
}

/** The text of the lines, some of them at a time. */
function* texts(
  store: string,
  items: Iterable<RescuedItem>,
  removed: readonly number[],
): Generator<string> {
  const head: Line = removed.length > 0 ? { store, removed: [...removed] } : { store }
  let text = `${JSON.stringify(head)}\n`
  let lines = 0
  for (const item of items) {
    text += `${JSON.stringify(item)}\n`
    if (++lines % LINES_AT_ONCE > 0) continue
    yield text
    text = ''
  }
  yield text
}
