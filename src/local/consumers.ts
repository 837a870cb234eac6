import { randomBytes } from 'node:crypto'
import type { DroppedItem, Taken, TakeOptions } from '../engine.ts'
import { MqueueError } from '../errors.ts'
import { after, type MaybePromise } from '../maybe-promise.ts'
import type { Clock } from './clock.ts'
import type { Counters } from './counters.ts'
import { type Ending, Handout, type HandoutCalls } from './handout.ts'
import type { Queue, TakenItem } from './queue.ts'
import type { Storage } from './storage.ts'
import { Waiters } from './waiters.ts'

/** What those who take items need of their queue. */
export interface ConsumersCalls extends Pick<HandoutCalls, 'bury'> {
  /** Does an operation on the queue as soon as it is open. */
  operate<T>(operation: (storage: Storage) => MaybePromise<T>): MaybePromise<T>
  /** The storage of the queue while it is open; undefined while it is not. */
  storage(): Storage | undefined
  /** Puts an item back that was taken for good, since its asker has gone. */
  putBack(item: TakenItem, storage: Storage): void
  dropped(item: DroppedItem, owner: string): void
  changed(): void
}

/** What was taken at one time, and what is needed to undo it. */
interface Hand {
  readonly taken: Taken[]
  /** The items, where they were taken for good. */
  readonly items: TakenItem[]
  /** The numbers of their leases, where they were leased. */
  readonly numbers: number[]
}

/** Those who take items of a queue: who waits for some, and who has some on lease. */
export class Consumers {
  readonly #queue: Queue
  readonly #calls: ConsumersCalls
  readonly #counters: Counters
  readonly #handout: Handout
  readonly #waiters: Waiters<TakeOptions, Taken[]>
  /** Tells the leases of this object from those of any other, in any process. */
  readonly #life = randomBytes(6).toString('base64url')
  #isPaused = false
  #isServingLater = false

  constructor(queue: Queue, clock: Clock, counters: Counters, calls: ConsumersCalls) {
    this.#queue = queue
    this.#calls = calls
    this.#counters = counters
    this.#waiters = new Waiters(clock)
    this.#handout = new Handout(queue, clock, {
      bury: (item, past) => calls.bury(item, past),
      dropped: (item, owner) => calls.dropped(item, owner),
      freed: () => {
        calls.changed()
        this.serve()
      },
    })
  }

  /** How many items are handed out: leased, or waiting for their next attempt. */
  get leased(): number {
    return this.#handout.out
  }

  /** How many callers wait for items. */
  get waiting(): number {
    return this.#waiters.size
  }

  get isPaused(): boolean {
    return this.#isPaused
  }

  /** How many items are leased to an owner. */
  leasedTo(owner: string): number {
    return this.#handout.leasedTo(owner)
  }

  take(ask: TakeOptions): MaybePromise<Taken[]> {
    const wait = ask.wait ?? 0
    // Those who wait already are served first.
    if (wait > 0 && this.#waiters.size > 0) {
      return after(
        this.#calls.operate(() => {}),
        () => this.#wait(ask, wait),
      )
    }
    const taken = this.#calls.operate((storage) => {
      if (ask.signal?.aborted) throw asClosed(ask.signal.reason)
      return this.#settle(storage, ask, this.#hand(ask))
    })
    if (wait === 0) return taken
    return after(taken, (some) => (some.length > 0 ? some : this.#wait(ask, wait)))
  }

  acknowledge(leases: readonly string[]): MaybePromise<boolean[]> {
    return this.#calls.operate((storage) => {
      const ended = this.#handout.acknowledge(this.#numbersOf(leases))
      const held = ended.filter((lease) => lease !== undefined)
      const stored = storage.settle(ended.map((lease) => lease !== undefined))
      const fetched = held.filter(({ isFetch }) => isFetch).length
      this.#counters.count(stored, (sign) => {
        this.#counters.fetched += sign * fetched
        this.#counters.acknowledged += sign * (held.length - fetched)
      })
      return stored
    })
  }

  end(leases: readonly string[], ending: Ending): MaybePromise<boolean[]> {
    return this.#calls.operate((storage) =>
      storage.settle(this.#handout.end(this.#numbersOf(leases), ending)),
    )
  }

  extend(leases: readonly string[], length: number): MaybePromise<boolean[]> {
    return this.#calls.operate(() => this.#handout.extend(this.#numbersOf(leases), length))
  }

  holds(lease: string): boolean {
    const [number = 0] = this.#numbersOf([lease])
    return this.#handout.has(number)
  }

  /** Hands nothing out to consumers and on leases, or does so again. */
  pause(isPaused: boolean): void {
    this.#isPaused = isPaused
    this.#calls.changed()
    this.serve()
  }

  /**
   * Serves those who wait, as far as there are items for them. Who wants several together is served a turn later, and
   * those behind them too, so that a burst comes together.
   */
  serve(isLater = false): void {
    if (this.#waiters.size === 0) return
    const storage = this.#calls.storage()
    if (storage === undefined) return
    this.#waiters.serve((ask) => {
      if (this.#queue.size === 0) return 'none'
      if (!isLater && !ask.isEager && (ask.count ?? 1) > 1) {
        this.#serveLater()
        return 'none'
      }
      const hand = this.#hand(ask)
      return hand.taken.length === 0 ? undefined : this.#settle(storage, ask, hand)
    })
  }

  /** Releases all leases, or those of an owner. */
  releaseAll(owner?: string): void {
    this.#handout.releaseAll(owner)
  }

  /** The queue is open. */
  opened(): void {
    this.#handout.resume()
    this.serve()
  }

  /** The queue will be loaded again. */
  suspend(): void {
    this.#handout.suspend()
  }

  /** The queue has failed, and will be loaded again. */
  failed(error: () => MqueueError): void {
    this.suspend()
    this.#waiters.failAll(error)
  }

  /** The queue is going over to another storage, or ends in good order: what is out comes back. */
  recall(): void {
    if (this.#calls.storage() === undefined) this.#handout.forget()
    else this.#handout.releaseAll()
  }

  /** The queue is closed to all who wait. */
  closed(error: () => MqueueError): void {
    this.#waiters.failAll(error)
  }

  /** The queue is gone. */
  forget(): void {
    this.#handout.forget()
  }

  async #wait(ask: TakeOptions, time: number): Promise<Taken[]> {
    const answer = this.#waiters.wait(ask, time, ask.signal)
    // Something may have come since it was looked for.
    this.serve()
    try {
      return (await answer) ?? []
    } catch (error) {
      throw ask.signal?.aborted ? asClosed(error) : error
    }
  }

  #serveLater(): void {
    if (this.#isServingLater) return
    this.#isServingLater = true
    setImmediate(() => {
      this.#isServingLater = false
      this.serve(true)
    })
  }

  /** Takes what there is for an ask. */
  #hand({ count = 1, lease, owner = '', inFlight, asFetch = false, item }: TakeOptions): Hand {
    const isConsumer = !asFetch && (lease !== undefined || inFlight !== undefined)
    if (isConsumer && this.#isPaused) return { taken: [], items: [], numbers: [] }
    if (lease === undefined) return this.#fetch(count)
    const { maxInFlight = 0 } = this.#queue.definition
    const room = Math.min(
      count,
      maxInFlight === 0 || asFetch ? count : maxInFlight - this.#handout.leased,
      inFlight === undefined ? count : inFlight - this.#handout.leasedTo(owner),
    )
    const leased = room > 0 ? this.#handout.lease(room, lease, owner, asFetch, item) : []
    if (leased.length > 0) this.#calls.changed()
    const taken = leased.map(({ number, ...one }) => ({ ...one, lease: this.#idOf(number) }))
    return { taken, items: [], numbers: leased.map(({ number }) => number) }
  }

  #fetch(count: number): Hand {
    const taken: Taken[] = []
    const items: TakenItem[] = []
    while (taken.length < count) {
      const item = this.#queue.fetch()
      if (item === undefined) break
      items.push(this.#queue.taken(item))
      taken.push(item)
    }
    if (taken.length > 0) this.#calls.changed()
    return { taken, items, numbers: [] }
  }

  /** Returns what was taken once that is stored, unless its asker has gone by then. */
  #settle(storage: Storage, { signal }: TakeOptions, hand: Hand): MaybePromise<Taken[]> {
    const settled = storage.settle(hand.taken)
    if (hand.items.length > 0) {
      this.#counters.count(settled, (sign) => {
        this.#counters.fetched += sign * hand.items.length
      })
    }
    if (!(settled instanceof Promise)) return settled
    return settled.then(
      (taken) => {
        if (!signal?.aborted) return taken
        for (const item of hand.items) this.#calls.putBack(item, storage)
        this.#handout.end(hand.numbers, { how: 'release' })
        throw asClosed(signal.reason)
      },
      (error) => {
        this.#handout.cancel(hand.numbers)
        throw error
      },
    )
  }

  #idOf(number: number): string {
    return `${this.#life}-${number}`
  }

  /** The numbers of leases; 0, which no lease has, for one of another life. */
  #numbersOf(leases: readonly string[]): number[] {
    const start = `${this.#life}-`
    return leases.map((lease) => (lease.startsWith(start) ? Number(lease.slice(start.length)) : 0))
  }
}

/** The error of an operation whose asker is gone. */
export function asClosed(reason: unknown): MqueueError {
  if (reason instanceof MqueueError) return reason
  return new MqueueError('MQ_CLOSED', 'Nobody waits for the answer any more.', { cause: reason })
}
