import { isDeepStrictEqual } from 'node:util'
import type { QueueDefinition } from '../definition.ts'
import type {
  AddResult,
  Caution,
  DroppedItem,
  DroppedItems,
  FetchedItem,
  FetchOptions,
  QueueStats,
  Supports,
  Taken,
  TakeOptions,
} from '../engine.ts'
import type { MqueueError } from '../errors.ts'
import type { LeasingEngine, SeenItem } from '../leasing.ts'
import { type Clock, SYSTEM_CLOCK } from '../local/clock.ts'
import { assertListed, closed, missing, stopping } from '../missing.ts'
import { type Report, SILENT } from '../report.ts'
import { supported } from '../supports.ts'
import type { TlsOptions } from '../tls-options.ts'
import { WatchedQueues } from '../watched-queues.ts'
import { parseRedisAddress, type RedisLocation } from './address.ts'
import { Beat } from './beat.ts'
import { Caller } from './caller.ts'
import { cellOf, Stamps } from './cells.ts'
import { Definer } from './definer.ts'
import { Link } from './link.ts'
import { RedisQueue } from './queue.ts'
import type { SharedQueue } from './shared-queue.ts'

const SUPPORTS: Supports = { add: true, leases: true, dbmodes: [0] }
/** How long an orderly end waits for what was asked for before, in ms. */
const LONGEST_END = 5_000

/** Where a Redis is, and how TLS is spoken with it. */
export interface RedisPlace extends RedisLocation {
  readonly tls?: TlsOptions | undefined
}

/**
 * Queues in Redis or Valkey, which any number of processes share. Each item goes to one of them, and each operation that
 * was answered has been done once, also where the connection was cut between the request and its reply.
 *
 * An operation fails with `MQ_UNAVAILABLE` while the server cannot be used. That ends by itself: it is tried again and
 * again. One that fails so after it was sent may have been done.
 *
 * @example
 * const engine = new RedisEngine({ redisUrl: 'redis://127.0.0.1:6379/0' }, console)
 * await engine.define([parseDefinition({ name: 'calls' })])
 * await engine.add('calls', 'alice', { number: 1 })
 * await engine.fetch('calls') // { key: 'alice', value: { number: 1 }, size: 0 }
 */
export class RedisEngine implements LeasingEngine {
  readonly supports = SUPPORTS
  /** The queues that can be used, in the order of their definitions. */
  #queues = new Map<string, RedisQueue>()
  /** Queues that are known without a definition: dead letter queues of others, and those that were just left. */
  readonly #others = new Map<string, RedisQueue>()
  #errors: readonly MqueueError[] = []
  readonly #watched = new WatchedQueues((name) => this.#queues.has(name) || this.#others.has(name))
  readonly #clock: Clock
  readonly #place: RedisPlace
  #report: Report
  readonly #prefix: string
  readonly #caller: Caller
  readonly #link: Link
  readonly #definer: Definer
  readonly #beat: Beat
  readonly #stamps = new Stamps()
  #numbers = 1
  #closed = false

  /**
   * @param report is called with what people should know; by default nobody is
   * @param clock what waits go by, and until when a lease is thought to hold; leases themselves go by the server's time
   * @param time returns the time in ms by which leases and delays go; by default that is the server's
   * @throws MqueueError `MQ_INVALID_DEFINITION` for an address that is none
   */
  constructor(
    place: RedisPlace,
    report: Report = SILENT,
    clock: Clock = SYSTEM_CLOCK,
    time?: () => number,
  ) {
    const address = parseRedisAddress(place)
    this.#place = place
    this.#clock = clock
    this.#report = report
    this.#prefix = address.prefix
    this.#link = new Link(address, place.tls, () => this.#report, {
      up: async (connection) => {
        const channel = `{${this.#prefix}}:wake:${this.#caller.client}`
        await connection.subscribe(channel, (name) => this.#queues.get(name)?.takers.woken())
        setImmediate(() => this.#isUp())
      },
      down: (error) => this.#isDown(error),
    })
    this.#caller = new Caller(this.#link, this.#prefix, time, {
      queue: (name) => this.#known(name).shared,
      define: (queues) => this.#definer.groups(queues),
      changed: (queues) => this.#changed(queues),
      lost: (losses) => {
        for (const loss of losses) this.#known(loss.queue.name).dropped(loss)
      },
    })
    this.#definer = new Definer(
      this.#caller,
      () => this.#report,
      (queue) => this.#changed([queue]),
    )
    this.#beat = new Beat(() => this.#look())
  }

  /**
   * Reports elsewhere from now on.
   *
   * @returns whether this engine is at that place; where not, it goes on as it was
   */
  relocate(place: RedisPlace, report: Report): boolean {
    if (!isDeepStrictEqual(place, this.#place)) return false
    this.#report = report
    return true
  }

  async define(
    all: readonly QueueDefinition[],
    allErrors: readonly MqueueError[] = [],
  ): Promise<DroppedItems[]> {
    this.#assertOpen()
    const given = { definitions: [...all], errors: [...allErrors] }
    const { definitions, errors } = supported(given, this.supports)
    const before = this.#queues
    this.#errors = errors
    this.#queues = new Map()
    for (const definition of definitions) {
      const { name } = definition
      const queue = this.#known(name, before)
      queue.shared.mine = definition
      this.#others.delete(name)
      before.delete(name)
      this.#queues.set(name, queue)
    }
    for (const queue of before.values()) this.#leave(queue)
    this.#link.open()
    this.#beat.start()
    const shared = [...this.#queues.values()].map((queue) => queue.shared)
    const dropped = await this.#definer.define(shared)
    for (const name of this.#queues.keys()) this.#watched.changed(name)
    return dropped
  }

  names(): readonly string[] {
    return [...this.#queues.keys()]
  }

  definition(queue: string): QueueDefinition {
    return this.#queue(queue).shared.definition
  }

  add(queue: string, key: string, value: unknown): Promise<AddResult> {
    return this.#try(queue, (one) => one.add(key, value))
  }

  fetch(queue: string, options?: FetchOptions): Promise<FetchedItem | undefined> {
    return this.#try(queue, (one) => one.fetch(options))
  }

  take(queue: string, options: TakeOptions = {}): Promise<Taken[]> {
    return this.#try(queue, (one) => one.take(options))
  }

  acknowledge(queue: string, leases: readonly string[]): Promise<boolean[]> {
    return this.#try(queue, (one) => one.end('K', [], leases))
  }

  retry(queue: string, leases: readonly string[], delay?: number): Promise<boolean[]> {
    return this.#try(queue, (one) => one.retry(leases, delay))
  }

  reject(queue: string, leases: readonly string[]): Promise<boolean[]> {
    return this.#try(queue, (one) => one.end('N', ['reject', ''], leases))
  }

  release(queue: string, leases: readonly string[]): Promise<boolean[]> {
    return this.#try(queue, (one) => one.end('N', ['release', ''], leases))
  }

  extend(queue: string, leases: readonly string[], length: number): Promise<boolean[]> {
    return this.#try(queue, (one) => one.extend(leases, length))
  }

  holds(queue: string, lease: string): boolean {
    return this.#queues.get(queue)?.holds(lease) ?? false
  }

  leased(queue: string, owner?: string): number {
    const { shared } = this.#queue(queue)
    return owner === undefined ? shared.leased : shared.held.countOf(owner)
  }

  releaseAll(owner?: string): void {
    for (const queue of [...this.#queues.values(), ...this.#others.values()])
      queue.releaseAll(owner)
  }

  peek(queue: string, count: number, from = 0): Promise<SeenItem[]> {
    return this.#try(queue, (one) => one.peek(count, from))
  }

  find(queue: string, id: string): Promise<SeenItem | undefined> {
    return this.#try(queue, (one) => one.find(id))
  }

  removeItem(queue: string, id: string): Promise<boolean> {
    return this.#try(queue, (one) => one.removeItem(id))
  }

  remove(queue: string, key: string): Promise<number> {
    return this.#try(queue, (one) => one.remove(key))
  }

  clear(queue: string): Promise<number> {
    return this.#try(queue, (one) => one.remove())
  }

  pause(queue: string): Promise<void> {
    return this.#try(queue, (one) => one.pause(true))
  }

  resume(queue: string): Promise<void> {
    return this.#try(queue, (one) => one.pause(false))
  }

  isPaused(queue: string): boolean {
    return this.#queue(queue).shared.isPaused
  }

  stats(queue: string): Promise<QueueStats> {
    return this.#try(queue, (one) => one.stats())
  }

  onDropped(queue: string, owner: string, listener: (item: DroppedItem) => void): () => void {
    return this.#queue(queue).listeners.add(owner, listener)
  }

  size(queue: string): Promise<number> {
    return this.#try(queue, async (one) => (await one.ask('S')) as number)
  }

  async sizes(): Promise<Map<string, number>> {
    this.#assertOpen()
    assertListed(this.#errors)
    const asked = [...this.#queues].map(async ([name]) => [name, await this.size(name)] as const)
    const answers = await Promise.allSettled(asked)
    return new Map(answers.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : [])))
  }

  overflowed(queue: string): number {
    return this.#queues.get(queue)?.shared.overflowed ?? 0
  }

  known(queue: string): number {
    const { shared } = this.#queue(queue)
    const { failure } = this.#link
    if (failure !== undefined) throw failure
    return shared.size
  }

  unstored(): number {
    return 0
  }

  loaded(): undefined {
    return undefined
  }

  /** What people should know of a queue that can be used. */
  caution(queue: string): Caution | undefined {
    if (this.#queues.get(queue)?.shared.isElsewhere) return 'defined elsewhere'
    return this.#link.mayEvict ? 'may evict' : undefined
  }

  watch(queue: string | undefined, listener: () => void): () => void {
    return this.#watched.watch(queue, listener)
  }

  /** Returns what this process has on lease, and ends the connection. */
  async save(): Promise<void> {
    for (const queue of this.#queues.values()) queue.close(stopping(queue.name))
    this.releaseAll()
    await this.#leaveServer()
  }

  /** There is nothing to rescue: it is all in Redis. */
  rescue(): void {}

  async close(): Promise<void> {
    if (this.#closed) return
    for (const queue of this.#queues.values()) queue.close(closed())
    this.releaseAll()
    this.#closed = true
    this.#watched.clear()
    await this.#leaveServer()
    this.#queues = new Map()
  }

  /** Leaves a queue that is no longer defined. What is in it stays in Redis, and what was leased goes back there. */
  #leave(queue: RedisQueue): void {
    queue.close(missing(queue.name, []))
    queue.releaseAll()
    queue.shared.mine = undefined
    this.#others.set(queue.name, queue)
    this.#watched.changed(queue.name)
    this.#watched.forget(queue.name)
  }

  async #leaveServer(): Promise<void> {
    this.#beat.stop()
    const [any] = this.#queues.values()
    if (this.#link.isOpen && this.#link.failure === undefined && any !== undefined) {
      any.ask('Q').catch(() => {})
      const end = new Promise((resolve) => setTimeout(resolve, LONGEST_END).unref())
      await Promise.race([this.#caller.settled(), end])
    }
    this.#link.close()
    this.#caller.failPending(closed())
  }

  #isUp(): void {
    this.#caller.resume()
    for (const queue of this.#queues.values()) queue.takers.look()
    this.#changed([...this.#queues.values()].map(({ shared }) => shared))
  }

  #isDown(error: MqueueError): void {
    this.#caller.failPending(error)
    for (const queue of this.#queues.values()) queue.takers.failAll(error)
    this.#changed([...this.#queues.values()].map(({ shared }) => shared))
  }

  /** Looks at what is waited for and shown, since others may have changed it. */
  #look(): void {
    if (this.#link.failure !== undefined) return
    for (const [name, queue] of this.#queues) {
      if (queue.takers.waiting > 0) queue.takers.look()
      // Who has leases must report regularly, also where those who wait have no room for more.
      if (queue.shared.held.size > 0 || this.#watched.isWatched(name)) {
        queue.ask('S').catch(() => {})
      }
    }
  }

  #changed(queues: readonly SharedQueue[]): void {
    for (const { name } of queues) this.#watched.changed(name)
  }

  /** Does an operation; what it throws at once is a rejection as well. */
  #try<T>(name: string, operate: (queue: RedisQueue) => Promise<T>): Promise<T> {
    try {
      return operate(this.#queue(name))
    } catch (error) {
      return Promise.reject(error)
    }
  }

  #queue(name: string): RedisQueue {
    if (this.#closed) throw closed()
    const queue = this.#queues.get(name)
    if (queue === undefined) throw missing(name, this.#errors)
    if (!this.#link.isOpen) throw stopping(name)
    return queue
  }

  /** A queue of this name, whether or not it is defined. */
  #known(name: string, before = this.#queues): RedisQueue {
    const known = this.#queues.get(name) ?? before.get(name) ?? this.#others.get(name)
    if (known !== undefined) return known
    const queue = new RedisQueue(this.#prefix, name, {
      caller: this.#caller,
      clock: this.#clock,
      watchers: this.#watched.of(name),
      report: () => this.#report,
      cell: (key, value) => cellOf(this.#stamps.next(this.#caller.now), key, value),
      numbers: (count) => {
        this.#numbers += count
        return this.#numbers - count
      },
    })
    this.#others.set(name, queue)
    return queue
  }

  #assertOpen(): void {
    if (this.#closed) throw closed()
  }
}
