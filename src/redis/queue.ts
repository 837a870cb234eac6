import type {
  AddResult,
  DroppedItem,
  FetchedItem,
  FetchOptions,
  Item,
  QueueStats,
  Taken,
  TakeOptions,
} from '../engine.ts'
import { MqueueError, quote, reasonOf } from '../errors.ts'
import type { SeenItem } from '../leasing.ts'
import type { Clock } from '../local/clock.ts'
import { asClosed } from '../local/consumers.ts'
import { DroppedListeners } from '../local/dropped-listeners.ts'
import type { Watchers } from '../local/watchers.ts'
import type { Report } from '../report.ts'
import { AddGroup } from './add-group.ts'
import type { Loss } from './call.ts'
import type { Caller } from './caller.ts'
import { type Cell, cameAt, nameOf, partsOf, readCell, writeKey } from './cells.ts'
import { FetchGroup } from './fetch-group.ts'
import { LeasesGroup, MOST_OPERATIONS, type Reply, SingleGroup } from './groups.ts'
import { SharedQueue } from './shared-queue.ts'
import { leaseId } from './take-group.ts'
import { Takers } from './takers.ts'

/** How long an item is leased while it is looked at before it is fetched, in ms. */
const LOOK = 30_000
/**
 * The most characters of a value, and about the most that are looked at together: a server takes 512 MB, and does nothing
 * else meanwhile.
 */
const LONGEST_VALUE = 64_000_000

/** What a queue needs of its engine. */
export interface RedisSurroundings {
  readonly caller: Caller
  readonly clock: Clock
  readonly watchers: Watchers
  report(): Report
  /** Writes an item for Redis. */
  cell(key: string, value: unknown): Cell
  /** The numbers of so many leases; returns the first. */
  numbers(count: number): number
}

/** One queue in Redis: every operation on it stands here once. */
export class RedisQueue {
  readonly shared: SharedQueue
  readonly listeners = new DroppedListeners()
  readonly takers: Takers
  readonly #around: RedisSurroundings
  /** Ends what looks at the leases of this process when the next one ends. */
  #disarm = () => {}
  #armedAt = Number.POSITIVE_INFINITY

  constructor(prefix: string, name: string, around: RedisSurroundings) {
    this.shared = new SharedQueue(prefix, name)
    this.#around = around
    this.takers = new Takers(this.shared, around.caller, around.clock, {
      numbers: around.numbers,
      unreadable: (error) => around.report().error(reasonOf(error)),
      leased: () => {
        this.#arm()
        around.watchers.changed()
      },
    })
  }

  get name(): string {
    return this.shared.name
  }

  add(key: string, value: unknown): Promise<AddResult> {
    const { caller } = this.#around
    caller.assertReady()
    const cell = this.#around.cell(key, value)
    if (cell.value.length > LONGEST_VALUE) {
      const what = 'the value is longer than 64 million characters, too long for Redis'
      const text = `Queue ${quote(this.name)}: ${what}. Store it elsewhere, and queue its address.`
      throw new MqueueError('MQ_INVALID_VALUE', text, { queue: this.name })
    }
    return this.#open(AddGroup, cell.value.length).add(cell, [key, value])
  }

  fetch({ signal, inspect }: FetchOptions = {}): Promise<FetchedItem | undefined> {
    this.#around.caller.assertReady()
    if (signal?.aborted) throw asClosed(signal.reason)
    if (inspect !== undefined) return this.#inspect(inspect, signal)
    return this.#open(FetchGroup, 0).add(signal)
  }

  take(options: TakeOptions): Promise<Taken[]> {
    this.#around.caller.assertReady()
    const { signal } = options
    if (signal?.aborted) throw asClosed(signal.reason)
    return this.takers.take(options)
  }

  /** Ends leases: their items are done, K, or not, N, with how and the delay in ms. */
  async end(
    operation: 'K' | 'N',
    parameters: readonly string[],
    leases: readonly string[],
  ): Promise<boolean[]> {
    this.#around.caller.assertReady()
    const held = await this.#ended(operation, parameters, leases)
    for (const lease of leases) this.shared.held.end(this.#numberOf(lease))
    this.#freed()
    return held
  }

  /** Sends items back for their next attempt, after a delay in ms; by default as the definition says. */
  async retry(leases: readonly string[], delay?: number): Promise<boolean[]> {
    const held = await this.end('N', ['retry', String(delay ?? '')], leases)
    const sentBack = leases.filter((_, index) => held[index])
    this.#noteDelayed(sentBack, delay ?? 0)
    return held
  }

  /** Has leases last for a time from now on, in ms. */
  async extend(leases: readonly string[], length: number): Promise<boolean[]> {
    const { caller, clock } = this.#around
    caller.assertReady()
    const held = await this.#ended('X', [String(length)], leases)
    for (const [index, lease] of leases.entries()) {
      const ended = this.shared.held.end(this.#numberOf(lease))
      if (ended === undefined || !held[index]) continue
      const { number, owner, isFetch } = ended
      this.shared.held.begin(number, ended, ended, owner, clock.now(), length, isFetch)
    }
    this.#arm()
    this.#freed()
    return held
  }

  holds(lease: string): boolean {
    return this.shared.held.has(this.#numberOf(lease))
  }

  /** Releases all leases of this process, or those of one owner; without one, also what waits for its next attempt. */
  releaseAll(owner?: string): void {
    const { client } = this.#around.caller
    const leases = this.shared.held
      .endAll(owner)
      .map(({ number, isFetch }) => leaseId(client, number, isFetch ? 'f' : 'c'))
    if (owner === undefined) {
      for (const lease of this.shared.delayed.keys()) leases.push(`~${lease}`)
      this.shared.delayed.clear()
    }
    if (leases.length === 0) return
    // What cannot be released now comes back when its time is over.
    this.#ended('N', ['release', ''], leases).catch(() => {})
    this.#around.watchers.changed()
  }

  async peek(count: number, from: number): Promise<SeenItem[]> {
    const cells: string[] = []
    let length = 0
    do {
      const asked = [String(from + cells.length), String(count - cells.length)]
      const some = (await this.ask('P', asked)) as string[]
      cells.push(...some)
      for (const cell of some) length += cell.length
      if (some.length === 0 || length > LONGEST_VALUE) break
    } while (cells.length < Math.min(count, this.shared.size - from))
    return cells.map((cell, index) => this.#seen(from + index, cell))
  }

  /** The item of a name, where it waits. */
  async find(name: string): Promise<SeenItem | undefined> {
    const [place, cell] = (await this.ask('V', partsOf(name))) as [number?, string?]
    return place === undefined || cell === undefined ? undefined : this.#seen(place, cell)
  }

  /** Removes the item of a name, where it waits; returns whether it did. */
  async removeItem(name: string): Promise<boolean> {
    return (await this.ask('O', partsOf(name))) === 1
  }

  async remove(key?: string): Promise<number> {
    const removed = key === undefined ? this.ask('C') : this.ask('M', [writeKey(key)])
    return (await removed) as number
  }

  async pause(isPaused: boolean): Promise<void> {
    await this.ask('Z', [isPaused ? '1' : '0'])
  }

  async stats(): Promise<QueueStats> {
    const [others, oldest, ...pairs] = (await this.ask('I')) as [number, string, ...string[]]
    const dropped: Record<string, number> = {}
    let [fetched, acknowledged, gone] = [0, 0, 0]
    for (let at = 0; at < pairs.length; at += 2) {
      const [what, count] = [pairs[at] as string, Number(pairs[at + 1])]
      gone += count
      if (what === 'fetched') fetched += count
      else if (what === 'acknowledged') acknowledged += count
      else if (count !== 0) dropped[what] = (dropped[what] ?? 0) + count
    }
    const { size, leased, isPaused } = this.shared
    return {
      size,
      leased,
      waiting: others + this.takers.waiting,
      paused: isPaused,
      oldest: oldest === '' ? 0 : this.#age(cameAt(oldest)),
      added: gone + size + leased,
      fetched,
      acknowledged,
      dropped,
    }
  }

  /** Tells of an item that went without a message that caused it. */
  dropped({ reason, lease, cell }: Loss): void {
    const owner = this.shared.held.end(this.#numberOf(lease))?.owner ?? ''
    if (reason === 'overflow') this.shared.overflowed++
    try {
      const { key, value } = readCell(this.name, cell)
      const item: DroppedItem = { key, value, reason: reason as DroppedItem['reason'] }
      this.listeners.tell(item, owner, (text) => this.#warn(text))
    } catch (cause) {
      this.#warn(`an item that was dropped (${reason}) cannot be reported: ${reasonOf(cause)}`)
    }
  }

  /** Asks for any other operation. It does not throw: it may be called by a timer. */
  async ask(operation: string, parameters: readonly string[] = []): Promise<Reply> {
    const { caller } = this.#around
    caller.assertReady()
    return new Promise((resolve, reject) => {
      caller.grew(1, 0)
      caller.ask(new SingleGroup(this.shared, operation, parameters, { resolve, reject }))
    })
  }

  /** Nobody uses it any more. */
  close(error: MqueueError): void {
    this.takers.failAll(error)
    this.#disarm()
    this.#armedAt = Number.POSITIVE_INFINITY
  }

  /** Looks at the oldest item before it is fetched: it is leased meanwhile, so that nobody else has it. */
  async #inspect(
    inspect: (item: Item) => void,
    signal: AbortSignal | undefined,
  ): Promise<FetchedItem | undefined> {
    const asFetch = { lease: LOOK, asFetch: true }
    const [taken] = await this.takers.take(signal === undefined ? asFetch : { ...asFetch, signal })
    if (taken === undefined) return undefined
    const { key, value, size, reason, from, lease = '' } = taken
    try {
      inspect({ key, value })
    } catch (error) {
      await this.end('N', ['release', ''], [lease])
      throw error
    }
    await this.end('K', [], [lease])
    return reason === undefined ? { key, value, size } : { key, value, size, reason, from }
  }

  /** The group that was asked for last, where more can be put into it, or a new one. */
  #open<G extends AddGroup | FetchGroup>(Kind: new (queue: SharedQueue) => G, length: number): G {
    const { caller } = this.#around
    const { newest } = caller
    caller.grew(1, length)
    if (newest instanceof Kind && newest.queue === this.shared && newest.hasRoom) return newest
    const group = new Kind(this.shared)
    caller.ask(group)
    return group
  }

  /** Whether each of some leases held, however many they are. */
  async #ended(
    operation: string,
    parameters: readonly string[],
    leases: readonly string[],
  ): Promise<boolean[]> {
    const portions: Promise<boolean[]>[] = []
    for (let from = 0; from < leases.length; from += MOST_OPERATIONS) {
      const portion = leases.slice(from, from + MOST_OPERATIONS)
      this.#around.caller.grew(portion.length, 0)
      portions.push(this.#leases(operation, parameters).add(portion))
    }
    return (await Promise.all(portions)).flat()
  }

  #leases(operation: string, parameters: readonly string[]): LeasesGroup {
    const { caller } = this.#around
    const { newest } = caller
    if (newest instanceof LeasesGroup && newest.takes(this.shared, operation, parameters)) {
      return newest
    }
    const group = new LeasesGroup(this.shared, operation, parameters, (late) => {
      if (operation === 'X') return
      for (const lease of late) this.shared.held.end(this.#numberOf(lease))
      this.takers.look()
    })
    caller.ask(group)
    return group
  }

  /** There may be room for more leases. */
  #freed(): void {
    this.#around.watchers.changed()
    this.takers.look()
  }

  #noteDelayed(leases: readonly string[], delay: number): void {
    const now = this.#around.clock.now()
    const { delayed, definition } = this.shared
    for (const [lease, until] of delayed) {
      if (until > now) break
      delayed.delete(lease)
    }
    const longest = Math.max(delay, ...(definition?.retryDelay ?? [1]).map((s) => 1_000 * s))
    for (const lease of leases) delayed.set(lease, now + longest)
  }

  #seen(place: number, cell: string): SeenItem {
    const id = nameOf(place, cell)
    try {
      const { came, ...item } = readCell(this.name, cell)
      return { id, ...item, age: this.#age(came) }
    } catch (error) {
      const problem = error as MqueueError
      return { id, key: '', value: undefined, age: 0, attempt: 0, problem }
    }
  }

  /** How long ago an item came, in ms. */
  #age(came: number): number {
    return Math.max(0, Math.round(this.#around.caller.now - came))
  }

  /** The number of a lease of this process; 0, which none has, for that of another one. */
  #numberOf(lease: string): number {
    const start = `${this.#around.caller.client}-`
    return lease.startsWith(start) ? Number.parseInt(lease.slice(start.length), 10) : 0
  }

  /** Looks again when the next lease of this process ends. */
  #arm(): void {
    const { clock, watchers } = this.#around
    const at = this.shared.held.nextEnd
    if (at === undefined || at >= this.#armedAt) return
    this.#disarm()
    this.#armedAt = at
    this.#disarm = clock.after(Math.max(0, at - clock.now()), () => {
      this.#armedAt = Number.POSITIVE_INFINITY
      this.shared.held.endDue(clock.now())
      watchers.changed()
      this.#arm()
      // So that what has ended comes back now, although nobody may wait for it here.
      this.ask('S').catch(() => {})
      this.takers.look()
    })
  }

  #warn(text: string): void {
    this.#around.report().warn(`Queue ${quote(this.name)}: ${text}.`)
  }
}
