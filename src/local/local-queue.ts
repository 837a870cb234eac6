import type { QueueDefinition } from '../definition.ts'
import type { AddResult, DroppedItem, FetchedItem, FetchOptions, QueueStats } from '../engine.ts'
import { MqueueError, quote } from '../errors.ts'
import type { SeenItem } from '../leasing.ts'
import { after, type MaybePromise } from '../maybe-promise.ts'
import { stopping } from '../missing.ts'
import type { Report } from '../report.ts'
import { type Clock, now } from './clock.ts'
import { asClosed, Consumers } from './consumers.ts'
import { Counters } from './counters.ts'
import { DroppedListeners } from './dropped-listeners.ts'
import type { Burial } from './handout.ts'
import { nameOf, type QueuedItem } from './items.ts'
import { Keeper } from './keeper.ts'
import type { Past } from './leases.ts'
import { Queue, type TakenItem } from './queue.ts'
import type { Storage } from './storage.ts'
import type { Watchers } from './watchers.ts'

/** What a queue needs of its engine. */
export interface Surroundings {
  readonly clock: Clock
  report(): Report
  /** Another queue of the engine, which takes what this one gives up. */
  queue(name: string): LocalQueue | undefined
}

/** One queue of this process: its items, and the storage that keeps them. Every operation stands here once. */
export class LocalQueue {
  /** Those who take its items, and who gets a report of what is dropped without them. */
  readonly consumers: Consumers
  readonly listeners = new DroppedListeners()
  readonly #queue: Queue
  readonly #keeper: Keeper
  readonly #around: Surroundings
  #watchers: Watchers
  readonly #counters = new Counters()
  /** Whether it was said that what is given up waits for its dead letter queue. */
  #isBurialReported = false
  /** Those who wait until it is ready. */
  readonly #awaiting: ((isReady: boolean) => void)[] = []
  /** How many operations that had to wait are not answered yet. */
  #late = 0

  constructor(definition: QueueDefinition, watchers: Watchers, around: Surroundings) {
    this.#queue = new Queue(definition)
    this.#watchers = watchers
    this.#around = around
    this.consumers = new Consumers(this.#queue, around.clock, this.#counters, {
      operate: (operation) => this.#operate(operation),
      storage: () => this.#storage,
      putBack: (item, storage) => this.#putBack(item, storage),
      bury: (item, past) => this.#bury(item, past),
      dropped: (item, owner) => this.#dropped(item, owner),
      changed: () => this.#watchers.changed(),
    })
    this.#keeper = new Keeper(this.#queue, () => this.#stateChanged())
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
    return this.#keeper.unstored(this.consumers.leased)
  }

  /** The number of items it holds, whatever its storage says; throws while it cannot be used. */
  get known(): number {
    const { state } = this.#keeper
    if (state.is !== 'open' && state.is !== 'opening') throw this.#unusable()
    return this.#queue.size
  }

  /** How many items it has dropped since it was full. */
  get overflowed(): number {
    return this.#counters.dropped.overflow ?? 0
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
    return this.#operate((storage) => storage.settle(this.#queue.size))
  }

  /** The oldest items behind the first `from`, at most `count`, which stay where they are. */
  peek(count: number, from: number): MaybePromise<SeenItem[]> {
    return this.#operate((storage) => {
      const seen: SeenItem[] = []
      let place = 0
      for (const item of this.#queue) {
        if (place >= from + count) break
        if (place >= from) seen.push(this.#seen(item))
        place++
      }
      return storage.settle(seen)
    })
  }

  /** An item waiting, which stays where it is. */
  find(name: string): MaybePromise<SeenItem | undefined> {
    return this.#operate((storage) => {
      const item = this.#queue.find(name)
      return storage.settle(item && this.#seen(item))
    })
  }

  /** Removes the items waiting that have a key, or all of them; returns how many those were. */
  remove(key?: string): MaybePromise<number> {
    return this.#operate((storage) => {
      const count = key === undefined ? this.#queue.removeAll() : this.#queue.remove(key)
      return this.#removed(storage, count)
    })
  }

  /** Removes the item of a name, where it waits; returns whether it did. */
  removeItem(name: string): MaybePromise<boolean> {
    return this.#operate((storage) => {
      return after(this.#removed(storage, this.#queue.removeItem(name)), (count) => count > 0)
    })
  }

  stats(): MaybePromise<QueueStats> {
    return this.#operate((storage) => storage.settle(this.#stats()))
  }

  /**
   * Changes the definition, the name included; returns the items that no longer fit.
   *
   * @param watchers those who watch the queue of this name
   */
  redefine(definition: QueueDefinition, watchers: Watchers): DroppedItem[] {
    if (watchers !== this.#watchers) this.#watchers.changed()
    this.#watchers = watchers
    const items = this.#queue.redefine(definition)
    for (const { reason } of items) this.#counters.drop(reason)
    this.#watchers.changed()
    this.consumers.serve()
    return items
  }

  /** Has it kept by another storage from now on. What is out comes back, and goes along. */
  keepBy(storage: MaybePromise<Storage>): void {
    this.consumers.recall()
    this.#keeper.want(storage)
  }

  /**
   * Whether nothing of it waits to be read. There is nothing to read where no table can have its name, or another process
   * has its table.
   */
  get isReady(): boolean {
    const { state } = this.#keeper
    if (state.is === 'failed') return state.error.code !== 'MQ_UNAVAILABLE'
    return state.is === 'open' || state.is === 'closed'
  }

  /** Resolves with true once it is ready, and with false when it ends before that. */
  get ready(): Promise<boolean> {
    if (this.isReady) return Promise.resolve(!this.isClosed)
    return new Promise((resolve) => this.#awaiting.push(resolve))
  }

  /** Writes what must outlive the process. It never rejects. Returns how many items are lost. */
  stop(): Promise<number> {
    this.#settleReady(false)
    this.consumers.closed(() => this.#closed())
    this.consumers.recall()
    return this.#keeper.stop()
  }

  /** Ends the queue, and leaves what is stored where it is. It never rejects. */
  release(): MaybePromise<void> {
    this.#settleReady(false)
    this.consumers.forget()
    return this.#keeper.release()
  }

  /** Writes to a file, at once, what the next process could not find otherwise. Returns how many items are lost. */
  rescue(): number {
    this.consumers.closed(() => this.#closed())
    this.consumers.recall()
    return this.#keeper.rescue()
  }

  /**
   * Takes in an item that another queue has given up.
   *
   * @returns a promise, or nothing, that resolves when it is here
   * @throws MqueueError `MQ_INVALID_KEY` or `MQ_INVALID_VALUE` for what it can never keep; any other while it cannot be
   *   used
   */
  takeIn({ key, value }: QueuedItem, past: Past): MaybePromise<void> {
    const storage = this.#storage
    if (storage === undefined) throw this.#unusable()
    storage.check(key, value)
    const { dropped } = this.#queue.bury(key, value, past)
    const settled = storage.settle<void>(undefined)
    if (dropped !== undefined) this.#dropped(dropped, '')
    this.#watchers.changed()
    return settled
  }

  #stats(): QueueStats {
    const { size } = this.#queue
    const { leased, waiting, isPaused } = this.consumers
    const { fetched, acknowledged, gone } = this.#counters
    const oldest = this.#queue.peek()
    return {
      size,
      leased,
      waiting,
      paused: isPaused,
      oldest: oldest === undefined ? 0 : now() - oldest.added,
      added: gone + size + leased,
      fetched,
      acknowledged,
      dropped: { ...this.#counters.dropped },
    }
  }

  #seen(item: QueuedItem): SeenItem {
    const { id, key, value, added } = item
    const { attempts, origin } = this.#queue.pastOf(id)
    const whence = origin && { reason: origin.reason, from: origin.queue }
    return { id: nameOf(item), key, value, age: now() - added, attempt: attempts, ...whence }
  }

  #removed(storage: Storage, count: number): MaybePromise<number> {
    this.#watchers.changed()
    const stored = storage.settle(count)
    this.#counters.count(stored, (sign) => this.#counters.drop('removed', sign * count))
    return stored
  }

  /** The storage that has the queue, while it is open. */
  get #storage(): Storage | undefined {
    const { state } = this.#keeper
    return state.is === 'open' ? state.storage : undefined
  }

  #operate<T>(operation: (storage: Storage) => MaybePromise<T>): MaybePromise<T> {
    const { state } = this.#keeper
    return state.is !== 'open' || this.#late > 0
      ? this.#inTurn(operation)
      : operation(state.storage)
  }

  #settleReady(isReady: boolean): void {
    for (const resolve of this.#awaiting.splice(0)) resolve(isReady)
  }

  #stateChanged(): void {
    this.#watchers.changed()
    const { is } = this.#keeper.state
    if (this.isReady) this.#settleReady(is !== 'closed')
    if (is === 'open') this.consumers.opened()
    else if (is === 'failed') this.consumers.failed(() => this.#unusable())
    else if (is !== 'opening') this.consumers.closed(() => this.#unusable())
    else this.consumers.suspend()
  }

  /** Hands an item over to the dead letter queue. */
  #bury(item: QueuedItem, past: Past): MaybePromise<Burial> {
    const { deadLetter = '' } = this.definition
    const other = this.#around.queue(deadLetter)
    if (other === undefined) return this.#buryLater(`there is no queue ${quote(deadLetter)}`)
    let settled: MaybePromise<void>
    try {
      settled = other.takeIn(item, past)
    } catch (error) {
      if (!(error instanceof MqueueError)) throw error
      const isUnfit = error.code === 'MQ_INVALID_KEY' || error.code === 'MQ_INVALID_VALUE'
      return isUnfit ? 'never' : this.#buryLater(error.message)
    }
    this.#isBurialReported = false
    other.consumers.serve()
    const [here, there] = [this.#storage, other.#storage]
    if (here === undefined || there === undefined) return 'later'
    const ended = () => {
      this.#queue.ended(item)
      this.#counters.drop(past.origin?.reason as string)
      return 'done' as const
    }
    if (!(settled instanceof Promise)) return ended()
    if (!here.canTie(there)) return settled.then(ended, () => 'later' as const)
    // Both changes are made or neither is; a queue that has failed says so.
    settled.catch(() => {})
    ended()
    here.tie(there)
    return 'done'
  }

  /** Says once that what is given up waits for its dead letter queue. */
  #buryLater(reason: string): Burial {
    if (!this.#isBurialReported)
      this.#warn(`items that were given up wait for their dead letter queue: ${reason}`)
    this.#isBurialReported = true
    return 'later'
  }

  /** Tells of an item that was dropped without a message that caused it. */
  #dropped(item: DroppedItem, owner: string): void {
    this.#counters.drop(item.reason)
    this.listeners.tell(item, owner, (text) => this.#warn(text))
  }

  #warn(text: string): void {
    this.#around.report().warn(`Queue ${quote(this.definition.name)}: ${text}.`)
  }

  #add(storage: Storage, key: string, value: unknown): MaybePromise<AddResult> {
    storage.check(key, value)
    const result = this.#queue.add(key, value)
    this.#watchers.changed()
    const settled = storage.settle(result)
    if (result.dropped !== undefined) this.#countDropped(settled, result.dropped)
    this.consumers.serve()
    return settled
  }

  #fetch(storage: Storage, options?: FetchOptions): MaybePromise<FetchedItem | undefined> {
    if (options !== undefined) this.#inspect(options)
    const result = this.#queue.fetch()
    if (result !== undefined) this.#watchers.changed()
    const settled = storage.settle(result)
    if (settled instanceof Promise) return this.#fetched(settled, result, storage, options?.signal)
    if (result !== undefined) this.#counters.fetched++
    return settled
  }

  // These stand apart so that the way of most messages makes no closure.
  #addLater(key: string, value: unknown): MaybePromise<AddResult> {
    return this.#inTurn((storage) => this.#add(storage, key, value))
  }

  #fetchLater(options?: FetchOptions): MaybePromise<FetchedItem | undefined> {
    return this.#inTurn((storage) => this.#fetch(storage, options))
  }

  /**
   * Does an operation as soon as the queue is open. Operations are done, and answered, in the order in which they
   * were asked for. Those behind one that had to wait take the same way, until all of them are answered.
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
  #fetched(
    settled: Promise<FetchedItem | undefined>,
    result: FetchedItem | undefined,
    storage: Storage,
    signal: AbortSignal | undefined,
  ): Promise<FetchedItem | undefined> {
    const item = result && this.#queue.taken(result)
    const count = item === undefined ? 0 : 1
    this.#counters.count(settled, (sign) => {
      this.#counters.fetched += sign * count
    })
    return settled.then((answer) => {
      if (!signal?.aborted) return answer
      if (item !== undefined) this.#putBack(item, storage)
      throw asClosed(signal.reason)
    })
  }

  #countDropped(settled: MaybePromise<unknown>, { reason }: DroppedItem): void {
    this.#counters.count(settled, (sign) => this.#counters.drop(reason, sign))
  }

  /** Puts an item back whose asker has gone while its taking was stored. */
  #putBack(item: TakenItem, storage: Storage): void {
    this.#counters.fetched--
    // Also a queue that is closing, or going over to another storage, waits until all its operations are stored.
    if (!storage.isOpen) {
      storage.rescueItem(item)
      return
    }
    const dropped = this.#queue.putBack(item)
    this.#watchers.changed()
    const stored = storage.settle(undefined)
    if (stored instanceof Promise) stored.catch(() => storage.rescueItem(item))
    if (dropped !== undefined) this.#dropped(dropped, '')
    this.consumers.serve()
  }

  /** The error of an operation that meets the queue as it is. */
  #unusable(): MqueueError {
    const { name } = this.definition
    const { state } = this.#keeper
    if (state.is === 'failed') {
      const { code, message, field } = state.error
      return new MqueueError(code, message, { queue: name, field, cause: state.error })
    }
    return this.#closed()
  }

  #closed(): MqueueError {
    return stopping(this.definition.name)
  }
}
