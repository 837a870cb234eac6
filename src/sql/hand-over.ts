import type { Item } from '../engine.ts'
import type { Past } from '../local/leases.ts'
import type { Queue } from '../local/queue.ts'
import { decode } from '../value.ts'
import { withIds, withoutIds } from './encoded.ts'
import type { RescueFile } from './rescue-file.ts'
import type { Entry, Names, Unkept } from './rescue-lines.ts'
import { pastIn } from './table.ts'

/**
 * What a queue holds that goes over to a journal, written down at the end of its rescue file. There the journal finds
 * it when it opens, whatever happens until then.
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
   * @param rowsOf the table that has the items as rows of their ids; without it the ids are not written
   * @returns what cannot be written down
   */
  async add(queue: Queue, rowsOf: Names | undefined): Promise<Unkept[]> {
    const { size } = queue
    const held = queue.withPasts()
    const items = rowsOf === undefined ? withoutIds(held) : withIds(held)
    const unkept = await this.#file.append(items, [], rowsOf)
    this.#count += size - unkept.length
    return unkept
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
  async takeBack(): Promise<(Item & { past: Past | undefined })[]> {
    if (this.#count === 0) return []
    let kept = -this.#count
    for (const { item } of this.#file.everything()) if (item !== undefined) kept++
    const taken: (Item & { past: Past | undefined })[] = []
    let rest = 0
    const file = this.#file
    function* entries(): Generator<Entry> {
      let seen = 0
      for (const entry of file.everything()) {
        const { item, of } = entry
        if (item === undefined || seen++ < kept) {
          rest++
          yield entry
          continue
        }
        taken.push({ ...decode(item), past: pastIn(item) })
        if (item.id === undefined) continue
        rest++
        yield { removed: [item.id], of }
      }
    }
    await file.write(entries())
    if (rest === 0) file.delete()
    this.#count = 0
    return taken
  }
}
