import { existsSync, rmSync } from 'node:fs'
import { basename, join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { fileName } from '../address.ts'
import { MqueueError, reasonOf } from '../errors.ts'
import { type Line, LineWriter, lineOf, linesOf, portionsOf, writeWhatFits } from './line-file.ts'
import {
  asLines,
  type Encoded,
  type Entry,
  entryLines,
  itemLines,
  type Names,
  type Said,
  type Unkept,
  UnkeptItems,
} from './rescue-lines.ts'
import { SecondPlace } from './second-place.ts'

/** What was written of some items. */
export interface Written {
  /** How many of them are dealt with, from the first on. */
  readonly done: number
  readonly unkept: readonly Unkept[]
  /** The files that they are in. */
  readonly paths: readonly string[]
  /** Why the others are in none; undefined when there are no others. */
  readonly error?: unknown
}

/**
 * The file that keeps what could not be written to a queue's table, until it can. It is always whole: it is
 * written beside itself and then renamed. It is read and written a part at a time, however long it is.
 */
export class RescueFile {
  readonly path: string
  readonly #second: SecondPlace
  readonly #names: Names
  readonly #formerName: string | undefined

  /**
   * @param directory where it is
   * @param id distinguishes stores in one directory
   * @param names the table that ids are of
   * @param formerName a name that files may have for it that were written before tables had their own names
   */
  constructor(
    directory: string,
    id: string,
    queue: string,
    names: Names = [],
    formerName?: string,
  ) {
    // Some file systems take "q" and "Q" for one name.
    const name = queue.replace(/[A-Z]/g, (letter) => `+${letter.toLowerCase()}`)
    this.path = join(directory, `${fileName(id)}.${name}.rescue.jsonl`)
    this.#second = new SecondPlace(this.path)
    this.#names = names
    this.#formerName = formerName
  }

  get exists(): boolean {
    return existsSync(this.path) || this.#second.files.length > 0
  }

  /** Takes in what was written to the second place, once, wherever it is interrupted. */
  async takeIn(): Promise<void> {
    for (const path of this.#second.files) {
      const mark = lineOf({ place: basename(path) })
      if (!this.#has(mark)) await this.#write(asLines(linesOf(path), [mark]), true)
      this.#second.remove(path)
    }
  }

  /**
   * Reads what it holds, in the order in which it was written; nothing when there is no file. Ids of other tables are left
   * out.
   *
   * @throws MqueueError `MQ_UNAVAILABLE` that names the line which cannot be read
   */
  *entries(): Generator<Entry> {
    for (const entry of this.everything()) {
      const isHere = entry.of?.some(
        (name) => name === this.#formerName || this.#names.includes(name),
      )
      if (isHere) yield entry
      else if (entry.item !== undefined) {
        const { id: _, ...item } = entry.item
        yield { item }
      }
    }
  }

  /** Reads what it holds, whatever table the ids are of. */
  *everything(): Generator<Entry> {
    if (!existsSync(this.path)) return
    let of: Names = []
    for (const { store, removed, place: _, id, val_type = null, ...said } of this.#said()) {
      const { key, val } = said
      if (store !== undefined) of = typeof store === 'string' ? [store] : store
      if (removed !== undefined && removed.length > 0) yield { removed, of }
      if (key === undefined || val === undefined) continue
      const item = { ...said, key, val, val_type }
      yield { item: id === undefined ? item : { id, ...item }, of }
    }
  }

  /**
   * Adds to what it holds, in parts, between which other things go on.
   *
   * @param names the table that the ids are of
   * @returns what of it cannot be kept
   */
  async append(
    items: Iterable<Encoded>,
    removed: readonly number[] = [],
    names = this.#names,
  ): Promise<Unkept[]> {
    const unkept = new UnkeptItems()
    await this.#write(itemLines(items, removed, names, unkept), true)
    return unkept.upTo(Number.POSITIVE_INFINITY)
  }

  /**
   * Adds to what it holds, at once: for the end of the process, and for what must be on record before it is answered.
   * What does not fit there goes to the second place.
   *
   * @param items returns the items, as often as it is called
   */
  appendNow(items: () => Iterable<Encoded>, removed: readonly number[] = []): Written {
    const here = this.#appendTo(() => this.#openNow(), this.path, items(), removed)
    if (here.error === undefined) return here
    const path = this.#second.newPath()
    const rest = skip(items(), here.done)
    const more = here.paths.length > 0 ? [] : removed
    const there = this.#appendTo(() => this.#second.begin(path), path, rest, more)
    return {
      done: here.done + there.done,
      unkept: [...here.unkept, ...there.unkept],
      paths: [...here.paths, ...there.paths],
      error: there.error === undefined ? undefined : here.error,
    }
  }

  /** Holds these entries from now on, and nothing else. They may come from the file itself. */
  async write(entries: Iterable<Entry>): Promise<void> {
    await this.#write(asLines(entryLines(entries, this.#names)), false)
  }

  delete(): void {
    rmSync(this.path, { force: true })
  }

  async #write(lines: Iterable<Line>, keeps: boolean): Promise<void> {
    const writer = LineWriter.draft(this.path, keeps && existsSync(this.path))
    try {
      for (const portion of portionsOf(lines)) {
        writer.write(portion)
        await setImmediate()
      }
    } catch (error) {
      writer.discard()
      throw error
    }
    writer.finish()
  }

  #appendTo(
    open: () => LineWriter,
    path: string,
    items: Iterable<Encoded>,
    removed: readonly number[],
  ): Written {
    const unkept = new UnkeptItems()
    const written = writeWhatFits(open, itemLines(items, removed, this.#names, unkept))
    const { isBegun, error } = written
    const done = error === undefined ? Number.POSITIVE_INFINITY : written.done
    return { done, unkept: unkept.upTo(done), paths: isBegun ? [path] : [], error }
  }

  /** Where there is no room for a new version of the file, it is added to. */
  #openNow(): LineWriter {
    try {
      return LineWriter.draft(this.path, existsSync(this.path))
    } catch {
      return new LineWriter(this.path)
    }
  }

  #has(line: string): boolean {
    if (!existsSync(this.path)) return false
    for (const other of linesOf(this.path)) if (other === line) return true
    return false
  }

  *#said(): Generator<Said> {
    let number = 0
    for (const text of linesOf(this.path)) {
      number++
      try {
        yield JSON.parse(text) as Said
      } catch (error) {
        const reason = `${this.path}, line ${number}: ${reasonOf(error)}`
        const advice = 'Correct the line or delete it'
        throw new MqueueError('MQ_UNAVAILABLE', `${reason}. ${advice}.`, { line: number })
      }
    }
  }
}

function* skip<T>(items: Iterable<T>, count: number): Generator<T> {
  let skipped = 0
  for (const item of items) if (skipped++ >= count) yield item
}
