import type { Dbmode } from '../definition.ts'
import { MqueueError, quote, reasonOf } from '../errors.ts'
import type { MemoryEngine } from '../memory/engine.ts'
import type { StoreLocation } from './address.ts'
import { Attempts } from './attempts.ts'
import type { Connection } from './connection.ts'
import { dropJournaled, dropTies, Journaling } from './journaling.ts'
import { unlock } from './loading.ts'
import { Opening, takeBack } from './opening.ts'
import { Saves } from './saves.ts'
import { type Report, Store } from './store.ts'
import { StoredQueue } from './stored-queue.ts'

/** How long the last changes may take to be committed when all is to be saved, in ms. */
const SETTLE_TIMEOUT = 3_000

/**
 * The way of the queues with a dbmode through the life of a process: they are opened, again and again until all
 * are open, and saved in the end. In between they change their dbmode, their store, or go.
 */
export class Lifecycle {
  /** The queues with a dbmode, by name. */
  readonly queues = new Map<string, StoredQueue>()
  readonly journaling = new Journaling((cause, store, queue) =>
    this.#journalFailed(cause, store, queue),
  )
  readonly #memory: MemoryEngine
  readonly #onChange: (queue: string) => void
  readonly #attempts = new Attempts(() => this.#attempt())
  readonly #saves: Saves
  /** The queues that are journaled no more, until they have let go of their rows. */
  readonly #leavers = new Map<string, StoredQueue>()
  readonly #opening: Opening
  #store: Store
  #report: Report
  /** Whether the end of the process has come, as far as anybody knows. */
  #isSaved = false
  /** What has to be over before anything is opened: the way out of a table or a store. */
  #leaving: Promise<void> = Promise.resolve()

  constructor(
    memory: MemoryEngine,
    location: StoreLocation,
    report: Report,
    onChange: (queue: string) => void,
  ) {
    this.#memory = memory
    this.#saves = new Saves(memory)
    this.#opening = new Opening(memory, this.journaling, {
      isWanted: (stored) => this.#isWanted(stored),
      onChange,
    })
    this.#onChange = onChange
    this.#report = report
    this.#store = new Store(location, () => this.#report)
  }

  /** Goes over to another store. Queues that are open stay open; what is journaled moves along. */
  use(location: StoreLocation, report: Report): void {
    this.#report = report
    if (this.#store.isAt(location)) return
    const former = this.#store
    this.#store = new Store(location, () => this.#report)
    for (const stored of this.queues.values()) {
      if (!stored.isOpen || stored.dbmode === 4) this.suspend(stored)
    }
    this.#leaving = this.#leaving.then(() => this.#moveOut(former))
  }

  /** Takes up a queue. `isLiving` says that it has been in use, so that there is nothing to be loaded. */
  enter(name: string, dbmode: Dbmode, isLiving: boolean): void {
    const isLeaving = this.#leavers.has(name)
    // With dbmode 0 it has nothing to do with the store, once it has let go of it.
    if (dbmode === 0 && !isLeaving) return
    const stored = new StoredQueue(name, dbmode, isLiving)
    if (!isLeaving && (dbmode === 3 || (dbmode !== 4 && isLiving))) stored.open()
    this.queues.set(name, stored)
  }

  /** Begins anew with a queue, and sends those who wait for it to what has become of it. */
  suspend(stored: StoredQueue): void {
    const { name, dbmode, isLiving, isOpen } = stored
    const successor = new StoredQueue(name, dbmode, isLiving || isOpen)
    // What it holds still has its rows where they were.
    const { table, store, setDown } = stored
    Object.assign(successor, { table, store, setDown })
    this.queues.set(name, successor)
    stored.replace()
  }

  /** Lets go of a queue that is deleted, or that goes over to another dbmode with what is in it. */
  leave(stored: StoredQueue): void {
    const { name, dbmode, table } = stored
    this.queues.delete(name)
    stored.replace()
    if (dbmode !== 4) return
    takeBack(stored, this.#store)
    if (table !== undefined) this.#leavers.set(name, stored)
  }

  /** Opens what is to be opened, and goes on trying. */
  open(): void {
    this.#isSaved = false
    this.#attempts.start()
  }

  /** Saves what is to be saved, and lets go of the store. What cannot be saved is rescued. */
  async save(): Promise<void> {
    this.#isSaved = true
    for (const stored of this.queues.values()) {
      const { name, dbmode, isOpen } = stored
      if (isOpen && dbmode === 2) continue
      this.#saves.add(stored)
      if (dbmode === 4 && !isOpen) this.#opening.rescue(stored, this.#store)
      const text = 'The queue is closed: Node-RED is stopping, and what is in it was saved.'
      stored.fail(new MqueueError('MQ_CLOSED', text, { queue: name }))
      stored.replace()
    }
    await this.#attempts.stop()
    await this.#leaving
    await this.#store.giveUpIn(SETTLE_TIMEOUT, this.journaling.stop())
    for (const { name, dbmode } of [...this.queues.values(), ...this.#leavers.values()]) {
      if (dbmode === 4) this.#memory.living(name)?.clear()
    }
    this.#leavers.clear()
    await this.#saves.save(this.#store)
    await this.#store.disconnect()
  }

  /** Writes what is not saved yet to the rescue files, at once. */
  rescue(): void {
    this.#opening.rescueTaken(this.#store)
    for (const stored of this.queues.values()) {
      this.#saves.add(stored)
      const { isOpen, dbmode, isReplaced } = stored
      // What it held before it was to be journaled, if it has not come to that.
      if (!isOpen && !isReplaced && dbmode === 4) this.#opening.rescue(stored, this.#store)
    }
    this.#saves.rescue(this.#store)
  }

  async close(): Promise<void> {
    for (const stored of this.queues.values()) stored.replace()
    this.queues.clear()
    await this.#attempts.stop()
    await this.#leaving
    await this.journaling.stop()
    await this.#store.disconnect()
  }

  /** Tries to open all that is not open, and tells whether nothing is left to be opened. */
  async #attempt(): Promise<boolean> {
    await this.#leaving
    await this.#letOut()
    const pending = this.#pending()
    for (const stored of pending) {
      let connection: Connection
      try {
        connection = await this.#store.connect()
      } catch (cause) {
        // The others would not get a connection either.
        for (const other of pending) if (this.#isPending(other)) this.#fail(other, cause)
        break
      }
      try {
        if (this.#isWanted(stored)) await this.#openOne(stored, connection)
      } catch (cause) {
        this.#fail(stored, cause)
      }
    }
    // A connection is kept for a journal only; an attempt that failed may need another one.
    const isJournaling = [...this.queues.values()].some(
      ({ dbmode, isOpen }) => dbmode === 4 && isOpen,
    )
    if (!isJournaling && this.#leavers.size === 0) {
      await this.journaling.stop()
      await this.#store.disconnect()
    }
    return this.#pending().length === 0
  }

  #pending(): StoredQueue[] {
    return [...this.queues.values()].filter((stored) => this.#isPending(stored))
  }

  #isPending(stored: StoredQueue): boolean {
    if (!this.#isWanted(stored)) return false
    // A queue that is only saved is open, but what is in its rescue file belongs into the table.
    return !stored.isOpen || (stored.dbmode === 3 && this.#store.rescueFile(stored.name).exists)
  }

  #isWanted({ name, isReplaced }: StoredQueue): boolean {
    return !isReplaced && this.#memory.defines(name)
  }

  async #openOne(stored: StoredQueue, connection: Connection): Promise<void> {
    const { name, dbmode } = stored
    for (const other of this.queues.keys()) {
      if (other === name) break
      if (this.#store.isSameTable(other, name)) throw sameTable(name, other)
    }
    await this.#opening.open(stored, this.#store, connection)
    // With dbmode 0 it has nothing more to do with the store.
    if (stored.isOpen && dbmode === 0) this.queues.delete(name)
    this.#store.recover(name)
  }

  /**
   * Has the queues that are journaled no more let go of their rows. Should that fail, what they hold is what is in
   * their tables.
   */
  async #letOut(): Promise<void> {
    for (const [name, leaver] of this.#leavers) {
      const queue = this.#memory.living(name)
      try {
        await this.journaling.settled()
        if (leaver.mustReload) throw new Error('its journal has failed')
        if (queue !== undefined) this.journaling.untie(leaver, queue)
        await this.journaling.settled()
        if (leaver.store === this.#store) await unlock(await this.#store.connect(), name)
      } catch {
        queue?.clear()
        const successor = this.queues.get(name)
        if (successor !== undefined) successor.mustReload = leaver.store === this.#store
      }
      this.#leavers.delete(name)
    }
  }

  /** Makes memory what the tables are again, of all queues or of one: it is read anew from them. */
  #journalFailed(cause: Error, store: Store, queue?: string): void {
    const concerns = ({ name }: StoredQueue) => queue === undefined || queue === name
    for (const leaver of this.#leavers.values()) {
      if (!concerns(leaver)) continue
      leaver.mustReload = true
      this.#drop(leaver.name)
    }
    for (const stored of this.queues.values()) {
      if (stored.dbmode !== 4 || !concerns(stored)) continue
      this.#drop(stored.name)
      if (stored.isOpen)
        this.#fail(stored, queue === undefined ? store.unavailable(cause) : cause, store)
    }
    if (!this.#isSaved) this.#attempts.start()
  }

  #drop(name: string): void {
    const queue = this.#memory.living(name)
    if (queue !== undefined) dropJournaled(queue)
    this.#onChange(name)
  }

  /** Takes what is journaled along to the store that is used from now on. */
  async #moveOut(former: Store): Promise<void> {
    // What fails now is no longer in memory, and stays where it is.
    await this.journaling.settled().catch(() => {})
    await this.#letOut()
    for (const stored of this.queues.values()) {
      const queue = this.#memory.living(stored.name)
      if (stored.store !== former || queue === undefined) continue
      // It is set down in the new store before it leaves the old one, or stays there as well.
      if (this.#opening.rescue(stored, this.#store)) {
        this.journaling.untie(stored, queue)
      } else dropTies(queue)
      stored.table = undefined
      stored.store = undefined
    }
    await this.journaling.settled().catch((error) => {
      const text = `What was journaled in ${former.shown} stays there as well: ${reasonOf(error)}`
      this.#report.warn(text)
    })
    await this.journaling.stop()
    await former.disconnect()
  }

  #fail(stored: StoredQueue, cause: unknown, store = this.#store): void {
    if (stored.isReplaced) return
    const error = store.explain(stored.name, cause)
    // Without its rescue file a queue that is only saved can do all that it has to.
    if (stored.dbmode !== 3 || !stored.isOpen) stored.fail(error)
    store.complain(stored.name, error)
    this.#onChange(stored.name)
  }
}

function sameTable(queue: string, other: string): MqueueError {
  const text = `Queue ${quote(queue)}: SQLite takes it and ${quote(other)} for one table.`
  return new MqueueError('MQ_INVALID_DEFINITION', `${text} Rename one of them.`, { queue })
}
