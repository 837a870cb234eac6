import type { StoreLocation } from '../address.ts'
import type { QueueDefinition } from '../definition.ts'
import type {
  AddResult,
  DroppedItem,
  DroppedItems,
  FetchedItem,
  FetchOptions,
  QueueStats,
  Supports,
  Taken,
  TakeOptions,
} from '../engine.ts'
import { MqueueError } from '../errors.ts'
import { formerNames } from '../former-names.ts'
import type { LeasingEngine, SeenItem } from '../leasing.ts'
import type { MaybePromise } from '../maybe-promise.ts'
import { assertListed, closed, missing } from '../missing.ts'
import { type Report, SILENT } from '../report.ts'
import { supported } from '../supports.ts'
import { WatchedQueues } from '../watched-queues.ts'
import { type Clock, SYSTEM_CLOCK } from './clock.ts'
import { LocalQueue } from './local-queue.ts'
import { onceRead } from './once-read.ts'
import { Storages } from './storages.ts'

const SUPPORTS: Supports = { add: true, leases: true, dbmodes: [0, 1, 2, 3, 4] }
const WITHOUT_DATABASE: Supports = { add: true, leases: true, dbmodes: [0] }

/**
 * Queues in this process's memory, which outlive it in a database, each as its dbmode says. A queue with dbmode 0
 * answers at once and never knows of the database; so do dbmode 1 to 3 once they are loaded. With dbmode 4
 * an operation is answered when it is committed.
 *
 * An operation on a queue with a dbmode fails with `MQ_UNAVAILABLE` while its database cannot be used, and with
 * `MQ_STORE_LOCKED` while another process has the queue. That ends by itself: the database is tried again and again.
 *
 * @example
 * const engine = new LocalEngine({ url: 'sqlite:queues.sqlite', directory: '.', id: 'calls' }, console)
 * await engine.define([parseDefinition({ name: 'calls', dbmode: 4 })])
 * await engine.add('calls', 'alice', { number: 1 })
 * await engine.fetch('calls') // { key: 'alice', value: { number: 1 }, size: 0 }
 * await engine.save()
 */
export class LocalEngine implements LeasingEngine {
  readonly supports: Supports
  /** The queues that can be used, in the order of their definitions. */
  #queues = new Map<string, LocalQueue>()
  /** The queue used last: operations come in runs on one queue, and this spares them the look-up. */
  #recent: LocalQueue | undefined
  #recentName = ''
  /** Queues with no good definition for the moment; their items wait for it. */
  #setAside = new Map<string, LocalQueue>()
  #errors: readonly MqueueError[] = []
  readonly #watched = new WatchedQueues(
    (name) => this.#queues.has(name) || this.#setAside.has(name),
  )
  #storages: Storages
  /** What each queue is kept by. */
  readonly #kept = new WeakMap<LocalQueue, Kept>()
  readonly #clock: Clock
  #report: Report
  #saving: Promise<void> | undefined
  #closed = false

  /**
   * @param location where the database and the files of this engine are; without it all queues have dbmode 0
   * @param report is called with what people should know; by default nobody is
   * @param clock what leases, waits and delays go by
   */
  constructor(location?: StoreLocation, report = SILENT, clock = SYSTEM_CLOCK) {
    this.#clock = clock
    this.supports = location === undefined ? WITHOUT_DATABASE : SUPPORTS
    this.#report = report
    this.#storages = new Storages(location ?? { directory: '.', id: '' }, () => this.#report)
  }

  /**
   * Uses another database, or another report, from the next `define` on. What is in memory stays, and what is
   * journaled moves along.
   */
  relocate(location: StoreLocation, report: Report = this.#report): void {
    this.#report = report
    if (!this.#storages.isAt(location)) this.#storages = new Storages(location, () => this.#report)
  }

  define(
    all: readonly QueueDefinition[],
    allErrors: readonly MqueueError[] = [],
  ): MaybePromise<DroppedItems[]> {
    this.#assertOpen()
    if (this.#saving !== undefined) {
      const defineThen = () => this.define(all, allErrors)
      return this.#saving.then(defineThen, defineThen)
    }
    const { definitions, errors } = supported(
      { definitions: [...all], errors: [...allErrors] },
      this.supports,
    )
    const before = new Map([...this.#setAside, ...this.#queues])
    const dropped: DroppedItems[] = []
    this.#queues = new Map()
    this.#recent = undefined
    const formers = formerNames(
      [...before.values()].map(({ definition }) => definition),
      definitions,
    )
    for (const definition of definitions) {
      const { name } = definition
      const former = formers.get(name)
      const living = former === undefined ? undefined : before.get(former)
      const queue = living ?? this.#newQueue(definition)
      this.#queues.set(name, queue)
      const items = queue.redefine(definition, this.#watched.of(name))
      if (former !== undefined) {
        before.delete(former)
        if (former !== name) this.#watched.forget(former)
      }
      if (items.length > 0) dropped.push({ queue: name, items })
    }
    this.#setAside = errors.length > 0 ? before : new Map()
    this.#errors = errors
    for (const [name, queue] of before) {
      if (errors.length === 0) queue.release()
      this.#watched.changed(name)
      this.#watched.forget(name)
    }
    // A queue that is left makes room for others in its table, so all of the above comes first.
    const unread = this.#unread()
    for (const queue of this.#queues.values()) this.#keep(queue, unread)
    const opening = [...this.#queues.values()].flatMap((queue) => queue.opening ?? [])
    return opening.length === 0 ? dropped : Promise.all(opening).then(() => dropped)
  }

  names(): readonly string[] {
    return [...this.#queues.keys()]
  }

  definition(queue: string): QueueDefinition {
    return this.#queue(queue).definition
  }

  add(queue: string, key: string, value: unknown): MaybePromise<AddResult> {
    return this.#queue(queue).add(key, value)
  }

  fetch(queue: string, options?: FetchOptions): MaybePromise<FetchedItem | undefined> {
    return this.#queue(queue).fetch(options)
  }

  take(queue: string, options: TakeOptions = {}): MaybePromise<Taken[]> {
    return this.#queue(queue).consumers.take(options)
  }

  acknowledge(queue: string, leases: readonly string[]): MaybePromise<boolean[]> {
    return this.#queue(queue).consumers.acknowledge(leases)
  }

  retry(queue: string, leases: readonly string[], delay?: number): MaybePromise<boolean[]> {
    return this.#queue(queue).consumers.end(leases, { how: 'retry', delay })
  }

  reject(queue: string, leases: readonly string[]): MaybePromise<boolean[]> {
    return this.#queue(queue).consumers.end(leases, { how: 'reject' })
  }

  release(queue: string, leases: readonly string[]): MaybePromise<boolean[]> {
    return this.#queue(queue).consumers.end(leases, { how: 'release' })
  }

  extend(queue: string, leases: readonly string[], length: number): MaybePromise<boolean[]> {
    return this.#queue(queue).consumers.extend(leases, length)
  }

  holds(queue: string, lease: string): boolean {
    return this.#queues.get(queue)?.consumers.holds(lease) ?? false
  }

  leased(queue: string, owner?: string): number {
    const { consumers } = this.#queue(queue)
    return owner === undefined ? consumers.leased : consumers.leasedTo(owner)
  }

  releaseAll(owner?: string): void {
    for (const queue of [...this.#queues.values(), ...this.#setAside.values()]) {
      queue.consumers.releaseAll(owner)
    }
  }

  peek(queue: string, count: number, from = 0): MaybePromise<SeenItem[]> {
    return this.#queue(queue).peek(count, from)
  }

  find(queue: string, id: string): MaybePromise<SeenItem | undefined> {
    return this.#queue(queue).find(id)
  }

  remove(queue: string, key: string): MaybePromise<number> {
    return this.#queue(queue).remove(key)
  }

  removeItem(queue: string, id: string): MaybePromise<boolean> {
    return this.#queue(queue).removeItem(id)
  }

  clear(queue: string): MaybePromise<number> {
    return this.#queue(queue).remove()
  }

  pause(queue: string): void {
    this.#queue(queue).consumers.pause(true)
  }

  resume(queue: string): void {
    this.#queue(queue).consumers.pause(false)
  }

  isPaused(queue: string): boolean {
    return this.#queue(queue).consumers.isPaused
  }

  stats(queue: string): MaybePromise<QueueStats> {
    return this.#queue(queue).stats()
  }

  onDropped(queue: string, owner: string, listener: (item: DroppedItem) => void): () => void {
    return this.#queue(queue).listeners.add(owner, listener)
  }

  size(queue: string): MaybePromise<number> {
    return this.#queue(queue).size()
  }

  sizes(): MaybePromise<Map<string, number>> {
    this.#assertOpen()
    assertListed(this.#errors)
    const sizes = new Map<string, number>()
    const waiting: Promise<unknown>[] = []
    for (const [name, queue] of this.#queues) {
      const size = ifUsable(() => queue.size())
      if (size instanceof Promise) {
        // Its place in the order is kept until its size is known.
        sizes.set(name, 0)
        const known = (one: number) => sizes.set(name, one)
        waiting.push(size.then(known, () => sizes.delete(name)))
      } else if (size !== undefined) sizes.set(name, size)
    }
    return waiting.length === 0 ? sizes : Promise.all(waiting).then(() => sizes)
  }

  known(queue: string): number {
    return this.#queue(queue).known
  }

  overflowed(queue: string): number {
    return this.#queues.get(queue)?.overflowed ?? 0
  }

  unstored(queue: string): number {
    return (this.#queues.get(queue) ?? this.#setAside.get(queue))?.unstored ?? 0
  }

  loaded(queue: string): number | undefined {
    return this.#queues.get(queue)?.loaded
  }

  watch(queue: string | undefined, listener: () => void): () => void {
    return this.#watched.watch(queue, listener)
  }

  save(): Promise<void> {
    this.#saving ??= this.#saveAll().finally(() => {
      this.#saving = undefined
    })
    return this.#saving
  }

  rescue(): void {
    const queues = [...this.#queues.values(), ...this.#setAside.values()]
    assertNoneLost(queues.map((queue) => queue.rescue()))
  }

  close(): MaybePromise<void> {
    this.#closed = true
    const queues = [...this.#queues.values(), ...this.#setAside.values()]
    this.#queues = new Map()
    this.#recent = undefined
    this.#setAside = new Map()
    this.#watched.clear()
    const waiting = queues.map((queue) => queue.release()).filter((one) => one instanceof Promise)
    if (waiting.length > 0) return Promise.all(waiting).then(() => {})
  }

  async #saveAll(): Promise<void> {
    const queues = [...this.#queues.values(), ...this.#setAside.values()]
    assertNoneLost(await Promise.all(queues.map((queue) => queue.stop())))
  }

  #newQueue(definition: QueueDefinition): LocalQueue {
    return new LocalQueue(definition, this.#watched.of(definition.name), {
      clock: this.#clock,
      report: () => this.#report,
      queue: (name) => this.#queues.get(name),
    })
  }

  /** The queues that cannot be read at the moment, by the names that they are stored under. */
  #unread(): ReadonlyMap<string, LocalQueue> {
    const unread = [...this.#queues.values()].flatMap((queue) => {
      const kept = this.#kept.get(queue)
      return kept === undefined || queue.isReady ? [] : [[kept.at, queue] as const]
    })
    return new Map(unread)
  }

  /** Stores a queue as its definition and the location say. */
  #keep(queue: LocalQueue, unread: ReadonlyMap<string, LocalQueue>): void {
    const { name, dbmode } = queue.definition
    const storages = this.#storages
    const before = this.#kept.get(queue)
    const isSame = before?.name === name && before.storages === storages
    const isKept = before?.dbmode === dbmode && (isSame || Storages.keepsNothing(dbmode))
    if (isKept && !queue.isClosed) return
    const from = before?.at ?? name
    const kept = { name, dbmode, storages, at: from }
    this.#kept.set(queue, kept)
    const make = () => {
      kept.at = name
      return storages.storageFor(dbmode, name)
    }
    // One that stays where it is waits for nobody.
    const places = new Set(from === name ? [name] : [from, name])
    const there = [...places].flatMap((place) => unread.get(place) ?? [])
    const awaited = from === name ? there.filter((one) => one !== queue) : there
    if (awaited.length === 0) queue.keepBy(make())
    else queue.keepBy(onceRead({ queue, from, awaited }, () => this.#report, make))
  }

  #queue(name: string): LocalQueue {
    if (this.#recent !== undefined && this.#recentName === name) return this.#recent
    const queue = this.#queues.get(name)
    if (queue === undefined) throw this.#missing(name)
    this.#recent = queue
    this.#recentName = name
    return queue
  }

  #missing(name: string): MqueueError {
    return this.#closed ? closed() : missing(name, this.#errors)
  }

  #assertOpen(): void {
    if (this.#closed) throw closed()
  }
}

/** What a queue is stored by. */
interface Kept {
  readonly name: string
  readonly dbmode: number
  readonly storages: Storages
  /** The name that it is stored under, which may still be the one before. */
  at: string
}

/** @throws MqueueError `MQ_UNAVAILABLE` with the number of items that are lost, when there are any */
function assertNoneLost(counts: readonly number[]): void {
  const lost = counts.reduce((sum, count) => sum + count, 0)
  if (lost === 0) return
  const text = `Items are lost, because they could not be written anywhere: ${lost}.`
  throw new MqueueError('MQ_UNAVAILABLE', `${text} The log has the reason for each queue.`)
}

/** The result of an operation; undefined when it throws, since the queue cannot be used now. */
function ifUsable<T>(operate: () => T): T | undefined {
  try {
    return operate()
  } catch (error) {
    if (error instanceof MqueueError) return undefined
    throw error
  }
}
