import { quote } from '../errors.ts'
import type { MemoryEngine } from '../memory/engine.ts'
import type { Connection } from './connection.ts'
import { restore } from './loading.ts'
import { Saving } from './saving.ts'
import type { Store } from './store.ts'
import type { StoredQueue } from './stored-queue.ts'

/** What is being saved at the end of a process, until it is. */
export class Saves {
  readonly #memory: MemoryEngine
  readonly #unsaved = new Map<string, Saving>()

  constructor(memory: MemoryEngine) {
    this.#memory = memory
  }

  /** Takes up what a queue holds, if it is one that is saved. Nothing may be added to it from now on. */
  add({ name, dbmode, isOpen }: StoredQueue): void {
    if (!isOpen || (dbmode !== 1 && dbmode !== 3)) return
    const queue = this.#memory.living(name)
    if (queue !== undefined) this.#unsaved.set(name, new Saving(queue, queue.size))
  }

  /**
   * Saves all that was taken up, one queue after the other. What cannot be saved is rescued; when the database does
   * not answer, all that is left is, since the process has no time to wait for it.
   */
  async save(store: Store): Promise<void> {
    for (const [name, saving] of this.#unsaved) {
      let connection: Connection | undefined
      try {
        connection = await store.connect()
        await saveOne(store, connection, name, saving)
        this.#done(name)
      } catch (cause) {
        // The process may have come to its end meanwhile.
        if (!this.#unsaved.has(name)) continue
        store.report.error(store.explain(name, cause).message)
        this.#rescueOne(store, name, saving)
        if (connection === undefined || connection.lost !== undefined) this.rescue(store)
      }
    }
  }

  /** Writes all that was taken up and is not saved to the rescue files, at once. */
  rescue(store: Store): void {
    for (const [name, saving] of this.#unsaved) this.#rescueOne(store, name, saving)
  }

  #rescueOne(store: Store, name: string, saving: Saving): void {
    const { count } = saving
    if (count > 0) {
      if (!store.rescue(name, (file) => file.append(saving))) return
      const { path } = store.rescueFile(name)
      const text = `Queue ${quote(name)}: ${count} items are not saved. They are kept in ${path}`
      store.report.warn(`${text} and are the first to be loaded next time.`)
    }
    this.#done(name)
  }

  #done(name: string): void {
    this.#unsaved.delete(name)
    this.#memory.living(name)?.clear()
  }
}

async function saveOne(
  store: Store,
  connection: Connection,
  queue: string,
  saving: Saving,
): Promise<void> {
  const rescue = store.rescueFile(queue)
  if (rescue.exists) {
    const hooks = { onProgress() {}, assertWanted() {}, onTaking() {} }
    await restore({ connection, queue, rescue, ...hooks })
    rescue.delete()
  }
  await saving.save(connection, queue)
}
