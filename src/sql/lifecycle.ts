import type { Dbmode } from '../definition.ts'
import type { Item } from '../engine.ts'
import { MqueueError, quote, reasonOf } from '../errors.ts'
import type { MemoryEngine } from '../memory/engine.ts'
import type { Queue } from '../memory/queue.ts'
import type { StoreLocation } from './address.ts'
import { Attempts } from './attempts.ts'
import { type Connection, UncertainCommit } from './connection.ts'
import type { Row, Table } from './driver.ts'
import { type Changes, Journal, Journaled } from './journal.ts'
import { type Loaded, type Loading, restore, takeAll, unlock } from './loading.ts'
import { assertFits, Saving } from './saving.ts'
import { type Report, Store } from './store.ts'
import { StoredQueue } from './stored-queue.ts'
import { encode, encodeAsText } from './value.ts'

/** The error of an operation after the store was let go of. */
export function closedStore(queue?: string): MqueueError {
  return new MqueueError('MQ_CLOSED', 'The queues are closed: they were saved.', { queue })
}

/**
 * The way of the queues with a dbmode through the life of a process: it opens them, trying again until all
 * are open, journals what happens to those with dbmode 4, and saves the others in the end.
 */
export class Lifecycle {
  readonly #memory: MemoryEngine
  readonly #onChange: (queue: string) => void
  /** The queues with a dbmode, by name. */
  readonly queues = new Map<string, StoredQueue>()
  readonly #attempts = new Attempts(() => this.#openPending())
  /** What is being saved, until it is. */
  readonly #unsaved = new Map<StoredQueue, Saving>()
  #store: Store
  #report: Report
  #journal: Journal | undefined
  /** What has to be over before anything is opened: the way out of a store that is no longer used. */
  #leaving: Promise<void> = Promise.resolve()

  constructor(
    memory: MemoryEngine,
    location: StoreLocation,
    report: Report,
    onChange: (queue: string) => void,
  ) {
    this.#memory = memory
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
    const journaled: StoredQueue[] = []
    for (const [name, stored] of this.queues) {
      if (stored.isOpen && stored.dbmode !== 4) continue
      if (stored.isOpen) journaled.push(stored)
      this.queues.set(name, new StoredQueue(name, stored.dbmode, false))
      stored.replace()
    }
    this.#leaving = this.#leaving.then(() => this.#moveOut(former, journaled))
  }

  /** Takes up a queue. `isLiving` says that it has been in use, so that there is nothing to be loaded. */
  enter(name: string, dbmode: Dbmode, isLiving: boolean): void {
    const isOpen = dbmode === 3 || (dbmode !== 4 && isLiving)
    this.queues.set(name, new StoredQueue(name, dbmode, isOpen))
  }

  /** Lets go of a queue that is deleted, or that goes over to another dbmode with what is in it. */
  leave(stored: StoredQueue): void {
    this.queues.delete(stored.name)
    stored.replace()
    if (stored.dbmode !== 4 || !stored.isOpen) return
    const queue = this.#memory.living(stored.name)
    const ids = queue === undefined ? [] : this.#unwrap(stored, queue)
    this.#leaving = Promise.all([this.#leaving, this.#letGo(stored, ids)]).then(() => {})
  }

  /** Opens what is to be opened, and goes on trying. */
  open(): void {
    this.#attempts.start()
  }

  /** The row of an item that is to be added to a journaled queue. */
  row({ table, nextId }: StoredQueue, key: string, value: unknown): Row {
    const { typed } = table as Table
    const item = typed ? encode(key, value) : encodeAsText(key, value)
    assertFits(table as Table, item)
    return { id: nextId, key: item.key, val: item.val, val_type: item.val_type }
  }

  /** Notes in the journal that an item was added. */
  note(stored: StoredQueue, row: Row): void {
    stored.nextId = row.id + 1
    this.#journal?.insert(stored.table as Table, row)
  }

  /** Notes in the journal that an item has left a queue, if it is one with a row, and gives its bare value. */
  forget({ table }: StoredQueue, key: string, value: unknown): unknown {
    if (!(value instanceof Journaled)) return value
    this.#journal?.delete(table as Table, value.id, { key, value: value.value })
    return value.value
  }

  /** Tells whether all that was noted so far is committed. */
  get isSettled(): boolean {
    return this.#journal?.isSettled ?? true
  }

  /** Gives a result when all that was noted so far is committed. Results are given in their order. */
  wait<T>(result: T, resolve: (result: T) => void, reject: (error: Error) => void): void {
    if (this.#journal === undefined) resolve(result)
    else this.#journal.wait(result, resolve, reject)
  }

  /** Saves the queues with dbmode 1 and 3 and lets go of the store. What cannot be saved is rescued. */
  async save(): Promise<void> {
    const journaled: StoredQueue[] = []
    for (const stored of this.queues.values()) {
      if (stored.isOpen && stored.dbmode === 2) continue
      if (stored.isOpen && isSaved(stored)) this.#unsaved.set(stored, this.#savingOf(stored.name))
      if (stored.isOpen && stored.dbmode === 4) journaled.push(stored)
      stored.fail(closedStore(stored.name))
      stored.replace()
    }
    await this.#attempts.stop()
    await this.#settle().catch(() => {})
    for (const [stored, saving] of this.#unsaved) await this.#saveOne(stored, saving)
    for (const { name } of journaled) this.#dropJournaled(name)
    this.#journal = undefined
    await this.#store.disconnect()
  }

  /** Writes what is not saved yet to the rescue files, at once. */
  rescue(): void {
    for (const [{ name }, saving] of this.#unsaved) this.#rescueOne(name, saving)
    this.#unsaved.clear()
    for (const stored of this.queues.values()) {
      const { name, isOpen, dbmode } = stored
      if (isOpen && isSaved(stored)) this.#rescueOne(name, this.#savingOf(name))
      // What it held before it was to be journaled, if it has not come to that.
      if (!isOpen && dbmode === 4) this.#store.rescue(name, () => this.#setDown(name))
    }
  }

  async close(): Promise<void> {
    for (const stored of this.queues.values()) stored.replace()
    this.queues.clear()
    await this.#attempts.stop()
    await this.#settle().catch(() => {})
    await this.#store.disconnect()
  }

  async #openPending(): Promise<boolean> {
    await this.#leaving
    const pending = [...this.queues.values()].filter((stored) => this.#isPending(stored))
    let connection: Connection | undefined
    for (const stored of pending) {
      if (stored.isReplaced) continue
      try {
        connection = await this.#store.connect()
        await this.#openOne(stored, connection)
      } catch (cause) {
        const error = this.#store.explain(stored.name, cause)
        if (!stored.isReplaced) this.#fail(stored, error)
        if (connection === undefined) {
          // None of the others will get a connection either.
          for (const other of pending) if (!other.isReplaced) this.#fail(other, error)
          break
        }
      }
    }
    const isDone = ![...this.queues.values()].some((stored) => this.#isPending(stored))
    if (isDone && ![...this.queues.values()].some(({ dbmode }) => dbmode === 4)) {
      await this.#settle().catch(() => {})
      this.#journal = undefined
      await this.#store.disconnect()
    }
    return isDone
  }

  #isPending(stored: StoredQueue): boolean {
    if (stored.isReplaced || !this.#memory.defines(stored.name)) return false
    if (stored.dbmode === 3) return this.#store.rescueFile(stored.name).exists
    return !stored.isOpen
  }

  async #openOne(stored: StoredQueue, connection: Connection): Promise<void> {
    const { name, dbmode } = stored
    const rescue = this.#store.rescueFile(name)
    const loading: Loading = {
      connection,
      queue: name,
      rescue,
      onProgress: (read) => {
        if (dbmode === 3) return
        stored.loaded = read
        this.#onChange(name)
      },
      assertWanted: () => {
        if (stored.isReplaced || !this.#memory.defines(name))
          throw new Error('it is not wanted now')
      },
    }
    if (dbmode === 4) this.#setDown(name)
    const loaded = dbmode <= 2 ? await takeAll(loading) : await restore(loading)
    if (stored.isReplaced || !this.#memory.defines(name)) {
      // The rows are gone from the table, and the queue is no longer there to take the items.
      if (dbmode <= 2) rescue.write({ items: loaded.items.map(rescued), removed: [] })
      return
    }
    this.#tellOf(name, loaded)
    this.#deleteFile(name)
    if (dbmode === 3) {
      await unlock(connection, name)
      this.#store.recover(name)
      return
    }
    if (dbmode === 4) this.#journalOn(connection)
    stored.table = loaded.table
    stored.nextId = loaded.lastId + 1
    this.#fill(stored, loaded)
    stored.open()
    this.#store.recover(name)
    this.#onChange(name)
  }

  /** Puts what was loaded into the queue; its size and its addmode apply. */
  #fill(stored: StoredQueue, { items }: Loaded): void {
    const { name, dbmode } = stored
    const queue = this.#memory.living(name) as Queue
    let left = 0
    for (const { id, key, value } of items) {
      const { dropped } = queue.add(key, dbmode === 4 ? new Journaled(id, value) : value)
      if (dropped === undefined) continue
      this.forget(stored, dropped.key, dropped.value)
      left++
    }
    if (left === 0) return
    const text = `Queue ${quote(name)}: items that its size or addmode did not let in: ${left}.`
    this.#report.warn(text)
  }

  /** Brings what a queue held before it was journaled to where opening finds it. */
  #setDown(name: string): void {
    const queue = this.#memory.living(name)
    const items = [...(queue ?? [])].filter(({ value }) => !(value instanceof Journaled))
    if (items.length === 0) return
    this.#store.rescueFile(name).append(items.map(rescued))
    queue?.clear()
  }

  #journalOn(connection: Connection): void {
    const store = this.#store
    this.#journal ??= new Journal(connection, (cause, batch) => {
      this.#journal = undefined
      return this.#journalEnded(store, connection, cause, batch)
    })
  }

  /** Makes memory what the tables are again: it is read anew from them. */
  #journalEnded(
    store: Store,
    connection: Connection,
    cause: Error,
    batch: ReadonlyMap<Table, Changes>,
  ): MqueueError {
    connection.lose(cause)
    if (cause instanceof UncertainCommit) {
      for (const [{ name }, { inserted, deletedIds, deletedItems }] of batch) {
        const rows = deletedItems.map((item, i) => ({ id: deletedIds[i], ...rescued(item) }))
        store.rescue(name, (file) => file.append(rows, [...inserted.keys()]))
      }
    }
    const error = store.explain([...batch.keys()].map(({ name }) => name).join(', '), cause)
    for (const stored of this.queues.values()) {
      if (stored.dbmode !== 4) continue
      this.#dropJournaled(stored.name)
      if (stored.isOpen) this.#fail(stored, store.explain(stored.name, cause))
    }
    this.#attempts.start()
    return error
  }

  #settle(): Promise<void> {
    return new Promise((resolve, reject) => this.wait(undefined, resolve, reject))
  }

  #dropJournaled(name: string): void {
    const queue = this.#memory.living(name)
    if (queue === undefined) return
    const others = [...queue].filter(({ value }) => !(value instanceof Journaled))
    queue.clear()
    for (const { key, value } of others) queue.add(key, value)
    this.#onChange(name)
  }

  /** Turns what is journaled into what is not; its rows go. Gives their ids. */
  #unwrap(stored: StoredQueue, queue: Queue): number[] {
    const items = [...queue]
    queue.clear()
    for (const { key, value } of items) queue.add(key, this.forget(stored, key, value))
    return items.flatMap(({ value }) => (value instanceof Journaled ? value.id : []))
  }

  /** Lets go of the table of a queue that is no longer journaled, once its last changes are committed. */
  async #letGo({ name }: StoredQueue, ids: number[]): Promise<void> {
    const store = this.#store
    try {
      await this.#settle()
      await unlock(await store.connect(), name)
    } catch {
      // They are deleted before the table is read again.
      if (ids.length > 0) store.rescue(name, (file) => file.append([], ids))
    }
  }

  /** Takes what is journaled along to the store that is used from now on. */
  async #moveOut(former: Store, journaled: readonly StoredQueue[]): Promise<void> {
    // What fails now is no longer in memory, and stays where it is.
    await this.#settle().catch(() => {})
    for (const stored of journaled) {
      const queue = this.#memory.living(stored.name)
      if (queue === undefined) continue
      this.#unwrap(stored, queue)
      if (!this.#store.rescue(stored.name, () => this.#setDown(stored.name)))
        this.#journal = undefined
    }
    await this.#settle().catch((error) => {
      const text = `What was journaled in ${former.shown} stays there as well: ${reasonOf(error)}`
      this.#report.warn(text)
    })
    this.#journal = undefined
    await former.disconnect()
  }

  async #saveOne(stored: StoredQueue, saving: Saving): Promise<void> {
    const { name } = stored
    try {
      const connection = await this.#store.connect()
      const rescue = this.#store.rescueFile(name)
      if (rescue.exists) {
        const hooks = { onProgress() {}, assertWanted() {} }
        await restore({ connection, queue: name, rescue, ...hooks })
        rescue.delete()
      }
      await saving.save(connection, name)
      this.#memory.living(name)?.clear()
    } catch (cause) {
      this.#report.error(this.#store.explain(name, cause).message)
      this.#rescueOne(name, saving)
    }
    this.#unsaved.delete(stored)
  }

  #rescueOne(name: string, saving: Saving): void {
    if (saving.count === 0) return
    const isRescued = this.#store.rescue(name, (file) => file.append(saving))
    if (!isRescued) return
    const { path } = this.#store.rescueFile(name)
    const text = `Queue ${quote(name)}: ${saving.count} items are not saved. They are kept in ${path}`
    this.#report.warn(`${text} and are the first to be loaded next time.`)
    this.#memory.living(name)?.clear()
  }

  #savingOf(name: string): Saving {
    const queue = this.#memory.living(name)
    return new Saving(queue ?? [], queue?.size ?? 0)
  }

  #tellOf(name: string, { table, rescued }: Loaded): void {
    if (rescued > 0) {
      const { path } = this.#store.rescueFile(name)
      this.#report.warn(`Queue ${quote(name)}: ${rescued} items were loaded from ${path}.`)
    }
    if (table.typed) return
    const text = `Table ${quote(name)} has no column val_type: values that are no texts are kept as JSON`
    this.#report.warn(`${text}, and come back as texts.`)
  }

  #deleteFile(name: string): void {
    const file = this.#store.rescueFile(name)
    try {
      file.delete()
    } catch (error) {
      const text = `${file.path} cannot be deleted: ${reasonOf(error)}. Delete it, since it was loaded`
      this.#report.error(`${text}; otherwise it is loaded again next time.`)
    }
  }

  #fail(stored: StoredQueue, error: MqueueError): void {
    // Without its rescue file a queue that is only saved can do all that it has to.
    if (stored.dbmode !== 3) stored.fail(error)
    this.#store.complain(stored.name, error)
    this.#onChange(stored.name)
  }
}

function isSaved({ dbmode }: StoredQueue): boolean {
  return dbmode === 1 || dbmode === 3
}

function rescued({ key, value }: Item): ReturnType<typeof encode> {
  return encode(key, value)
}
