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
import { makeRoom } from './ids.ts'
import { AT_ONCE, LOAD_TIMEOUT, restore, takeAll } from './loading.ts'
import { type Progress, UNWATCHED } from './merging.ts'
import {
  deleteLoaded,
  openingError,
  reportLeftOut,
  reportLoaded,
  reportRestored,
  reportUnfit,
  rescueNow,
} from './reports.ts'
import type { RescuedItem } from './rescue-file.ts'
import { allBut, itemsOf, onlyOf, rowsOf, Unfit } from './saving.ts'

/** How long a step of a save may take, in ms: the process is about to end. */
const SAVE_TIMEOUT = 5_000
/** The rows that are written between two looks at the clock. */
const BATCH = 10_000

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
  #taken: (() => Iterable<RescuedItem>) | undefined
  /** The id of the first item in the table, where it is not known whether the save was made. */
  #firstSaved: number | undefined
  /** The ids of items that are in the rescue file already, since the table cannot keep them. */
  #aside: ReadonlySet<number> = new Set()

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
    } else if (this.place.rescueFile(this.#name).exists) {
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

  async stop(queue: Queue): Promise<void> {
    if (!this.#isClosed && this.savesAtStop && queue.size > 0) await this.#save(queue)
    this.release()
  }

  release(): void {
    this.#isClosed = true
    this.place.forget(this.#name)
  }

  rescue(queue: Queue): void {
    if (this.#taken !== undefined) rescueNow(this.place, this.#name, this.#taken())
    else if (!this.#isClosed && this.savesAtStop && queue.size > 0) this.#rescueUnsaved(queue)
  }

  unstored(queue: Queue): number {
    return queue.size
  }

  rescueItem(): void {}

  async #attempt({ signal }: Opening, work: (claim: Claim) => Promise<void>): Promise<void> {
    const database = this.place
    try {
      await withClaim(database, this.#name, LOAD_TIMEOUT, work)
    } catch (cause) {
      throw openingError(database, this.#name, cause, signal)
    }
    database.recover(this.#name)
  }

  async #load(claim: Claim, queue: Queue, opening: Opening): Promise<void> {
    const database = this.place
    const rescue = database.rescueFile(this.#name)
    try {
      const loaded = await takeAll(claim, rescue, opening, (taken) => {
        this.#taken = taken
      })
      reportLoaded(database, this.#name, claim.table, loaded)
      let left = 0
      let count = 0
      for (const { id, key, value } of loaded.items) {
        const { dropped } = queue.add(key, value)
        if (dropped !== undefined) left++
        const past = loaded.pasts.get(id)
        if (past !== undefined && dropped === undefined) queue.noteNewest(past)
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
    } finally {
      this.#taken = undefined
    }
  }

  /** Brings what the rescue file holds into the table. */
  async #bringFileIn(claim: Claim, progress: Progress): Promise<void> {
    const rescue = this.place.rescueFile(this.#name)
    if (!rescue.exists) return
    const loaded = await restore(claim, rescue, progress)
    reportRestored(this.place, this.#name, claim.table, loaded)
  }

  /**
   * Appends the items to the queue's table, as Kamailio does at its stop: all of them or, when it fails, none. Then
   * they are rescued, as are those that the table cannot keep.
   */
  async #save(queue: Queue): Promise<void> {
    const database = this.place
    try {
      await withClaim(database, this.#name, SAVE_TIMEOUT, async (claim) => {
        await this.#bringFileIn(claim, UNWATCHED)
        await this.#append(claim, queue)
      })
    } catch (cause) {
      if (!(cause instanceof UncertainCommit)) this.#firstSaved = undefined
      // The process may have come to its end meanwhile.
      if (this.#isClosed) return
      database.report.error(database.explain(this.#name, cause).message)
      this.#rescueUnsaved(queue)
    }
  }

  async #append(claim: Claim, queue: Queue): Promise<void> {
    const { connection, table } = claim
    await makeRoom(claim, queue.size, SAVE_TIMEOUT)
    const unfit = new Unfit()
    await connection.transaction(async (driver, progressed) => {
      const first = (await driver.lastId(table)) + 1
      await driver.reserveIds(table, first + queue.size)
      this.#firstSaved = first
      for (const rows of batches(rowsOf(queue, table, first, unfit), BATCH)) {
        await driver.insert(table, rows)
        progressed()
        await setImmediate()
      }
      this.#setAside(queue, unfit)
    }, SAVE_TIMEOUT)
  }

  /** Has the rescue file keep what the table cannot, before the others are committed. */
  #setAside(queue: Queue, { ids, reason }: Unfit): void {
    if (ids.size === 0) return
    this.place.rescueFile(this.#name).appendNow(itemsOf(onlyOf(queue, ids), undefined))
    this.#aside = ids
    reportUnfit(this.place, this.#name, ids.size, reason)
  }

  #rescueUnsaved(queue: Queue): void {
    const { path } = this.place.rescueFile(this.#name)
    const items = itemsOf(allBut(queue, this.#aside), this.#firstSaved)
    if (!rescueNow(this.place, this.#name, items)) return
    this.#isClosed = true
    const count = queue.size - this.#aside.size
    const text = `Queue ${quote(this.#name)}: ${count} items are not saved. They are kept in ${path}`
    this.place.report.warn(`${text} and are the first to be loaded next time.`)
  }
}

async function withClaim(
  database: Database,
  queue: string,
  timeout: number,
  work: (claim: Claim) => Promise<void>,
): Promise<void> {
  const claim = await database.claim(queue, timeout)
  try {
    await work(claim)
  } finally {
    await claim.release()
  }
}
