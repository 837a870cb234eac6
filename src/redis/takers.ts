import type { Taken, TakeOptions } from '../engine.ts'
import type { MqueueError } from '../errors.ts'
import type { Clock } from '../local/clock.ts'
import { asClosed } from '../local/consumers.ts'
import type { Caller } from './caller.ts'
import { type CellItem, readCell } from './cells.ts'
import { type Group, SingleGroup } from './groups.ts'
import type { SharedQueue } from './shared-queue.ts'
import { ASK_AGAIN, type Kind, type TakeAnswer, TakeGroup, type Taker } from './take-group.ts'

/** What takers need of their engine. */
export interface TakersCalls {
  /** The numbers of so many leases; returns the first. */
  numbers(count: number): number
  /** An item that was leased cannot be read. */
  unreadable(error: unknown): void
  /** Leases of this process have begun. */
  leased(): void
}

/** Those who take items of one queue, and who of them waits for some, in the order in which they asked. */
export class Takers {
  readonly #queue: SharedQueue
  readonly #caller: Caller
  readonly #clock: Clock
  readonly #calls: TakersCalls
  readonly #waiting = new Set<Taker>()
  /** How many items each owner has asked for and not got yet. */
  readonly #reserved = new Map<string, number>()
  /** Since when this process waits, in ms of the server's time; 0 when it has not begun. */
  readonly #since = { c: 0, f: 0 }
  /** Whether the script may wake this process for this queue. */
  #isRegistered = false
  /** How many ask at the moment, and whether to look again when they have been answered. */
  #asking = 0
  #isStale = false
  #timer: { readonly at: number; cancel(): void } | undefined

  constructor(queue: SharedQueue, caller: Caller, clock: Clock, calls: TakersCalls) {
    this.#queue = queue
    this.#caller = caller
    this.#clock = clock
    this.#calls = calls
  }

  /** How many callers wait for items. */
  get waiting(): number {
    return this.#waiting.size
  }

  take(ask: TakeOptions): Promise<Taken[]> {
    return new Promise((resolve, reject) => {
      const isConsumer = !ask.asFetch && (ask.lease !== undefined || ask.inFlight !== undefined)
      const kind = isConsumer ? 'c' : 'f'
      const taker: Taker = { ask, kind, state: 'asking', resolve, reject, leave() {} }
      const isBehind = this.#parked(kind).length > 0
      const wait = ask.wait ?? 0
      if (wait > 0) this.#wait(taker, wait)
      if (wait > 0 && isBehind) taker.state = 'parked'
      else this.#ask(taker, ask.count ?? 1)
    })
  }

  /** Something may have come, or there may be room for more leases. */
  look(): void {
    // Those who ask already are before the others.
    this.#isStale = this.#asking > 0
    if (this.#isStale) return
    const parked = [...this.#waiting].filter(({ state }) => state === 'parked')
    const asked = new Set<Kind>()
    let left = this.#queue.size
    for (const [index, taker] of parked.entries()) {
      const { ask, kind } = taker
      const isLast = index === parked.length - 1
      const count = ask.isEager && !isLast ? 1 : (ask.count ?? 1)
      // The first of each kind asks in any case, so that this process is woken for the others.
      if ((left <= 0 && asked.has(kind)) || this.#room(ask, count) <= 0) continue
      asked.add(kind)
      left -= count
      this.#ask(taker, count)
    }
  }

  /** The script has woken this process, and will not do so again until it asks. */
  woken(): void {
    this.#isRegistered = false
    const canAsk = this.#asking > 0 || [...this.#parked('c'), ...this.#parked('f')].length > 0
    if (canAsk) this.look()
    else this.#passOn()
  }

  /** Fails all who wait. */
  failAll(error: MqueueError): void {
    for (const { reject } of this.#end()) reject(error)
  }

  #wait(taker: Taker, time: number): void {
    const { signal } = taker.ask
    const abort = () => {
      this.#leave(taker)
      taker.reject(asClosed(signal?.reason))
    }
    const end = () => {
      this.#leave(taker)
      taker.resolve([])
    }
    signal?.addEventListener('abort', abort)
    const cancel = time === Number.POSITIVE_INFINITY ? () => {} : this.#clock.after(time, end)
    taker.leave = () => {
      cancel()
      signal?.removeEventListener('abort', abort)
    }
    this.#waiting.add(taker)
  }

  #leave(taker: Taker): void {
    taker.state = 'gone'
    taker.leave()
    this.#waiting.delete(taker)
    if (this.#waiting.size === 0 && this.#isRegistered) this.#passOn()
  }

  /** Has another process woken for what this one was, or would be, woken for. */
  #passOn(): void {
    this.#isRegistered = false
    this.#caller.ask(new SingleGroup(this.#queue, 'U', [], { resolve() {}, reject() {} }))
  }

  /** Those of a kind who wait to be woken, and have room for an item. */
  #parked(wanted: Kind): Taker[] {
    return [...this.#waiting].filter(({ kind, state, ask }) => {
      return kind === wanted && state === 'parked' && this.#room(ask, 1) > 0
    })
  }

  #end(): Taker[] {
    const all = [...this.#waiting]
    this.#timer?.cancel()
    this.#timer = undefined
    for (const taker of all) this.#leave(taker)
    return all
  }

  #room({ owner = '', inFlight }: TakeOptions, count: number): number {
    if (inFlight === undefined) return count
    const taken = this.#queue.held.countOf(owner) + (this.#reserved.get(owner) ?? 0)
    return Math.min(count, inFlight - taken)
  }

  #reserve(owner: string, count: number): void {
    const reserved = (this.#reserved.get(owner) ?? 0) + count
    if (reserved === 0) this.#reserved.delete(owner)
    else this.#reserved.set(owner, reserved)
  }

  #ask(taker: Taker, wanted: number): void {
    const { ask } = taker
    const count = this.#room(ask, wanted)
    if (count <= 0) {
      if (this.#waiting.has(taker)) taker.state = 'parked'
      else taker.resolve([])
      return
    }
    const { owner = '' } = ask
    taker.state = 'asking'
    this.#asking++
    this.#caller.grew(1, 0)
    this.#reserve(owner, count)
    const group = new TakeGroup(this.#queue, this.#caller, {
      taker,
      count,
      first: ask.lease === undefined ? 0 : this.#calls.numbers(count),
      since: this.#waiting.has(taker) ? this.#since[taker.kind] : undefined,
      done: () => {
        this.#asking--
        this.#reserve(owner, -count)
        // When all of the reply has been read, so that those who wait ask in their order.
        queueMicrotask(() => {
          if (this.#isStale) this.look()
        })
      },
      answered: (answer) => this.#answered(taker, answer),
      failed: (error) => {
        this.#leave(taker)
        taker.reject(error)
      },
    })
    this.#caller.ask(group)
  }

  #answered(taker: Taker, { group, left, next, since, cells }: TakeAnswer): Group[] {
    const { ask, kind } = taker
    if (taker.state === 'gone' || ask.signal?.aborted) {
      if (taker.state !== 'gone') taker.reject(asClosed(ask.signal?.reason))
      return group.giveBack(cells)
    }
    if (cells.length > 0) {
      this.#since[kind] = 0
      this.#begin(taker, group, cells, left)
      this.#isStale = true
      return []
    }
    if (next === ASK_AGAIN) this.#ask(taker, ask.count ?? 1)
    else if (this.#waiting.has(taker)) {
      taker.state = 'parked'
      this.#isRegistered = true
      this.#since[kind] = since
      if (next >= 0) this.#lookIn(next)
    } else taker.resolve([])
    return []
  }

  /** Hands over what was taken. What cannot be read is reported: it comes back when its lease ends or, without one, is gone. */
  #begin(taker: Taker, group: TakeGroup, cells: readonly string[], left: number): void {
    const { ask } = taker
    const { lease, owner = '', asFetch = false } = ask
    const now = this.#clock.now()
    const taken: Taken[] = []
    let failure: unknown
    for (const [index, cell] of cells.entries()) {
      const number = group.first + index
      if (lease !== undefined) {
        const item = { id: number, key: '', value: undefined, added: 0 }
        const past = { attempts: 0, origin: undefined }
        this.#queue.held.begin(number, item, past, owner, now, lease, asFetch)
      }
      let item: CellItem
      try {
        item = readCell(this.#queue.name, cell)
      } catch (error) {
        failure = error
        this.#calls.unreadable(error)
        continue
      }
      const { key, value, attempt, reason, from } = item
      const size = left + cells.length - 1 - index
      const leased = lease === undefined ? {} : { lease: group.leaseAt(index), attempt }
      taken.push({ key, value, size, reason, from, ...leased })
    }
    if (lease !== undefined) this.#calls.leased()
    taker.leave()
    this.#waiting.delete(taker)
    taker.state = 'gone'
    if (taken.length > 0) taker.resolve(taken)
    else taker.reject(failure)
  }

  #lookIn(ms: number): void {
    const at = this.#clock.now() + ms
    if (this.#timer !== undefined && this.#timer.at <= at) return
    this.#timer?.cancel()
    const cancel = this.#clock.after(ms, () => {
      this.#timer = undefined
      this.look()
    })
    this.#timer = { at, cancel }
  }
}
