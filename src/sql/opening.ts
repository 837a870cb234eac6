import type { Item } from '../engine.ts'
import { quote, reasonOf } from '../errors.ts'
import type { MemoryEngine } from '../memory/engine.ts'
import type { Queue } from '../memory/queue.ts'
import type { Connection } from './connection.ts'
import { Journaled } from './journal.ts'
import { bare, type Journaling } from './journaling.ts'
import { type Loaded, type Loading, restore, takeAll, unlock } from './loading.ts'
import type { Rescued } from './rescue-file.ts'
import type { Store } from './store.ts'
import type { StoredQueue } from './stored-queue.ts'
import { encodeWhatCan } from './value.ts'

/** What opening a queue needs to know of the queues, and tells them. */
export interface OpeningHooks {
  /** Whether a queue is still there, with a good definition. */
  isWanted(stored: StoredQueue): boolean
  /** Hears that something about a queue has changed. */
  onChange(queue: string): void
}

/** Opens queues, each as its dbmode says: with what its table and its rescue file hold. */
export class Opening {
  readonly #memory: MemoryEngine
  readonly #journaling: Journaling
  readonly #hooks: OpeningHooks
  /** What is being taken out of a table, until the queue has it. */
  readonly #taking = new Map<string, () => Rescued>()

  constructor(memory: MemoryEngine, journaling: Journaling, hooks: OpeningHooks) {
    this.#memory = memory
    this.#journaling = journaling
    this.#hooks = hooks
  }

  /** Opens a queue. It is left as it is when it is not wanted any more. */
  async open(stored: StoredQueue, store: Store, connection: Connection): Promise<void> {
    const { dbmode, isLiving, mustReload } = stored
    // What was in use under another dbmode has nothing to load.
    if (isLiving && dbmode <= 2 && !mustReload) this.#openWith(stored, store)
    else if (dbmode === 3 && !mustReload) await this.#restoreOnly(stored, store, connection)
    else if (dbmode === 4) await this.#openJournaled(stored, store, connection)
    else await this.#openLoaded(stored, store, connection)
  }

  /**
   * Writes what a queue holds that is to be journaled to its rescue file, where opening finds it. Tells whether that
   * was possible.
   */
  rescue(stored: StoredQueue, store: Store): boolean {
    return store.rescue(stored.name, () => this.#setDown(stored, store))
  }

  /** Writes what was taken out of tables, and is not in its queue yet, to the rescue files. */
  rescueTaken(store: Store): void {
    for (const [name, rescued] of this.#taking) store.rescue(name, (file) => file.write(rescued()))
  }

  async #openLoaded(stored: StoredQueue, store: Store, connection: Connection): Promise<void> {
    const { name } = stored
    try {
      const loaded = await takeAll(this.#loading(stored, store, connection))
      if (!this.#hooks.isWanted(stored)) {
        // The rows are gone from the table, and the queue is no longer there to take the items.
        const items = loaded.items.map(({ key, value }) => encodeWhatCan(key, value))
        store.rescueFile(name).write({ items, removed: [] })
        return
      }
      tellOf(store, name, loaded)
      this.#openWith(stored, store, loaded.items)
      deleteRescueFile(store, name)
    } finally {
      this.#taking.delete(name)
    }
  }

  async #openJournaled(stored: StoredQueue, store: Store, connection: Connection): Promise<void> {
    this.#setDown(stored, store)
    const loaded = await restore(this.#loading(stored, store, connection))
    if (!this.#hooks.isWanted(stored)) {
      await unlock(connection, stored.name)
      return
    }
    tellOf(store, stored.name, loaded)
    // While the file is there nothing may happen to the rows that it tells of.
    store.rescueFile(stored.name).delete()
    const { table, lastId, items } = loaded
    Object.assign(stored, { table, store, nextId: lastId + 1, setDown: 0 })
    this.#journaling.start(store, connection)
    // What the queue held is among what was loaded.
    this.#memory.living(stored.name)?.clear()
    const journaled = items.map(({ id, key, value }) => ({ key, value: new Journaled(id, value) }))
    this.#openWith(stored, store, journaled)
  }

  /** Brings what the rescue file of a queue that is only saved holds into its table. */
  async #restoreOnly(stored: StoredQueue, store: Store, connection: Connection): Promise<void> {
    const { name } = stored
    const rescue = store.rescueFile(name)
    if (rescue.exists) {
      const loaded = await restore(this.#loading(stored, store, connection))
      tellOf(store, name, loaded)
      rescue.delete()
      await unlock(connection, name)
    }
    if (!stored.isOpen) this.#openWith(stored, store)
  }

  /** Opens a queue, with items that it lets in as its size and addmode say. */
  #openWith(stored: StoredQueue, store: Store, items: readonly Item[] = []): void {
    const { name } = stored
    const queue = this.#memory.living(name) as Queue
    let left = 0
    for (const { key, value } of items) {
      const { dropped } = queue.add(key, value)
      if (dropped === undefined) continue
      this.#journaling.forget(stored, dropped)
      left++
    }
    if (left > 0) {
      const text = `Queue ${quote(name)}: items that its size or addmode did not let in: ${left}.`
      store.report.warn(text)
    }
    stored.open()
    this.#hooks.onChange(name)
  }

  #loading(stored: StoredQueue, store: Store, connection: Connection): Loading {
    const { name } = stored
    return {
      connection,
      queue: name,
      rescue: store.rescueFile(name),
      onProgress: (read) => {
        if (stored.isOpen) return
        stored.loaded = read
        this.#hooks.onChange(name)
      },
      onTaking: (rescued) => this.#taking.set(name, rescued),
      assertWanted: () => {
        if (!this.#hooks.isWanted(stored)) throw new Error('it is not wanted any more')
      },
    }
  }

  #setDown(stored: StoredQueue, store: Store): void {
    const queue = this.#memory.living(stored.name)
    if (queue === undefined || stored.setDown > 0) return
    const items = [...queue]
    if (items.length === 0) return
    const kept = items.map(({ key, value }) => encodeWhatCan(key, bare(value)))
    store.rescueFile(stored.name).append(kept)
    stored.setDown = items.length
  }
}

/** Takes what was set down of a queue out of its rescue file, since it has not come to be journaled. */
export function takeBack({ name, setDown }: StoredQueue, store: Store): void {
  if (setDown === 0) return
  store.rescue(name, (file) => {
    const { items, removed } = file.read()
    file.write({ items: items.slice(0, -setDown), removed })
  })
}

function tellOf(store: Store, name: string, { table, rescued }: Loaded): void {
  if (rescued > 0) {
    const { path } = store.rescueFile(name)
    store.report.warn(`Queue ${quote(name)}: ${rescued} items were loaded from ${path}.`)
  }
  if (table.typed) return
  const text = `Table ${quote(name)} has no column val_type: values that are no texts are kept as JSON`
  store.report.warn(`${text}, and come back as texts.`)
}

function deleteRescueFile(store: Store, name: string): void {
  const file = store.rescueFile(name)
  try {
    file.delete()
  } catch (error) {
    const text = `${file.path} cannot be deleted: ${reasonOf(error)}. Delete it, since it was loaded`
    store.report.error(`${text}; otherwise it is loaded again next time.`)
  }
}
