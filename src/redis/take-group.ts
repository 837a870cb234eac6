import type { Taken, TakeOptions } from '../engine.ts'
import type { MqueueError } from '../errors.ts'
import { asClosed } from '../local/consumers.ts'
import type { Caller } from './caller.ts'
import { partsOf } from './cells.ts'
import { BackGroup } from './fetch-group.ts'
import { Group, LeasesGroup, type Reply } from './groups.ts'
import type { SharedQueue } from './shared-queue.ts'

/** A consumer, whom a pause and the queue's limits hold back; or who takes as a fetch does. */
export type Kind = 'c' | 'f'

/** Somebody who takes items. */
export interface Taker {
  readonly ask: TakeOptions
  readonly kind: Kind
  /** Asking: a call is under way. Parked: nothing was there, and it waits to be woken. Gone: answered, or given up. */
  state: 'asking' | 'parked' | 'gone'
  resolve(taken: Taken[]): void
  reject(error: unknown): void
  /** Ends its timer and its listener. */
  leave(): void
}

/** There are items, but the reply was full of others. */
export const ASK_AGAIN = -2

export interface TakeAnswer {
  readonly group: TakeGroup
  readonly left: number
  /** How long until something is due, in ms; -1 when nothing will be, or `ASK_AGAIN`. */
  readonly next: number
  readonly since: number
  readonly cells: readonly string[]
}

export interface TakeAsk {
  readonly taker: Taker
  readonly count: number
  /** The number of the first lease. */
  readonly first: number
  /** Since when its process waits, in ms of the server's time, 0 for now; undefined for who does not wait. */
  readonly since: number | undefined
  /** Is called when the group has been answered or has failed. */
  done(): void
  answered(answer: TakeAnswer): Group[]
  failed(error: MqueueError): void
}

/** Items to be taken by one taker. */
export class TakeGroup extends Group {
  readonly #ask: TakeAsk
  readonly #caller: Caller
  /** Whose leases they are; known when it is written. */
  #client = ''
  #isDone = false

  constructor(queue: SharedQueue, caller: Caller, ask: TakeAsk) {
    super(queue, ask.taker.ask.item === undefined ? 'T' : 'L')
    this.#caller = caller
    this.#ask = ask
  }

  get first(): number {
    return this.#ask.first
  }

  override prepare(): boolean {
    const { state, ask, reject } = this.#ask.taker
    if (state !== 'gone' && !ask.signal?.aborted) return true
    if (state !== 'gone') reject(asClosed(ask.signal?.reason))
    this.#done()
    return false
  }

  write(to: string[]): void {
    const { taker, count, first, since } = this.#ask
    const { item, lease } = taker.ask
    this.#client = this.#caller.client
    if (item !== undefined) {
      to.push(String(lease), String(first), ...partsOf(item))
      return
    }
    to.push(String(count), String(lease ?? ''), taker.kind)
    to.push(String(first), String(since ?? ''))
  }

  answer(reply: Reply): Group[] {
    this.#done()
    const [left, next, since, ...cells] = reply as [number, number, number, ...string[]]
    return this.#ask.answered({ group: this, left, next, since, cells })
  }

  fail(error: MqueueError): void {
    this.#done()
    this.#ask.failed(error)
  }

  override undo(reply: Reply): Group[] {
    return this.giveBack((reply as (string | number)[]).slice(3) as string[])
  }

  /** Returns what was taken for nobody. */
  giveBack(cells: readonly string[]): Group[] {
    if (cells.length === 0) return []
    if (this.#ask.taker.ask.lease === undefined) return [new BackGroup(this.queue, cells)]
    const release = new LeasesGroup(this.queue, 'N', ['release', ''])
    release.add(cells.map((_, index) => this.leaseAt(index))).catch(() => {})
    return [release]
  }

  /** The id of one of its leases, as the script makes it. */
  leaseAt(index: number): string {
    return leaseId(this.#client, this.first + index, this.#ask.taker.kind)
  }

  #done(): void {
    if (!this.#isDone) this.#ask.done()
    this.#isDone = true
  }
}

/** The id of a lease, as the script makes it. */
export function leaseId(client: string, number: number, kind: Kind): string {
  return `${client}-${String(number).padStart(9, '0')}${kind === 'f' ? 'f' : ''}`
}
