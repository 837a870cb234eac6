import type { Queue } from '../local/queue.ts'
import { decode, encodeWhatCan } from '../value.ts'
import type { Entry, RescuedItem, RescueFile } from './rescue-file.ts'

/**
 * What a queue holds that goes over to a journal, written down at the end of its rescue file: there the journal finds it
 * when it opens, whatever happens until then.
 */
export class HandOver {
  readonly #file: RescueFile
  #count = 0

  constructor(file: RescueFile) {
    this.#file = file
  }

  /** How many items are written down. */
  get count(): number {
    return this.#count
  }

  /**
   * Writes down what a queue holds.
   *
   * @param rowsOf the database that has the items as rows of their ids; without it the ids are not written
   */
  async add(queue: Queue, rowsOf: string | undefined): Promise<void> {
    const { size } = queue
    if (rowsOf === undefined) await this.#file.append(withoutIds(queue))
    else await this.#file.append(withIds(queue), [], rowsOf)
    this.#count += size
  }

  /** Counts what another one has written down in the same file as its own. */
  takeOver(other: HandOver): void {
    this.#count += other.#count
    other.#count = 0
  }

  /** Counts nothing any more: what was written down is in the journal. */
  done(): void {
    this.#count = 0
  }

  /**
   * Takes what was written down out of the file again. Should the file have ids for it by now, then the table may have it as
   * well: those rows do not belong there any more.
   *
   * @returns the items, oldest first
   */
  async takeBack(): Promise<{ key: string; value: unknown }[]> {
    if (this.#count === 0) return []
    let kept = -this.#count
    for (const { item } of this.#file.entries()) if (item !== undefined) kept++
    const taken: { key: string; value: unknown }[] = []
    const removed: number[] = []
    let rest = 0
    const file = this.#file
    function* entries(): Generator<Entry> {
      let seen = 0
      for (const entry of file.entries()) {
        const { item } = entry
        if (item !== undefined && seen++ >= kept) {
          taken.push(decode(item))
          if (item.id !== undefined) removed.push(item.id)
        } else {
          rest++
          yield entry
        }
      }
      if (removed.length > 0) yield { removed }
    }
    await file.write(entries())
    if (rest === 0 && removed.length === 0) file.delete()
    this.#count = 0
    return taken
  }
}

/** The items of a queue, for its rescue file. */
export function* withoutIds(queue: Queue): Generator<RescuedItem> {
  for (const { key, value } of queue) yield encodeWhatCan(key, value)
}

/** The items of a queue with the ids of their rows, for its rescue file. */
export function* withIds(queue: Queue): Generator<RescuedItem> {
  for (const { id, key, value } of queue) yield { id, ...encodeWhatCan(key, value) }
}
