import type { QueueDefinition } from '../definition.ts'
import type { AddResult, DroppedItem, FetchedItem, FetchOptions } from '../engine.ts'
import { MqueueError, quote } from '../errors.ts'
import type { MaybePromise } from '../maybe-promise.ts'
import type { Report } from '../report.ts'
import type { QueuedItem } from './items.ts'
import { Keeper } from './keeper.ts'
import { Queue } from './queue.ts'
import type { Storage } from './storage.ts'
import type { Watchers } from './watchers.ts'

/** One queue of this process: its items, and the storage that keeps them. Every operation stands here once. */
export class LocalQueue {
  readonly #queue: Queue
  readonly #keeper: Keeper
  readonly #watchers: Watchers
  readonly #report: () => Report
  /** How many operations that had to wait are not answered yet. */
  #late = 0

  constructor(definition: QueueDefinition, watchers: Watchers, report: () => Report) {
    this.#queue = new Queue(definition)
    this.#watchers = watchers
    this.#report = report
    this.#keeper = new Keeper(this.#queue, () => watchers.changed())
  }

  get definition(): QueueDefinition {
    return this.#queue.definition
  }

  /** Whether it was closed by a stop, so that it must be kept again. */
  get isClosed(): boolean {
    return this.#keeper.state.is === 'closed'
  }

  /** Settles when the attempt to open it that is under way is over; undefined when none is. */
  get opening(): Promise<void> | undefined {
    const { state } = this.#keeper
    return state.is === 'opening' ? state.attempt : undefined
  }

  /** The number of items read so far, while it is being opened; undefined when it is not. */
  get loaded(): number | undefined {
    const { state } = this.#keeper
    return state.is === 'opening' ? state.read : undefined
  }

  /** How many of its items are stored nowhere else. */
  get unstored(): number {
    return this.#keeper.unstored
  }

  /** The number of items it holds, whatever its storage says; throws while it cannot be used. */
  get known(): number {
    const { state } = this.#keeper
    if (state.is !== 'open' && state.is !== 'opening') throw this.#unusable()
    return this.#queue.size
  }

  add(key: string, value: unknown): MaybePromise<AddResult> {
    const { state } = this.#keeper
    if (state.is !== 'open' || this.#late > 0) return this.#addLater(key, value)
    return this.#add(state.storage, key, value)
  }

  fetch(options?: FetchOptions): MaybePromise<FetchedItem | undefined> {
    const { state } = this.#keeper
    if (state.is !== 'open' || this.#late > 0) return this.#fetchLater(options)
    return this.#fetch(state.storage, options)
  }

  size(): MaybePromise<number> {
    const { state } = this.#keeper
    const settle = (storage: Storage) => storage.settle(this.#queue.size)
    return state.is !== 'open' || this.#late > 0 ? this.#inTurn(settle) : settle(state.storage)
  }

  /** Changes the definition; returns the items that no longer fit. */
  redefine(definition: QueueDefinition): DroppedItem[] {
    const items = this.#queue.redefine(definition)
    this.#watchers.changed()
    return items
  }

  /** Has it kept by another storage from now on. */
  keepBy(storage: MaybePromise<Storage>): void {
    this.#keeper.want(storage)
  }

  /** Writes what must outlive the process. It never rejects. Returns how many items are lost. */
  stop(): Promise<number> {
    return this.#keeper.stop()
  }

  /** Ends the queue, and leaves what is stored where it is. It never rejects. */
  release(): MaybePromise<void> {
    return this.#keeper.release()
  }

  /** Writes to a file, at once, what the next process could not find otherwise. Returns how many items are lost. */
  rescue(): number {
    return this.#keeper.rescue()
  }

  #add(storage: Storage, key: string, value: unknown): MaybePromise<AddResult> {
    storage.check(key, value)
    const result = this.#queue.add(key, value)
    this.#watchers.changed()
    return storage.settle(result)
  }

  #fetch(storage: Storage, options?: FetchOptions): MaybePromise<FetchedItem | undefined> {
    if (options !== undefined) this.#inspect(options)
    const result = this.#queue.fetch()
    if (result !== undefined) this.#watchers.changed()
    const settled = storage.settle(result)
    const signal = options?.signal
    if (signal === undefined || !(settled instanceof Promise)) return settled
    return this.#unlessGone(settled, signal, result && this.#queue.taken(result), storage)
  }

  // These stand apart so that the way of most messages makes no closure.
  #addLater(key: string, value: unknown): MaybePromise<AddResult> {
    return this.#inTurn((storage) => this.#add(storage, key, value))
  }

  #fetchLater(options?: FetchOptions): MaybePromise<FetchedItem | undefined> {
    return this.#inTurn((storage) => this.#fetch(storage, options))
  }

  /**
   * Does an operation as soon as the queue is open. Operations are done, and answered, in the order in which they were
   * asked for: those behind one that had to wait take the same way, until all of them are answered.
   */
  #inTurn<T>(operate: (storage: Storage) => MaybePromise<T>): MaybePromise<T> {
    const { opening } = this
    if (opening === undefined && this.#keeper.state.is !== 'open') throw this.#unusable()
    this.#late++
    const answer = (opening ?? Promise.resolve()).then(() => {
      const { state } = this.#keeper
      if (state.is !== 'open') return this.#inTurn(operate)
      return operate(state.storage)
    })
    const answered = () => {
      this.#late--
    }
    answer.then(answered, answered)
    return answer
  }

  /** Makes sure that the oldest item is wanted before it is taken. */
  #inspect({ signal, inspect }: FetchOptions): void {
    if (signal?.aborted) throw asClosed(signal.reason)
    if (inspect === undefined) return
    const oldest = this.#queue.peek()
    if (oldest !== undefined) inspect({ key: oldest.key, value: oldest.value })
  }

  /** Returns what was taken once that is stored, unless its asker has gone by then: it goes back. */
  async #unlessGone<T>(
    settled: Promise<T>,
    signal: AbortSignal,
    item: QueuedItem | undefined,
    storage: Storage,
  ): Promise<T> {
    const result = await settled
    if (!signal.aborted) return result
    if (item !== undefined) this.#putBack(item, storage)
    throw asClosed(signal.reason)
  }

  /** Puts an item back whose asker has gone while its taking was stored. */
  #putBack(item: QueuedItem, storage: Storage): void {
    // Also a queue that is closing, or going over to another storage, waits until all that it was told is stored.
    if (!storage.isOpen) {
      storage.rescueItem(item)
      return
    }
    const dropped = this.#queue.putBack(item)
    this.#watchers.changed()
    const stored = storage.settle(undefined)
    if (stored instanceof Promise) stored.catch(() => storage.rescueItem(item))
    if (dropped === undefined) return
    const text = `an item that came back did not fit any more and was dropped (${dropped.reason})`
    this.#report().warn(`Queue ${quote(this.definition.name)}: ${text}.`)
  }

  /** The error of an operation that meets the queue as it is. */
  #unusable(): MqueueError {
    const { name } = this.definition
    const { state } = this.#keeper
    if (state.is === 'failed') {
      const { code, message, field } = state.error
      return new MqueueError(code, message, { queue: name, field, cause: state.error })
    }
    const text =
      'is closed, because Node-RED is stopping. Send the message again when it has started.'
    return new MqueueError('MQ_CLOSED', `Queue ${quote(name)} ${text}`, { queue: name })
  }
}

/** The error of an operation whose asker is gone. */
function asClosed(reason: unknown): MqueueError {
  if (reason instanceof MqueueError) return reason
  return new MqueueError('MQ_CLOSED', 'Nobody waits for the answer any more.', { cause: reason })
}
