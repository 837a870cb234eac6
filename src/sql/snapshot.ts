import { setImmediate } from 'node:timers/promises'
import { quote } from '../errors.ts'
import type { Queue } from '../local/queue.ts'
import type { Opening, Storage } from '../local/storage.ts'
import type { MaybePromise } from '../maybe-promise.ts'
import { assertKeepable } from '../value.ts'
import { batches } from './batches.ts'
import type { Claim } from './claims.ts'
import { UncertainCommit } from './connection.ts'
import type { Database } from './database.ts'
import { encoded } from './encoded.ts'
import { makeRoom } from './ids.ts'
import { insertEach, type RefusedRow } from './inserting.ts'
import { AT_ONCE, LOAD_TIMEOUT, restore, takeAll } from './loading.ts'
import { type Progress, UNWATCHED } from './merging.ts'
import {
  deleteLoaded,
  leaveRefused,
  openingError,
  reportLeftOut,
  reportLoaded,
  reportRefused,
  reportUnkept,
  rescueNow,
} from './reports.ts'
import type { RescueFile } from './rescue-file.ts'
import type { Encoded, Names, Unkept } from './rescue-lines.ts'
import { itemsOf, rowsOf } from './saved-rows.ts'

/** How long a step of a save may take, in ms: the process is about to end. */
const SAVE_TIMEOUT = 5_000
/** The rows that are written between two looks at the clock, and about the most characters of them. */
const BATCH = 10_000
const MOST_CHARACTERS = 8_000_000

/** Loads a queue at the start and saves it at the stop, as Kamailio does (dbmode 1 to 3). */
export class Snapshot implements Storage {
  readonly place: Database
  readonly savesAtStop: boolean
  isOpen = false
  readonly #name: string
  readonly #loads: boolean
  /** Whether it was released, or all was rescued: then nothing is saved any more. */
  #isClosed = false
  /** What was taken out of the table and is not in the queue yet. */
  #taken: (() => Iterable<Encoded>) | undefined
  /** The id of the first item in the table, where it is not known whether the save was made. */
  #firstSaved: number | undefined
  /** What names the table, once it was found. */
  #names: Names | undefined

  constructor(
    name: string,
    database: Database,
    { loads, savesAtStop }: { loads: boolean; savesAtStop: boolean },
  ) {
    this.#name = name
    this.place = database
    this.#loads = loads
    this.savesAtStop = savesAtStop
  }

  get #file(): RescueFile {
    return this.place.rescueFile(this.#name, this.#names)
  }

  /** While the queue takes over what was taken out of the table, all of it is still here. */
  get isStored(): boolean {
    return this.#taken !== undefined
  }

  check(_key: string, value: unknown): void {
    if (this.savesAtStop) assertKeepable(value)
  }

  came(): void {}

  went(): void {}

  attempted(): void {}

  canTie(): boolean {
    return false
  }

  tie(): void {}

  settle<T>(result: T): T {
    return result
  }

  adopt(): boolean {
    return false
  }

  open(queue: Queue, opening: Opening): MaybePromise<void> {
    if (this.#loads) {
      if (opening.isFresh)
        return this.#attempt(opening, (claim) => this.#load(claim, queue, opening))
    } else if (this.#file.exists) {
      // What is in the file belongs into the table; the queue needs nothing of it.
      this.isOpen = true
      opening.ready()
      return this.#attempt(opening, (claim) => this.#bringFileIn(claim, opening))
    }
    this.isOpen = true
  }

  leave(): void {
    this.release()
  }

  async stop(queue: Queue): Promise<number> {
    const isUnsaved = !this.#isClosed && this.savesAtStop && queue.size > 0
    const lost = isUnsaved ? await this.#save(queue) : 0
    this.release()
    return lost
  }

  release(): void {
    this.#isClosed = true
    this.place.forget(this.#name)
  }

  rescue(queue: Queue): number {
    if (this.#taken !== undefined) {
      return rescueNow(this.place, this.#name, this.#file, this.#taken).lost
    }
    const isUnsaved = !this.#isClosed && this.savesAtStop && queue.size > 0
    return isUnsaved ? this.#rescueUnsaved(queue) : 0
  }

  unstored(queue: Queue): number {
    return queue.size
  }

  rescueItem(): void {}

  async #attempt({ signal }: Opening, work: (claim: Claim) => Promise<void>): Promise<void> {
    const database = this.place
    try {
      await this.#withClaim(LOAD_TIMEOUT, work)
    } catch (cause) {
      throw openingError(database, this.#name, cause, signal)
    }
    database.recover(this.#name)
  }

  async #load(claim: Claim, queue: Queue, opening: Opening): Promise<void> {
    const database = this.place
    const rescue = this.#file
    try {
      const loaded = await takeAll(claim, rescue, opening, (taken) => {
        this.#taken = taken
      })
      reportLoaded(database, this.#name, claim.table, loaded)
      const refused: Encoded[] = []
      let left = 0
      let count = 0
      for (const { id, key, value } of loaded.items) {
        const { dropped } = queue.add(key, value)
        if (dropped !== undefined) left++
        const past = loaded.pasts.get(id)
        const isIn = dropped?.reason !== 'full' && dropped?.reason !== 'duplicate'
        if (past !== undefined && isIn) queue.noteNewest(past)
        if (dropped?.reason === 'full') refused.push(encoded(undefined, key, value, past))
        if (++count % AT_ONCE === 0) await setImmediate()
      }
      if (opening.signal.aborted) {
        // The rows are gone from the table, and nobody wants the queue to have them.
        await rescue.append(this.#taken?.() ?? [])
        queue.clear()
        opening.signal.throwIfAborted()
      }
      reportLeftOut(database, this.#name, left)
      this.isOpen = true
      deleteLoaded(database, rescue)
      // A queue that refuses what is new loses nothing: what has no room yet comes first next time.
      if (refused.length > 0) rescueNow(database, this.#name, rescue, () => refused)
    } finally {
      this.#taken = undefined
    }
  }

  /** Brings what the rescue file holds into the table. */
  async #bringFileIn(claim: Claim, progress: Progress): Promise<void> {
    const rescue = this.#file
    if (!rescue.exists) return
    const loaded = await restore(claim, rescue, progress)
    reportLoaded(this.place, this.#name, claim.table, loaded)
    await leaveRefused(this.place, this.#name, rescue, loaded.refused)
  }

  /**
   * Appends the items to the queue's table, as Kamailio does at its stop. What the table does not take is rescued; all of
   * them are, when it fails.
   *
   * @returns how many can be kept nowhere
   */
  async #save(queue: Queue): Promise<number> {
    const database = this.place
    const unkept: Unkept[] = []
    let refused: readonly RefusedRow[] = []
    try {
      await this.#withClaim(SAVE_TIMEOUT, async (claim) => {
        await this.#bringFileIn(claim, UNWATCHED)
        refused = await this.#append(claim, queue, unkept)
      })
    } catch (cause) {
      if (!(cause instanceof UncertainCommit)) this.#firstSaved = undefined
      // The process may have come to its end meanwhile.
      if (this.#isClosed) return 0
      database.report.error(database.explain(this.#name, cause).message)
      return this.#rescueUnsaved(queue)
    }
    // Nothing is left to be rescued but that.
    this.#isClosed = true
    reportUnkept(database, this.#name, unkept)
    if (refused.length === 0) return unkept.length
    const items = () => refused.map(({ row: { key, val, val_type } }) => ({ key, val, val_type }))
    const { lost, paths } = rescueNow(database, this.#name, this.#file, items)
    const where = `They are kept in ${paths.join(' and ')}`
    reportRefused(database, this.#name, refused, lost === 0 ? where : '')
    return unkept.length + lost
  }

  async #append(claim: Claim, queue: Queue, unkept: Unkept[]): Promise<RefusedRow[]> {
    const { connection, table } = claim
    await makeRoom(claim, queue.size, SAVE_TIMEOUT)
    return connection.transaction(async (driver, progressed) => {
      const first = (await driver.lastId(table)) + 1
      await driver.reserveIds(table, first + queue.size)
      this.#firstSaved = first
      const refused: RefusedRow[] = []
      const rows = rowsOf(queue, table, first, refused, unkept)
      for (const some of batches(rows, BATCH, MOST_CHARACTERS)) {
        refused.push(...(await insertEach(driver, table, some, progressed)))
        await setImmediate()
      }
      return refused
    }, SAVE_TIMEOUT)
  }

  #rescueUnsaved(queue: Queue): number {
    const items = () => itemsOf(queue, this.#firstSaved)
    const { lost, paths } = rescueNow(this.place, this.#name, this.#file, items)
    if (paths.length === 0) return lost
    this.#isClosed = true
    const saved = queue.size - lost
    const text = `Queue ${quote(this.#name)}: ${saved} items are not saved. They are kept in ${paths.join(' and ')}`
    this.place.report.warn(`${text} and are the first to be loaded next time.`)
    return lost
  }

  async #withClaim(timeout: number, work: (claim: Claim) => Promise<void>): Promise<void> {
    const claim = await this.place.claim(this.#name, timeout)
    try {
      this.#names = this.place.namesOf(claim.table)
      await work(claim)
    } finally {
      await claim.release()
    }
  }
}
