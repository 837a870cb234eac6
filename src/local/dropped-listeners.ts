import type { DroppedItem } from '../engine.ts'

/** Those who are told of items that were dropped without a message that caused it. */
export class DroppedListeners {
  readonly #listeners = new Set<{ owner: string; listener: (item: DroppedItem) => void }>()

  /** Adds a listener; returns a function that removes it. */
  add(owner: string, listener: (item: DroppedItem) => void): () => void {
    const entry = { owner, listener }
    this.#listeners.add(entry)
    return () => this.#listeners.delete(entry)
  }

  /** Tells one of them: the owner of the item, or else the first; returns whether there was any. */
  tell(item: DroppedItem, owner: string): boolean {
    const all = [...this.#listeners]
    const one = all.find((entry) => entry.owner === owner) ?? all[0]
    one?.listener(item)
    return one !== undefined
  }
}
