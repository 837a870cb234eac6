import type { QueueDefinition } from '../definition.ts'
import type { AddResult, DroppedItems, Engine, FetchedItem, Item, MaybePromise } from '../engine.ts'
import type { MqueueError } from '../errors.ts'
import { MemoryEngine } from '../memory/engine.ts'
import type { StoreLocation } from './address.ts'
import { Journaled } from './journal.ts'
import { bare, type Journaling } from './journaling.ts'
import { Lifecycle } from './lifecycle.ts'
import type { Report } from './store.ts'
import type { StoredQueue } from './stored-queue.ts'
import { assertKeepable } from './value.ts'

/**
 * Queues in this process's memory that outlive it in a database, each as its dbmode says. A queue with dbmode 0
 * answers at once and never knows of the database; so do dbmode 1 to 3 once they are loaded. With dbmode 4
 * an operation is answered when it is committed.
 *
 * Besides what every engine does, an operation on a queue with a dbmode fails with `MQ_UNAVAILABLE` while its
 * database cannot be used, and with `MQ_STORE_LOCKED` while another process has the queue. That ends by itself: the
 * database is tried again and again.
 */
export class StoredEngine implements Engine {
  readonly #memory = new MemoryEngine()
  readonly #lifecycle: Lifecycle
  readonly #journaling: Journaling
  /** The queues with a dbmode, by name. */
  readonly #stored: ReadonlyMap<string, StoredQueue>
  #listeners: ((queue: string) => void)[] = []
  #saving: Promise<void> | undefined

  /**
   * @param location where the store is
   * @param report hears what people should know
   */
  constructor(location: StoreLocation, report: Report) {
    const onChange = (queue: string) => this.#changed(queue)
    this.#lifecycle = new Lifecycle(this.#memory, location, report, onChange)
    this.#journaling = this.#lifecycle.journaling
    this.#stored = this.#lifecycle.queues
    this.#memory.watch(onChange)
  }

  /** Uses another store, or another report. What is in memory stays, and what is journaled moves along. */
  use(location: StoreLocation, report: Report): void {
    this.#lifecycle.use(location, report)
  }

  define(
    definitions: readonly QueueDefinition[],
    errors: readonly MqueueError[] = [],
  ): MaybePromise<DroppedItems[]> {
    if (this.#saving !== undefined) return this.#saving.then(() => this.define(definitions, errors))
    const names = definitions.map(({ name }) => name)
    const living = new Set(names.filter((name) => this.#memory.living(name) !== undefined))
    const dropped = this.#memory.define(definitions, errors).map(({ queue, items }) => ({
      queue,
      items: items.map((item) => this.#discard(queue, item)),
    }))
    const dbmodes = new Map(definitions.map(({ name, dbmode }) => [name, dbmode]))
    for (const [name, stored] of this.#stored) {
      const dbmode = dbmodes.get(name)
      if (dbmode === stored.dbmode && !stored.isReplaced) continue
      if (dbmode === undefined && errors.length > 0) {
        // A queue whose definition is bad for the moment stays what it is, but nobody waits for it.
        if (!stored.isOpen) this.#lifecycle.suspend(stored)
        continue
      }
      if (stored.isReplaced || !(stored.isOpen || stored.isLiving)) living.delete(name)
      this.#lifecycle.leave(stored)
    }
    for (const { name, dbmode } of definitions) {
      if (!this.#stored.has(name)) this.#lifecycle.enter(name, dbmode, living.has(name))
    }
    this.#lifecycle.open()
    const opening = this.#opening()
    if (opening.length === 0) return dropped
    return Promise.all(opening.map(({ attempted }) => attempted)).then(() => dropped)
  }

  definition(queue: string): QueueDefinition {
    return this.#memory.definition(queue)
  }

  add(queue: string, key: string, value: unknown): MaybePromise<AddResult> {
    if (!this.#stored.has(queue)) return this.#memory.add(queue, key, value)
    return this.#operate(queue, (stored) => {
      if (stored?.dbmode === 4) return this.#addToJournal(stored, key, value)
      if (stored !== undefined && stored.dbmode !== 2) assertKeepable(value)
      return this.#memory.add(queue, key, value)
    })
  }

  fetch(queue: string, inspect?: (item: Item) => void): MaybePromise<FetchedItem | undefined> {
    if (!this.#stored.has(queue)) return this.#memory.fetch(queue, inspect)
    return this.#operate(queue, (stored) =>
      stored?.dbmode === 4
        ? this.#fetchFromJournal(stored, inspect)
        : this.#memory.fetch(queue, inspect),
    )
  }

  size(queue: string): MaybePromise<number> {
    if (!this.#stored.has(queue)) return this.#memory.size(queue)
    return this.#operate(queue, () => this.#memory.size(queue))
  }

  sizes(): MaybePromise<Map<string, number>> {
    const [opening] = this.#opening()
    if (opening !== undefined) return opening.attempted.then(() => this.sizes())
    const sizes = this.#memory.sizes()
    for (const [name, { isOpen }] of this.#stored) if (!isOpen) sizes.delete(name)
    if (this.#journaling.isSettled) return sizes
    return new Promise((resolve, reject) =>
      this.#journaling.wait(undefined, sizes, resolve, reject),
    )
  }

  loaded(queue: string): number | undefined {
    return this.#stored.get(queue)?.loaded
  }

  watch(listener: (queue: string) => void): () => void {
    this.#listeners = [...this.#listeners, listener]
    return () => {
      this.#listeners = this.#listeners.filter((other) => other !== listener)
    }
  }

  save(): Promise<void> {
    this.#saving ??= this.#lifecycle.save().finally(() => {
      this.#saving = undefined
    })
    return this.#saving
  }

  /**
   * Writes what is not saved yet to files beside the store, at once. It is for the very end of a process, when there
   * is no time for the database; the next load begins with these files.
   */
  rescue(): void {
    this.#lifecycle.rescue()
  }

  async close(): Promise<void> {
    this.#listeners = []
    this.#memory.close()
    await this.#lifecycle.close()
  }

  /**
   * Does an operation on a queue with a dbmode: as soon as the queue is open, and answers when what was done is
   * committed. Operations are done, and answered, in the order in which they were asked for.
   */
  #operate<T>(queue: string, operate: (stored?: StoredQueue) => T): MaybePromise<T> {
    const stored = this.#stored.get(queue)
    if (stored?.isOpen) {
      const result = operate(stored)
      if (stored.dbmode !== 4 || this.#journaling.isSettled) return result
      return new Promise((resolve, reject) =>
        this.#journaling.wait(stored, result, resolve, reject),
      )
    }
    return new Promise((resolve, reject) => this.#perform(queue, operate, resolve, reject))
  }

  #perform<T>(
    queue: string,
    operate: (stored?: StoredQueue) => T,
    resolve: (result: T) => void,
    reject: (error: unknown) => void,
  ): void {
    try {
      const stored = this.#stored.get(queue)
      if (stored === undefined || stored.isOpen) {
        const result = operate(stored)
        if (stored?.dbmode === 4) this.#journaling.wait(stored, result, resolve, reject)
        else resolve(result)
        return
      }
      // Whatever is wrong with its definition comes first.
      this.#memory.definition(queue)
      stored.assertUsable()
      stored.attempted.then(() => this.#perform(queue, operate, resolve, reject))
    } catch (error) {
      reject(error)
    }
  }

  /** The queues whose first attempt to be opened is under way. */
  #opening(): StoredQueue[] {
    return [...this.#stored.values()].filter(
      ({ name, isOpen, error }) => !isOpen && error === undefined && this.#memory.defines(name),
    )
  }

  #addToJournal(stored: StoredQueue, key: string, value: unknown): AddResult {
    const { name } = stored
    const row = this.#journaling.row(stored, key, value)
    const { size, dropped } = this.#memory.add(name, key, new Journaled(row.id, value))
    this.#journaling.note(stored, row)
    return { size, dropped: dropped && this.#discard(name, dropped) }
  }

  #fetchFromJournal(stored: StoredQueue, inspect?: (item: Item) => void): FetchedItem | undefined {
    const seen = inspect && (({ key, value }: Item) => inspect({ key, value: bare(value) }))
    const item = this.#memory.fetch(stored.name, seen)
    if (item === undefined) return undefined
    const { key, size } = item
    return { key, value: this.#journaling.forget(stored, item), size }
  }

  /** An item that has left its queue, without what ties it to its row, which leaves with it. */
  #discard<T extends Item>(queue: string, item: T): T {
    const stored = this.#stored.get(queue)
    if (stored === undefined) return item
    return { ...item, value: this.#journaling.forget(stored, item) }
  }

  #changed(queue: string): void {
    for (const listener of this.#listeners) listener(queue)
  }
}
