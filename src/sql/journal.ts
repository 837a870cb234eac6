import type { Item } from '../engine.ts'
import { quote } from '../errors.ts'
import type { QueuedItem } from '../local/items.ts'
import type { Past } from '../local/leases.ts'
import type { Queue } from '../local/queue.ts'
import type { Opening, Storage } from '../local/storage.ts'
import type { MaybePromise } from '../maybe-promise.ts'
import { encode, encodeAsText, encodeWhatCan, type StoredItem } from '../value.ts'
import type { Claim } from './claims.ts'
import { committedOf } from './committed.ts'
import { StoreGone, UncertainCommit } from './connection.ts'
import type { Database } from './database.ts'
import { withIds, withoutIds } from './encoded.ts'
import { HandOver } from './hand-over.ts'
import { Ids } from './ids.ts'
import type { Chunk, Lane, Outcomes } from './lane.ts'
import { disown, refill, removeRows, reportLeft, takeOut } from './leaving.ts'
import { fill, LOAD_TIMEOUT, restore } from './loading.ts'
import {
  leaveRefused,
  openingError,
  reportLeftOut,
  reportLoaded,
  reportUnkept,
  rescueNow,
  unwritable,
} from './reports.ts'
import type { RescueFile } from './rescue-file.ts'
import type { Encoded, Names } from './rescue-lines.ts'
import { assertFits, pastColumns } from './table.ts'

/** How long the last changes may take to be committed when the process stops, in ms. */
const STOP_TIMEOUT = 3_000

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
  /** Whether the database has refused changes, and taken none since. */
  #isRefused = false
  /** What names the table, while that has what the queue holds, or held before the journal failed. */
  #rowsOf: Names | undefined
  /** Whether the rows are being removed, since a queue that is saved at the stop takes what they hold. */
  #isLeaving = false
  /** What the queue held before this journal had it. */
  readonly #handOver: HandOver
  /** Whether it was said that the table cannot keep how often an item was handed out. */
  #isUncountedReported = false
  /** What `check` has encoded for the item that comes next. */
  #checked: { key: string; value: unknown; stored: StoredItem } | undefined

  constructor(name: string, database: Database) {
    this.#name = name
    this.place = database
    this.#handOver = new HandOver(database.rescueFile(name))
  }

  get #file(): RescueFile {
    return this.place.rescueFile(this.#name, this.#rowsOf)
  }

  get isOpen(): boolean {
    return this.#lane !== undefined
  }

  get isStored(): boolean {
    return this.#rowsOf !== undefined || this.#handOver.count > 0
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
    else this.#reportUncounted()
  }

  canTie(other: Storage): boolean {
    return other instanceof Journal && other.place === this.place && other.isOpen && this.isOpen
  }

  tie(other: Storage): void {
    if (other instanceof Journal && other.#lane !== undefined) this.#lane?.tie(other.#lane)
  }

  settle<T>(result: T): MaybePromise<T> {
    return this.#lane === undefined ? result : this.#lane.settle(result)
  }

  async adopt(queue: Queue, former: Storage): Promise<boolean> {
    // The ids say which rows these are, where both are one table.
    const rowsOf = former instanceof Journal ? former.#rowsOf : undefined
    if (former instanceof Journal && rowsOf === undefined) {
      this.#handOver.takeOver(former.#handOver)
    }
    if (this.#handOver.count > 0) return true
    // What is under way to the former table may still be refused.
    await former.settle(undefined)
    if (queue.size === 0) return false
    try {
      const unkept = await this.#handOver.add(queue, rowsOf)
      reportUnkept(this.place, this.#name, unkept)
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
    const isRenamed = next instanceof Journal && next.#name !== this.#name
    const isMoving = next.place !== this.place || isRenamed
    // Another journal has written down what the queue holds.
    const isWrittenDown = next instanceof Journal
    this.#isLeaving = next.savesAtStop && !isWrittenDown
    try {
      if (this.#lane !== undefined) await this.#leaveOpen(queue, isMoving, isWrittenDown)
      else if (this.#rowsOf !== undefined && !isMoving) {
        if (!isWrittenDown) await takeOut(this.place, this.#name, queue)
      } else if (isMoving && this.#handOver.count === 0) throw new Error('it could not be opened')
      else refill(queue, await this.#handOver.takeBack())
    } catch (cause) {
      if (!isMoving) {
        const error = this.place.explain(this.#name, cause)
        this.place.complain(this.#name, error)
        throw error
      }
      reportLeft(this.place, this.#name, this.#lane !== undefined, cause)
    } finally {
      this.#isLeaving = false
    }
    this.#handOver.done()
    this.#rowsOf = undefined
    await this.#end()
  }

  async stop(queue: Queue): Promise<number> {
    const isUnsaved = queue.size > 0 && !this.isStored
    const lost = isUnsaved ? this.#rescue(() => withoutIds(queue.withPasts())) : 0
    // What is written here must not be saved by the storage that the queue comes from.
    if (isUnsaved && lost < queue.size) queue.clear()
    await this.#end()
    return lost
  }

  async release(): Promise<void> {
    // What the queue held before goes with it; what is in the table stays.
    if (this.#rowsOf === undefined) await this.#handOver.takeBack().catch(() => {})
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
    return this.#rowsOf !== undefined ? 0 : queue.size + this.#handOver.count
  }

  rescue(queue: Queue): number {
    if (queue.size === 0) return 0
    // The rows that are being removed may be gone already; with their ids none comes back twice.
    if (this.#isLeaving) return this.#rescue(() => withIds(queue.withPasts()))
    return this.isStored ? 0 : this.#rescue(() => withoutIds(queue.withPasts()))
  }

  rescueItem(item: QueuedItem): void {
    this.#rescue(() => withIds([item]))
  }

  /** Returns how many of them can be kept nowhere. */
  #rescue(items: () => Iterable<Encoded>, removed: readonly number[] = []): number {
    return rescueNow(this.place, this.#name, this.#file, items, removed).lost
  }

  #reportUncounted(): void {
    if (this.#isUncountedReported) return
    this.#isUncountedReported = true
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
    const rowsOf = database.namesOf(claim.table)
    const rescue = database.rescueFile(this.#name, rowsOf)
    const loaded = await restore(claim, rescue, opening)
    reportLoaded(database, this.#name, claim.table, loaded)
    // While the file is there nothing may happen to the rows that it names.
    await leaveRefused(database, this.#name, rescue, loaded.refused)
    this.#handOver.done()
    this.#rowsOf = rowsOf
    opening.signal.throwIfAborted()
    this.#claim = claim
    this.#lane = claim.lane(this.#outcomesOf(queue, opening), loaded.lastId)
    this.#ids = new Ids(claim.table, queue, loaded.lastId, opening.again)
    queue.clear()
    if (loaded.isRenumbered) queue.renumbered()
    reportLeftOut(database, this.#name, await fill(queue, loaded, !opening.isFresh))
    queue.restartIds(loaded.lastId)
    if (this.#lane === undefined) throw new Error('the connection was lost')
  }

  /** What is done about the outcome of a commit. When it fails memory is given up: the table says what the queue holds. */
  #outcomesOf(queue: Queue, opening: Opening): Outcomes {
    const database = this.place
    const giveUp = () => {
      const claim = this.#claim
      this.#close()
      claim?.release()
    }
    const lose = (cause: Error) => {
      giveUp()
      const error = database.unavailable(cause)
      database.complain(this.#name, error)
      opening.failed(error)
      return error
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
      lost: (cause, uncertain, all) => {
        if (cause instanceof StoreGone) this.#writeDown(queue, all)
        else if (uncertain.length > 0) this.#noteUncertain(uncertain)
        return lose(cause)
      },
      cut: (cause) => {
        if (cause instanceof StoreGone) this.#writeDown(queue, [])
        // A connection to a server that is cut is made again, and is not an error. A file is not cut without a reason.
        if (!database.isServer) lose(cause)
        else {
          giveUp()
          opening.failed()
        }
      },
    }
  }

  /** Notes what must not be in the table and what must, should the commit have been made after all. */
  #noteUncertain(chunks: readonly Chunk[]): void {
    // What comes first for an id says whether the item was there before.
    const added = new Set<number>()
    const items = new Map<number, Item & { id: number }>()
    for (const chunk of chunks) {
      for (const [at, item] of chunk.removedItems.entries()) {
        const id = chunk.removed[at] as number
        if (!added.has(id)) items.set(id, { ...item, id })
      }
      for (const id of chunk.added.keys()) if (!items.has(id)) added.add(id)
    }
    this.#rescue(() => withIds(items.values()), [...added])
  }

  /** Writes down what was committed, since the table is gone: what the queue holds, without what is on its way. */
  #writeDown(queue: Queue, onTheirWay: readonly Chunk[]): void {
    const { items, uncommitted } = committedOf(queue, onTheirWay)
    this.#rescue(() => withIds(items), uncommitted)
  }

  /** Leaves the table, with what the queue holds. */
  async #leaveOpen(queue: Queue, isMoving: boolean, isWrittenDown: boolean): Promise<void> {
    const claim = this.#claim as Claim
    await this.#lane?.settled()
    if (this.#lane === undefined) throw new Error('its journal has failed')
    // What the queue holds goes on, whatever becomes of the rows.
    if (isMoving) this.#lane.close()
    try {
      await removeRows(claim, queue)
    } catch (cause) {
      const isUncertain = cause instanceof UncertainCommit
      if (isMoving && !isWrittenDown) await disown(this.place, this.#name, this.#file, queue)
      if (claim.connection.lost === undefined && !isUncertain) throw cause
      // Nobody knows what the table holds now; together with the file it is what the queue held.
      if (isUncertain && !isMoving && !isWrittenDown)
        await this.#file.append(withIds(queue.withPasts()))
      claim.connection.lose(cause)
      throw cause
    }
  }

  #close(): void {
    this.#lane?.close()
    this.#lane = undefined
    this.#ids = undefined
    this.#claim = undefined
  }
}
