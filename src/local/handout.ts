import type { DroppedItem, Taken } from '../engine.ts'
import type { MaybePromise } from '../maybe-promise.ts'
import type { Clock } from './clock.ts'
import type { QueuedItem } from './items.ts'
import { type Lease, Leases, type Origin, type Past } from './leases.ts'
import { NO_PAST, type Queue } from './queue.ts'

/** How soon a dead letter queue that could not take an item is asked again, in ms. */
const BURY_AGAIN = 5_000
/** How long it may take at most to store an item in its dead letter queue, in ms: a day. */
const LONGEST_BURIAL = 86_400_000
/** What delays are rounded up to, in ms. */
const DELAY_STEP = 10
/** How long an item stays away after a retry, in s, where its queue does not say. */
const DEFAULT_RETRY_DELAY = [1]

/** What becomes of an item whose lease ends, other than by an acknowledgement. */
export type Ending =
  /** Back after a delay in ms, as the next attempt; given up when there is none left. */
  | { readonly how: 'retry'; readonly delay: number | undefined }
  /** Given up. */
  | { readonly how: 'reject' }
  /** Back at once, as if it had not been handed out. */
  | { readonly how: 'release' }

/** What becomes of an item that is given up: it is in its dead letter queue; it can never be; or not now. */
export type Burial = 'done' | 'never' | 'later'

/** Whom the handout of a queue calls. */
export interface HandoutCalls {
  /**
   * Moves an item that is out into the dead letter queue, and ends it here.
   *
   * @returns whether that is done; a promise where it takes its time
   */
  bury(item: QueuedItem, past: Past): MaybePromise<Burial>
  /** An item was dropped that no message has caused to go, or found that it went. */
  dropped(item: DroppedItem, owner: string): void
  /** The queue has more items than before, or there is room for more leases. */
  freed(): void
}

/**
 * The items of a queue that are handed out: leased to somebody, or waiting for their next attempt. It says where each goes
 * that comes back.
 */
export class Handout {
  readonly #queue: Queue
  readonly #clock: Clock
  readonly #calls: HandoutCalls
  readonly #leases = new Leases()
  /** What waits for its next attempt. */
  readonly #delayed = new Leases()
  /** What waits for its dead letter queue. */
  readonly #unburied = new Leases()
  #numbers = 0
  #timer: { readonly at: number; cancel(): void } | undefined
  /** While the queue is given up: the ids of what is out, and of what of that was found in it again. */
  #suspended: { readonly out: Map<number, string>; readonly found: Set<number> } | undefined

  constructor(queue: Queue, clock: Clock, calls: HandoutCalls) {
    this.#queue = queue
    this.#clock = clock
    this.#calls = calls
    queue.lent = () => this.#all.flatMap((leases) => [...leases])
  }

  /** How many items are leased. */
  get leased(): number {
    return this.#leases.size
  }

  /** How many items are out: leased, or waiting for their next attempt or their dead letter queue. */
  get out(): number {
    return this.#leases.size + this.#delayed.size + this.#unburied.size
  }

  /** How many items are leased to an owner. */
  leasedTo(owner: string): number {
    return this.#leases.countOf(owner)
  }

  /**
   * Leases the oldest items. One that has no attempt left is given up instead.
   *
   * @param count how many at most
   * @param length how long the leases last, in ms
   * @param isFetch whether the items are taken as by a fetch: no attempt is counted, and none given up
   * @param only the name of the only one that is wanted
   * @returns the items with the numbers of their leases; fewer, or none, when the queue has no more
   */
  lease(
    count: number,
    length: number,
    owner: string,
    isFetch = false,
    only?: string,
  ): (Taken & { number: number })[] {
    const taken: (Taken & { number: number })[] = []
    const now = this.#clock.now()
    while (taken.length < count) {
      const item = this.#queue.lend(only)
      if (item === undefined) break
      const before = this.#queue.pastOf(item.id)
      if (!isFetch && this.#hasNoAttemptLeft(before.attempts)) {
        this.#giveUp(item, before.attempts, 'attempts', owner)
        continue
      }
      const attempts = before.attempts + (isFetch ? 0 : 1)
      const past = { attempts, origin: before.origin }
      const number = ++this.#numbers
      this.#leases.begin(number, item, past, owner, now, length, isFetch)
      if (!isFetch) this.#queue.observer.attempted(item.id, attempts)
      const { key, value } = item
      const { size } = this.#queue
      const { reason, queue } = past.origin ?? {}
      taken.push({ key, value, size, attempt: past.attempts, reason, from: queue, number })
    }
    if (taken.length > 0) this.#arm(now + length)
    return taken
  }

  has(number: number): boolean {
    return this.#leases.has(number)
  }

  /** Ends leases since their items are done; returns those that still held, each in its place. */
  acknowledge(numbers: readonly number[]): (Lease | undefined)[] {
    const ended = numbers.map((number) => {
      const lease = this.#leases.end(number)
      if (lease !== undefined) this.#queue.ended(lease)
      return lease
    })
    this.#calls.freed()
    return ended
  }

  /** Ends leases whose items are not done; returns which of them still held. */
  end(numbers: readonly number[], ending: Ending): boolean[] {
    const ended = numbers.map((number) => this.#leases.end(number))
    const leases = ended.filter((lease) => lease !== undefined).sort(youngestFirst)
    // The oldest is given up first, and comes back last: in either queue it is before the others then.
    const back = leases.toReversed().filter((lease) => !this.#isGivenUp(lease, ending))
    for (const lease of back.reverse()) this.#comeBack(lease, ending)
    this.#calls.freed()
    return ended.map((lease) => lease !== undefined)
  }

  /** Has leases last for a time from now on; returns which of them still held. */
  extend(numbers: readonly number[], length: number): boolean[] {
    const now = this.#clock.now()
    this.#arm(now + length)
    return numbers.map((number) => {
      const lease = this.#leases.end(number)
      if (lease === undefined) return false
      this.#leases.begin(number, lease, lease, lease.owner, now, length, lease.isFetch)
      return true
    })
  }

  /** Releases all leases, or those of an owner; without one, also what waits for its next attempt comes back. */
  releaseAll(owner?: string): void {
    const leased = this.#leases.endAll(owner)
    if (this.#suspended !== undefined) {
      // Their items are where they are loaded from.
      for (const { id } of leased) this.#suspended.out.delete(id)
      return
    }
    const delayed = owner === undefined ? this.#delayed.endAll() : []
    const unburied = owner === undefined ? this.#unburied.endAll() : []
    const back = [
      ...leased.map((lease) => ({ lease, attempts: this.#uncounted(lease) })),
      ...delayed.map((lease) => ({ lease, attempts: lease.attempts })),
      // Nobody gave them up yet.
      ...unburied.map((lease) => ({
        lease: { ...lease, origin: undefined },
        attempts: lease.attempts,
      })),
    ]
    for (const { lease, attempts } of back.sort((a, b) => youngestFirst(a.lease, b.lease))) {
      this.#takeBack(lease, attempts)
    }
    this.#calls.freed()
  }

  /** Ends all leases without any item coming back, since the queue is gone. */
  forget(): void {
    for (const leases of this.#all) leases.endAll()
    this.#suspended?.out.clear()
    this.#disarm()
  }

  /** Ends leases that nobody got, since they could not be stored: their items are where they were stored. */
  cancel(numbers: readonly number[]): void {
    for (const number of numbers) {
      const lease = this.#leases.end(number)
      if (lease !== undefined) this.#suspended?.out.delete(lease.id)
    }
  }

  /** The queue is given up, and will be loaded again: what is out now stays out then, if it is still there. */
  suspend(): void {
    this.#disarm()
    if (this.out === 0 || this.#suspended !== undefined) return
    const out = new Map(this.#all.flatMap((leases) => [...leases].map(({ id, key }) => [id, key])))
    const found = new Set<number>()
    this.#suspended = { out, found }
    this.#queue.handout = {
      isOut(id, key) {
        // Another program may have put another item in its place.
        if (out.get(id) !== key) return false
        found.add(id)
        return true
      },
      renumbered: () => this.forget(),
    }
  }

  /** The queue is there again. Leases of items that are not in it any more have ended. */
  resume(): void {
    const suspended = this.#suspended
    this.#suspended = undefined
    this.#queue.handout = undefined
    if (suspended === undefined) return
    for (const leases of this.#all) {
      for (const { id, number } of [...leases]) if (!suspended.found.has(id)) leases.end(number)
    }
    this.#armNext()
  }

  /** Ends what is due. */
  #endDue(): void {
    this.#timer = undefined
    const now = this.#clock.now()
    for (const lease of this.#unburied.endDue(now)) {
      this.#giveUp(lease, lease.attempts, lease.origin?.reason ?? 'attempts', lease.owner)
    }
    const back = [
      ...this.#leases.endDue(now).filter((lease) => !this.#isGivenUp(lease)),
      ...this.#delayed.endDue(now),
    ]
    for (const lease of back.sort(youngestFirst)) this.#takeBack(lease, lease.attempts)
    this.#armNext()
    this.#calls.freed()
  }

  /** Gives up what has no attempt left, or is rejected; returns whether it was. */
  #isGivenUp(lease: Lease, { how }: Pick<Ending, 'how'> = { how: 'retry' }): boolean {
    if (how === 'release') return false
    if (how === 'retry' && !this.#hasNoAttemptLeft(lease.attempts)) return false
    this.#giveUp(lease, lease.attempts, how === 'reject' ? 'rejected' : 'attempts', lease.owner)
    return true
  }

  #comeBack(lease: Lease, ending: Ending): void {
    if (ending.how === 'retry') this.#retry(lease, ending.delay)
    else this.#release(lease)
  }

  #retry(lease: Lease, given = this.#retryDelay(lease.attempts)): void {
    // There is a list for each length, so there must not be too many of them.
    const delay = Math.ceil(given / DELAY_STEP) * DELAY_STEP
    if (delay <= 0) {
      this.#takeBack(lease, lease.attempts)
      return
    }
    const now = this.#clock.now()
    this.#delayed.begin(++this.#numbers, lease, lease, lease.owner, now, delay)
    this.#arm(now + delay)
  }

  /** Takes an item back as if it had not been handed out. */
  #release(lease: Lease): void {
    this.#takeBack(lease, this.#uncounted(lease))
  }

  /** The attempts of an item without the one that its lease was. */
  #uncounted({ id, attempts, isFetch }: Lease): number {
    if (isFetch) return attempts
    this.#queue.observer.attempted(id, attempts - 1)
    return attempts - 1
  }

  /** How long an item stays away after an attempt, in ms. */
  #retryDelay(attempt: number): number {
    const { retryDelay = DEFAULT_RETRY_DELAY } = this.#queue.definition
    return 1_000 * (retryDelay[Math.min(attempt, retryDelay.length) - 1] ?? 0)
  }

  #hasNoAttemptLeft(attempts: number): boolean {
    const { attempts: most = 0 } = this.#queue.definition
    return most > 0 && attempts >= most
  }

  #takeBack(lease: Lease, attempts: number): void {
    const { origin } = lease
    const hasPast = attempts > 0 || origin !== undefined
    const dropped = this.#queue.takeBack(lease, hasPast ? { attempts, origin } : NO_PAST)
    if (dropped !== undefined) this.#calls.dropped(dropped, lease.owner)
  }

  /** Hands an item over to the dead letter queue, or drops it where there is none. */
  #giveUp(item: QueuedItem, attempts: number, reason: Origin['reason'], owner: string): void {
    const { name, deadLetter } = this.#queue.definition
    const origin = { reason, queue: name }
    const drop = () => {
      this.#queue.ended(item)
      this.#calls.dropped({ key: item.key, value: item.value, reason }, owner)
    }
    if (deadLetter === undefined) {
      drop()
      return
    }
    // There it begins again.
    const burial = this.#calls.bury(item, { attempts: 0, origin })
    if (burial === 'done') return
    if (burial === 'never') {
      drop()
      return
    }
    const past = { attempts, origin }
    if (burial === 'later') {
      this.#buryLater(item, past, owner, BURY_AGAIN)
      return
    }
    const number = this.#buryLater(item, past, owner, LONGEST_BURIAL)
    burial.then((outcome) => {
      if (this.#unburied.end(number) === undefined) return
      if (outcome === 'later') this.#buryLater(item, past, owner, BURY_AGAIN)
      this.#calls.freed()
    })
  }

  /** Keeps an item that is given up; returns the number it is kept under. */
  #buryLater(item: QueuedItem, past: Past, owner: string, length: number): number {
    const now = this.#clock.now()
    const number = ++this.#numbers
    this.#unburied.begin(number, item, past, owner, now, length)
    this.#arm(now + length)
    return number
  }

  get #all(): readonly Leases[] {
    return [this.#leases, this.#delayed, this.#unburied]
  }

  #armNext(): void {
    const ends = this.#all.flatMap((leases) => leases.nextEnd ?? [])
    if (ends.length > 0) this.#arm(Math.min(...ends))
  }

  /** Sets the timer for what is due then, unless something is due before. */
  #arm(at: number): void {
    if (this.#timer !== undefined && this.#timer.at <= at) return
    this.#disarm()
    const wait = Math.max(0, at - this.#clock.now())
    const cancel = this.#clock.after(wait, () => this.#endDue())
    this.#timer = { at, cancel }
  }

  #disarm(): void {
    this.#timer?.cancel()
    this.#timer = undefined
  }
}

/** The order in which items come back, so that the oldest is the first then. */
function youngestFirst(a: Lease, b: Lease): number {
  return b.id - a.id
}
