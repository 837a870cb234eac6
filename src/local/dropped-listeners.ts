import type { DroppedItem } from '../engine.ts'
import { reasonOf } from '../errors.ts'

/** Why an item was dropped, as it is reported. */
const REASONS: Readonly<Record<DroppedItem['reason'], string>> = {
  overflow: 'the queue was full when it came back, or was given up by another queue',
  replaced: 'a newer item with its key was queued when it came back',
  duplicate: 'an older item with its key has come back',
  full: 'the queue is full',
  attempts: 'it was handed out as often as the queue allows, and there is no dead letter queue',
  rejected: 'it was rejected, and there is no dead letter queue',
}

/** Those who get a report of items that were dropped without a message that caused it. */
export class DroppedListeners {
  readonly #listeners = new Set<{ owner: string; listener: (item: DroppedItem) => void }>()

  /** Adds a listener; returns a function that removes it. */
  add(owner: string, listener: (item: DroppedItem) => void): () => void {
    const entry = { owner, listener }
    this.#listeners.add(entry)
    return () => this.#listeners.delete(entry)
  }

  /**
   * Tells one of them: the owner of the item, or else the first. It does not throw: it may be called by a timer, where
   * an error would end the process.
   *
   * @param warn is called with what to say of the queue where nobody listens, or the listener fails
   */
  tell(item: DroppedItem, owner: string, warn: (text: string) => void): void {
    const all = [...this.#listeners]
    const one = all.find((entry) => entry.owner === owner) ?? all[0]
    try {
      if (one === undefined) warn(`an item was dropped: ${REASONS[item.reason]}`)
      else one.listener(item)
    } catch (cause) {
      warn(`an item that was dropped (${item.reason}) cannot be reported: ${reasonOf(cause)}`)
    }
  }
}
