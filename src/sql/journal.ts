import { setImmediate } from 'node:timers/promises'
import { quote } from '../errors.ts'
import type { QueuedItem } from '../local/items.ts'
import type { Past } from '../local/leases.ts'
import type { Queue } from '../local/queue.ts'
import type { Opening, Storage } from '../local/storage.ts'
import type { MaybePromise } from '../maybe-promise.ts'
import { encode, encodeAsText, encodeWhatCan, type StoredItem } from '../value.ts'
import type { Claim } from './claims.ts'
import { UncertainCommit } from './connection.ts'
import type { Database } from './database.ts'
import { HandOver, withIds, withoutIds } from './hand-over.ts'
import { Ids } from './ids.ts'
import type { Chunk, Lane, Outcomes } from './lane.ts'
import { AT_ONCE, LOAD_TIMEOUT, type Loaded, restore, takeAll } from './loading.ts'
import { UNWATCHED } from './merging.ts'
import {
  deleteLoaded,
  openingError,
  reportLeftOut,
  reportRestored,
  rescueNow,
  unwritable,
} from './reports.ts'
import type { RescuedItem, RescueFile } from './rescue-file.ts'
import { assertFits, pastColumns } from './table.ts'

/** How long a step of leaving a table may take, in ms. */
const LEAVE_TIMEOUT = 10_000
/** How long the last changes may take to be committed when the process stops, in ms. */
const STOP_TIMEOUT = 3_000
/** The rows that are removed at a time. */
const BATCH = 1_000

/**
 * Commits every change of a queue before it is answered (dbmode 4). The table, with the rescue file beside it, is the
 * truth: when a commit fails memory is given up, and the queue is read again.
 */
export class Journal implements Storage {
  readonly place: Database
  readonly savesAtStop = true
  readonly #name: string
  /** The table and the way into it, while the journal is open. */
  #claim: Claim | undefined
  #lane: Lane | undefined
  #ids: Ids | undefined
  /** Whether the table has what the queue holds, or held before the journal failed. */
  #hasRows = false
  /** Whether the database has refused changes, and taken none since. */
  #isRefused = false
  /** Whether the rows are being removed, since a queue that is saved at the stop takes what they hold. */
  #isLeaving = false
  /** What the queue held before this journal had it. */
  readonly #handOver: HandOver
  /** Whether it was said that the table cannot keep how often an item was handed out. */
  #isToldUncounted = false
  /** What `check` has encoded for the item that comes next. */
  #checked: { key: string; value: unknown; stored: StoredItem } | undefined

  constructor(name: string, database: Database) {
    this.#name = name
    this.place = database
    this.#handOver = new HandOver(database.rescueFile(name))
  }

  get #file(): RescueFile {
    return this.place.rescueFile(this.#name)
  }

  get isOpen(): boolean {
    return this.#lane !== undefined
  }

  get isStored(): boolean {
    return this.#hasRows || this.#handOver.count > 0
  }

  check(key: string, value: unknown): void {
    this.#lane?.assertRoom()
    this.#ids?.assertFree()
    const stored = this.#encode(key, value)
    this.#checked = { key, value, stored }
  }

  came(id: number, key: string, value: unknown, past?: Past): void {
    const checked = this.#checked
    this.#checked = undefined
    const isChecked = checked !== undefined && checked.key === key && checked.value === value
    const { val, val_type, key: text } = isChecked ? checked.stored : this.#encode(key, value)
    this.#lane?.insert({ id, key: text, val, val_type, ...pastColumns(past) })
    this.#ids?.given(id)
  }

  went(id: number, key: string, value: unknown): void {
    this.#lane?.remove(id, { key, value })
    this.#ids?.freed()
  }

  attempted(id: number, attempts: number): void {
    if (this.#claim === undefined) return
    if (this.#claim.table.counts) this.#lane?.attempted(id, attempts)
    else this.#tellUncounted()
  }

  tie(other: Storage): void {
    if (other instanceof Journal && other.#lane !== undefined) this.#lane?.tie(other.#lane)
  }

  settle<T>(result: T): MaybePromise<T> {
    return this.#lane === undefined ? result : this.#lane.settle(result)
  }

  async adopt(queue: Queue, former: Storage): Promise<boolean> {
    const isJournal = former instanceof Journal
    if (isJournal && !former.#hasRows) this.#handOver.takeOver(former.#handOver)
    if (this.#handOver.count > 0) return true
    // What is under way to the former table may still be refused.
    await former.settle(undefined)
    if (queue.size === 0) return false
    try {
      // Where both are one database, the ids say that these are its rows.
      await this.#handOver.add(queue, isJournal ? former.place.shown : undefined)
    } catch (cause) {
      const error = unwritable(this.#name, this.#file, cause)
      this.place.complain(this.#name, error)
      throw error
    }
    return true
  }

  async open(queue: Queue, opening: Opening): Promise<void> {
    const database = this.place
    try {
      const claim = (await this.#closeLane()) ?? (await database.claim(this.#name, LOAD_TIMEOUT))
      try {
        await this.#openWith(claim, queue, opening)
      } catch (cause) {
        this.#close()
        await claim.release()
        throw cause
      }
    } catch (cause) {
      throw openingError(database, this.#name, cause, opening.signal)
    }
    // Where changes are refused, that it can be read says little.
    if (!this.#isRefused) database.recover(this.#name)
  }

  async leave(queue: Queue, next: Storage): Promise<void> {
    const isMoving = next.place !== this.place
    try {
      if (this.#lane !== undefined) {
        this.#isLeaving = next.savesAtStop && !isMoving
        await this.#leaveOpen(queue, isMoving)
      } else if (this.#hasRows && !isMoving) await this.#takeOut(queue)
      else if (isMoving && this.#handOver.count === 0) throw new Error('it could not be opened')
      else for (const { key, value } of await this.#handOver.takeBack()) queue.add(key, value)
    } catch (cause) {
      if (!isMoving) {
        const error = this.place.explain(this.#name, cause)
        this.place.complain(this.#name, error)
        throw error
      }
      const { shown } = this.place
      const text =
        this.#lane === undefined
          ? `what is journaled in ${shown} stays there, and does not come along`
          : `what was journaled in ${shown} stays there as well`
      const reason = this.place.reason(cause)
      this.place.report.warn(`Queue ${quote(this.#name)}: ${text}: ${reason}.`)
    } finally {
      this.#isLeaving = false
    }
    this.#handOver.done()
    this.#hasRows = false
    await this.#end()
  }

  async stop(queue: Queue): Promise<void> {
    const isUnsaved = queue.size > 0 && !this.isStored
    if (isUnsaved && rescueNow(this.place, this.#name, withoutIds(queue))) queue.clear()
    await this.#end()
  }

  async release(): Promise<void> {
    // What the queue held before goes with it; what is in the table stays.
    if (!this.#hasRows) await this.#handOver.takeBack().catch(() => {})
    await this.#end()
  }

  async #end(): Promise<void> {
    const [lane, claim] = [this.#lane, this.#claim]
    if (lane !== undefined) await this.place.giveUpIn(STOP_TIMEOUT, lane.settled())
    this.#close()
    await claim?.release()
    this.place.forget(this.#name)
  }

  unstored(queue: Queue): number {
    return this.#hasRows ? 0 : queue.size + this.#handOver.count
  }

  rescue(queue: Queue): void {
    if (queue.size === 0) return
    // The rows that are being removed may be gone already; with their ids none comes back twice.
    if (this.#isLeaving) rescueNow(this.place, this.#name, withIds(queue))
    else if (!this.isStored) rescueNow(this.place, this.#name, withoutIds(queue))
  }

  rescueItem({ id, key, value }: QueuedItem): void {
    rescueNow(this.place, this.#name, [{ id, ...encodeWhatCan(key, value) }])
  }

  #tellUncounted(): void {
    if (this.#isToldUncounted) return
    this.#isToldUncounted = true
    const lacks = `Table ${quote(this.#name)} has no columns attempts and dead_letter`
    const text = 'how often an item was handed out is forgotten when this process ends'
    const advice = 'Add them (attempts int not null default 0, dead_letter varchar(80))'
    this.place.report.warn(`${lacks}: ${text}. ${advice}.`)
  }

  #encode(key: string, value: unknown): StoredItem {
    const table = this.#claim?.table
    if (table === undefined) return encodeWhatCan(key, value)
    const stored = table.typed ? encode(key, value) : encodeAsText(key, value)
    assertFits(table, stored)
    return stored
  }

  /** Closes the lane of a journal that is opened again, after what was noted; returns the claim, which goes on. */
  async #closeLane(): Promise<Claim | undefined> {
    await this.#lane?.settled()
    const claim = this.#claim
    this.#close()
    return claim
  }

  async #openWith(claim: Claim, queue: Queue, opening: Opening): Promise<void> {
    const database = this.place
    const rescue = this.#file
    const loaded = await restore(claim, rescue, opening)
    reportRestored(database, this.#name, claim.table, loaded)
    this.#handOver.done()
    this.#hasRows = true
    opening.signal.throwIfAborted()
    this.#claim = claim
    this.#lane = claim.lane(this.#outcomesOf(opening), loaded.lastId)
    this.#ids = new Ids(claim.table, queue, loaded.lastId, opening.again)
    queue.clear()
    if (loaded.isRenumbered) queue.renumbered()
    reportLeftOut(database, this.#name, await fill(queue, loaded))
    queue.restartIds(loaded.lastId)
    if (this.#lane === undefined) throw new Error('the connection was lost')
  }

  /** What is done about the outcome of a commit. When it fails memory is given up: the table says what the queue holds. */
  #outcomesOf(opening: Opening): Outcomes {
    const database = this.place
    const giveUp = () => {
      const claim = this.#claim
      this.#close()
      claim?.release()
    }
    return {
      worked: () => {
        this.#isRefused = false
        opening.worked()
        database.recover(this.#name)
      },
      refused: (cause) => {
        giveUp()
        const error = database.explain(this.#name, cause)
        if (!this.#isRefused) database.complain(this.#name, error)
        this.#isRefused = true
        opening.failed(error)
        return error
      },
      lost: (cause, uncertain) => {
        if (uncertain.length > 0) this.#noteUncertain(uncertain)
        giveUp()
        const error = database.unavailable(cause)
        database.complain(this.#name, error)
        opening.failed(error)
        return error
      },
      cut: () => {
        giveUp()
        opening.failed()
      },
    }
  }

  /** Notes what must not be in the table and what must, should the commit have been made after all. */
  #noteUncertain(chunks: readonly Chunk[]): void {
    // What comes first for an id says whether the item was there before.
    const added = new Set<number>()
    const items = new Map<number, RescuedItem>()
    for (const chunk of chunks) {
      for (const [at, { key, value }] of chunk.removedItems.entries()) {
        const id = chunk.removed[at] as number
        if (!added.has(id)) items.set(id, { id, ...encodeWhatCan(key, value) })
      }
      for (const id of chunk.added.keys()) if (!items.has(id)) added.add(id)
    }
    rescueNow(this.place, this.#name, items.values(), [...added])
  }

  /** Removes the rows of what the queue holds, all or none. */
  async #leaveOpen(queue: Queue, isMoving: boolean): Promise<void> {
    const claim = this.#claim as Claim
    await this.#lane?.settled()
    if (this.#lane === undefined) throw new Error('its journal has failed')
    try {
      await claim.connection.transaction(async (driver, progressed) => {
        for (const ids of idBatches(queue)) {
          await driver.remove(claim.table, ids)
          progressed()
          await setImmediate()
        }
      }, LEAVE_TIMEOUT)
    } catch (cause) {
      if (claim.connection.lost === undefined && !(cause instanceof UncertainCommit)) throw cause
      // Nobody knows what the table holds now; together with the file it is what the queue held. Where it moves to
      // another database the file has that already.
      if (cause instanceof UncertainCommit && !isMoving) {
        await this.#file.append(withIds(queue))
      }
      claim.connection.lose(cause)
      throw cause
    }
  }

  /** Takes into the queue what a journal that has failed left in the table. */
  async #takeOut(queue: Queue): Promise<void> {
    const rescue = this.#file
    const claim = await this.place.claim(this.#name, LOAD_TIMEOUT)
    try {
      const loaded = await takeAll(claim, rescue, UNWATCHED, () => {})
      queue.clear()
      for (const { key, value } of loaded.items) queue.add(key, value)
      deleteLoaded(this.place, rescue)
    } finally {
      await claim.release()
    }
  }

  #close(): void {
    this.#lane?.close()
    this.#lane = undefined
    this.#ids = undefined
    this.#claim = undefined
  }
}

/** Has a queue take over items with the ids they have; returns how many it did not let in. */
async function fill(queue: Queue, { items, pasts }: Loaded): Promise<number> {
  let left = 0
  for (let count = 1; ; count++) {
    const item = items.take()
    if (item === undefined) return left
    if (queue.load(item.id, item.key, item.value, pasts.get(item.id)) !== undefined) left++
    if (count % AT_ONCE === 0) await setImmediate()
  }
}

function* idBatches(queue: Queue): Generator<number[]> {
  let ids: number[] = []
  for (const { id } of queue) {
    ids.push(id)
    if (ids.length < BATCH) continue
    yield ids
    ids = []
  }
  if (ids.length > 0) yield ids
}
