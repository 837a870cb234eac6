import { Watchers } from './local/watchers.ts'

/** Those who watch the queues of an engine, by the name of the queue, which need not exist. */
export class WatchedQueues {
  readonly #byName = new Map<string, Watchers>()
  readonly #all = new Watchers()
  readonly #exists: (queue: string) => boolean

  /** @param exists whether there is a queue of a name */
  constructor(exists: (queue: string) => boolean) {
    this.#exists = exists
  }

  /** Those who watch a queue. */
  of(queue: string): Watchers {
    let watchers = this.#byName.get(queue)
    if (watchers === undefined) {
      watchers = new Watchers(this.#all)
      this.#byName.set(queue, watchers)
    }
    return watchers
  }

  /** As `watch` of an engine. */
  watch(queue: string | undefined, listener: () => void): () => void {
    if (queue === undefined) return this.#watchAll(listener)
    const remove = this.of(queue).add(listener)
    return () => {
      remove()
      this.forget(queue)
    }
  }

  /** Whether anybody watches a queue. */
  isWatched(queue: string): boolean {
    return !this.#all.isEmpty || this.#byName.get(queue)?.isEmpty === false
  }

  /** A queue has changed. */
  changed(queue: string): void {
    this.#byName.get(queue)?.changed()
  }

  /** Forgets those who watch a queue when there are none, and the queue is not there either. */
  forget(queue: string): void {
    if (!this.#exists(queue) && this.#byName.get(queue)?.isEmpty) this.#byName.delete(queue)
  }

  /** Ends all. */
  clear(): void {
    for (const watchers of [...this.#byName.values(), this.#all]) watchers.clear()
  }

  #watchAll(listener: () => void): () => void {
    const remove = this.#all.add(listener)
    for (const watchers of this.#byName.values()) watchers.refresh()
    return () => {
      remove()
      for (const watchers of this.#byName.values()) watchers.refresh()
    }
  }
}
