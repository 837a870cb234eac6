import { isDeepStrictEqual } from 'node:util'
import type { QueueDefinition } from '../definition.ts'
import type {
  AddResult,
  DroppedItems,
  Engine,
  FetchedItem,
  FetchOptions,
  QueueStats,
  Supports,
  Taken,
  TakeOptions,
} from '../engine.ts'
import { MqueueError, quote, reasonOf } from '../errors.ts'
import { type Clock, SYSTEM_CLOCK } from '../local/clock.ts'
import { asClosed } from '../local/consumers.ts'
import { assertListed, closed, missing, stopping } from '../missing.ts'
import { type Report, SILENT } from '../report.ts'
import { supported } from '../supports.ts'
import type { TlsOptions } from '../tls-options.ts'
import { WatchedQueues } from '../watched-queues.ts'
import { parseRpcAddress, type RpcLocation } from './address.ts'
import { RpcClient } from './client.ts'
import { Keeping, type KeepingPlace } from './keeping.ts'
import { Poller } from './poller.ts'
import { KamailioQueue } from './queue.ts'
import { checkPoll } from './rpc-url.ts'
import { Server } from './server.ts'

const SUPPORTS: Supports = { add: false, leases: false, dbmodes: [0] }

/** Where a Kamailio is, how TLS is spoken with it, and how often it is looked at. */
export interface KamailioPlace extends RpcLocation, KeepingPlace {
  readonly tls?: TlsOptions | undefined
  /** The seconds between two looks, where somebody waits; blank is 1. */
  readonly poll?: unknown
}

/**
 * The queues of a running Kamailio, over its JSON-RPC. They are defined there; the definitions here name those that are
 * used. What can be done with them is what its RPC can do: count, and take for good.
 *
 * An operation fails with `MQ_UNAVAILABLE` while Kamailio cannot be used. That ends by itself. A fetch that fails so after
 * it was sent may have taken an item, which is lost then; that is reported, and counted.
 *
 * @example
 * const engine = new KamailioEngine({ rpcUrl: 'http://127.0.0.1:5060/RPC' }, console)
 * await engine.define([parseDefinition({ name: 'calls' })])
 * await engine.fetch('calls') // { key: 'alice', value: 'sip:alice@example.org', size: 0 }
 */
export class KamailioEngine implements Engine {
  readonly supports = SUPPORTS
  /** The queues that can be used, in the order of their definitions. */
  #queues = new Map<string, KamailioQueue>()
  /** Queues that are out of reach while there are bad definitions. */
  #hidden = new Map<string, KamailioQueue>()
  #errors: readonly MqueueError[] = []
  readonly #watched = new WatchedQueues((name) => this.#queues.has(name))
  readonly #clock: Clock
  readonly #server: Server
  readonly #poller: Poller
  #place: KamailioPlace
  /** The time between two looks, in ms. */
  #poll: number
  #report: Report
  /** The queues that Kamailio lacks, as far as that was reported. */
  readonly #lacking = new Set<string>()
  #state: 'new' | 'open' | 'saved' | 'closed' = 'new'
  readonly #keeping: Keeping

  /**
   * @param report is called with what people should know; by default nobody is
   * @param clock what waits go by
   * @throws MqueueError `MQ_INVALID_DEFINITION` for a bad address or poll
   */
  constructor(place: KamailioPlace, report: Report = SILENT, clock: Clock = SYSTEM_CLOCK) {
    const address = parseRpcAddress(place)
    this.#poll = 1_000 * checkPoll(place.poll)
    this.#place = place
    this.#report = report
    this.#clock = clock
    this.#keeping = new Keeping(place, () => this.#report)
    this.#server = new Server(address.shown, new RpcClient(address, place.tls), {
      report: () => this.#report,
      changed: (queue) => this.#changed(queue),
      looked: () => this.#looked(),
      away: (error) => this.#failAll(() => error),
      lost: (queue, reason) =>
        this.#queues.get(queue)?.losses.unanswered(queue, this.#server.shown, reason),
      isNeeded: () => this.#isNeeded(),
    })
    this.#poller = new Poller(
      this.#server,
      () => this.#queues.values(),
      () => this.#poll,
    )
  }

  /**
   * Goes on at another place, and reports elsewhere from now on. What was fetched and waits in this process stays.
   *
   * @throws MqueueError `MQ_INVALID_DEFINITION` for a bad address or poll; then it goes on as it was
   */
  relocate(place: KamailioPlace, report: Report): void {
    const address = parseRpcAddress(place)
    const poll = 1_000 * checkPoll(place.poll)
    this.#report = report
    this.#poll = poll
    if (!isDeepStrictEqual({ ...place, poll }, { ...this.#place, poll })) {
      this.#server.use(new RpcClient(address, place.tls), address.shown)
      this.#lacking.clear()
    }
    this.#place = place
  }

  async define(
    all: readonly QueueDefinition[],
    allErrors: readonly MqueueError[] = [],
  ): Promise<DroppedItems[]> {
    if (this.#state === 'closed') throw closed()
    const given = { definitions: [...all], errors: [...allErrors] }
    const { definitions, errors } = supported(given, this.supports)
    const before = new Map([...this.#hidden, ...this.#queues])
    this.#errors = errors
    this.#queues = new Map()
    for (const definition of definitions) {
      const queue = before.get(definition.name) ?? this.#make(definition)
      before.delete(definition.name)
      queue.definition = definition
      this.#queues.set(definition.name, queue)
    }
    for (const queue of this.#queues.values()) {
      const renamed = formerOf(queue.definition, before)
      if (renamed !== undefined) queue.adopt(renamed.giveAway())
    }
    for (const queue of before.values()) this.#leave(queue)
    this.#hidden = errors.length === 0 ? new Map() : before
    if (this.#state !== 'open') this.#keeping.read()
    this.#state = 'open'
    this.#keeping.handOver(this.#queues, errors.length === 0)
    // Whether or not it can be used now, the definitions are good.
    if (this.#queues.size > 0) await this.#server.look().catch(() => {})
    for (const name of this.#queues.keys()) this.#watched.changed(name)
    this.#poller.wake()
    return []
  }

  names(): readonly string[] {
    return [...this.#queues.keys()]
  }

  definition(queue: string): QueueDefinition {
    return this.#queue(queue).definition
  }

  async add(queue: string): Promise<AddResult> {
    this.#queue(queue)
    const advice = 'Add it in its script with mq_add'
    throw unsupported(queue, 'Kamailio has no RPC that adds an item', advice)
  }

  async fetch(queue: string, options?: FetchOptions): Promise<FetchedItem | undefined> {
    return this.#queue(queue).fetch(options)
  }

  async take(queue: string, options: TakeOptions = {}): Promise<Taken[]> {
    const { count = 1, isEager = false, wait: time = 0, lease, item, signal } = options
    const one = this.#queue(queue)
    if (lease !== undefined || item !== undefined) {
      const advice =
        'Take items for good: in mq-consume acknowledge them automatically, in mq-fetch set no lease'
      throw unsupported(queue, 'Kamailio has no RPC that leases an item', advice)
    }
    if (signal?.aborted) throw asClosed(signal.reason)
    const most = isEager ? 1 : count
    // Who waits for as long as it takes is content with the next look; others must not miss what is there.
    if (time !== Number.POSITIVE_INFINITY) {
      const items = await one.take(most, signal)
      if (items.length > 0 || time === 0) return items
      // Meanwhile the asker may have gone, and the queue may be another one, or closed.
      if (signal?.aborted) throw asClosed(signal.reason)
      if (this.#queue(queue) !== one) return this.take(queue, options)
    }
    this.#assertDue()
    if (this.#server.age < this.#poll) one.assertThere()
    const items = one.wait({ count: most, time, signal }, this.#clock)
    this.#poller.wake()
    return items
  }

  putBack(queue: string, items: readonly FetchedItem[]): void {
    const one = this.#queues.get(queue) ?? this.#hidden.get(queue)
    if (one !== undefined) one.putBack(items)
    else
      this.#report.warn(
        `Queue ${quote(queue)}: items came back too late and are lost: ${items.length}.`,
      )
  }

  async size(queue: string): Promise<number> {
    const one = this.#queue(queue)
    await this.#server.look()
    one.assertThere()
    return one.size
  }

  async sizes(): Promise<Map<string, number>> {
    if (this.#state === 'closed') throw closed()
    assertListed(this.#errors)
    await this.#server.look()
    const usable = [...this.#queues].filter(([name]) => !this.#server.lacks(name))
    return new Map(usable.map(([name, queue]) => [name, queue.size]))
  }

  async stats(queue: string): Promise<QueueStats> {
    await this.size(queue)
    return this.#queue(queue).stats
  }

  known(queue: string): number {
    const one = this.#queue(queue)
    const { failure } = this.#server
    if (failure !== undefined) throw failure
    one.assertThere()
    return one.size
  }

  /** The items that were fetched for somebody who has gone. */
  unstored(queue: string): number {
    return (this.#queues.get(queue) ?? this.#hidden.get(queue))?.kept ?? 0
  }

  loaded(): undefined {
    return undefined
  }

  watch(queue: string | undefined, listener: () => void): () => void {
    return this.#watched.watch(queue, listener)
  }

  /** Waits for what was asked already, and writes to a file what was fetched for nodes that have gone. */
  async save(): Promise<void> {
    this.#state = 'saved'
    this.#failAll((queue) => stopping(queue.name))
    await this.#server.settled()
    this.#write()
  }

  rescue(): void {
    this.#write()
  }

  async close(): Promise<void> {
    if (this.#state === 'closed') return
    this.#state = 'closed'
    const before = this.#kept
    this.#failAll(() => closed())
    this.#watched.clear()
    this.#server.close()
    await this.#server.settled()
    const late = this.#kept - before
    if (late > 0)
      this.#report.warn(`Items came when the queues were closed, and are lost: ${late}.`)
    this.#queues = new Map()
    this.#hidden = new Map()
  }

  #make(definition: QueueDefinition): KamailioQueue {
    return new KamailioQueue(definition, this.#server, {
      report: () => this.#report,
      lifetime: () => this.#poll,
      kept: (queue) => {
        this.#watched.changed(queue)
        this.#poller.wake()
      },
    })
  }

  /** Leaves a queue that is no longer defined. What Kamailio has of it stays there. */
  #leave(queue: KamailioQueue): void {
    queue.failAll(missing(queue.name, this.#errors))
    this.#lacking.delete(queue.name)
    this.#watched.changed(queue.name)
    this.#watched.forget(queue.name)
  }

  #changed(queue?: string): void {
    if (queue !== undefined) this.#watched.changed(queue)
    else for (const name of this.#queues.keys()) this.#watched.changed(name)
  }

  #looked(): void {
    for (const [name, queue] of this.#queues) this.#reportLacking(name, queue)
  }

  /** Reports once that Kamailio lacks a queue. */
  #reportLacking(name: string, queue: KamailioQueue): void {
    if (!this.#server.lacks(name)) {
      this.#lacking.delete(name)
      return
    }
    if (this.#lacking.has(name)) return
    this.#lacking.add(name)
    try {
      queue.assertThere()
    } catch (error) {
      this.#report.error(reasonOf(error))
    }
  }

  #failAll(error: (queue: KamailioQueue) => MqueueError): void {
    for (const queue of this.#queues.values()) queue.failAll(error(queue))
  }

  #isNeeded(): boolean {
    return [...this.#queues].some(
      ([name, { waiting }]) => waiting.size > 0 || this.#watched.isWatched(name),
    )
  }

  get #kept(): number {
    return this.#all.reduce((sum, queue) => sum + queue.kept, 0)
  }

  /** All queues, those out of reach included. */
  get #all(): KamailioQueue[] {
    return [...this.#queues.values(), ...this.#hidden.values()]
  }

  #write(): void {
    this.#keeping.write(this.#all, this.#server.shown)
  }

  #queue(name: string): KamailioQueue {
    if (this.#state === 'closed') throw closed()
    const queue = this.#queues.get(name)
    if (queue === undefined) throw missing(name, this.#errors)
    if (this.#state === 'saved') throw stopping(name)
    return queue
  }

  /** @throws MqueueError what is wrong with the server, until the next attempt */
  #assertDue(): void {
    const { failure, rest } = this.#server
    if (failure !== undefined && rest !== undefined) throw failure
  }
}

/** A queue that is no longer defined, whose definition had the same id: it was renamed. */
function formerOf(
  { id }: QueueDefinition,
  left: ReadonlyMap<string, KamailioQueue>,
): KamailioQueue | undefined {
  if (id === undefined) return undefined
  return [...left.values()].find(({ definition }) => definition.id === id)
}

function unsupported(queue: string, reason: string, advice: string): MqueueError {
  const text = `Queue ${quote(queue)}: ${reason}. ${advice}.`
  return new MqueueError('MQ_UNSUPPORTED', text, { queue })
}
