import { setImmediate as nextTurn } from 'node:timers/promises'
import { Backoff } from '../backoff.ts'
import type { MqueueError } from '../errors.ts'
import type { Report } from '../report.ts'
import type { RpcClient } from './client.ts'
import { CallFailed, RpcFault } from './reply.ts'
import { lookAt } from './sizes.ts'
import { explained, unavailable } from './unavailable.ts'

/** What a fetch has found. */
export type Found =
  | { readonly is: 'item'; readonly key: string; readonly value: string }
  | { readonly is: 'empty' }
  /** Kamailio has no queue of that name. */
  | { readonly is: 'missing' }
  /** Kamailio has taken an item, and cannot return it. */
  | { readonly is: 'gone' }
  /** Nothing was asked, since nobody needs it any more. */
  | { readonly is: 'skipped' }

/** What is known of a Kamailio, and what its engine uses it for. */
export interface ServerCalls {
  report(): Report
  /** What is known of a queue has changed; of all, where none is named. */
  changed(queue?: string): void
  /** The sizes were seen. */
  looked(): void
  /** The server is away, so that nobody should wait for it. */
  away(error: MqueueError): void
  /** An item may be lost, since the answer to a fetch of this queue is. */
  lost(queue: string, reason: string): void
  /** Whether anybody needs to know when the server is back. */
  isNeeded(): boolean
}

/** A Kamailio as this process knows it. It is asked one thing at a time, so that items keep their order. */
export class Server {
  readonly #calls: ServerCalls
  #shown: string
  #client: RpcClient
  /** The sizes by name, as they were seen last, less what was fetched since. */
  #sizes: Map<string, number> | undefined
  #lookedAt = Number.NEGATIVE_INFINITY
  /** How many items were seen to come, by queue: others may take some that nobody here has seen. */
  readonly #come = new Map<string, number>()
  /** The queues of which something was fetched since the last look. */
  readonly #fetched = new Set<string>()
  /** Why the server cannot be used. */
  #failure: MqueueError | undefined
  /** The time after a failure in which nothing is asked. */
  #rest: Promise<void> | undefined
  readonly #backoff = new Backoff()
  /** Whether it was reported that the server is away. */
  #isReported = false
  /** The end of what is asked last. */
  #last: Promise<unknown> = Promise.resolve()
  /** The look that waits for its turn. */
  #nextLook: Promise<void> | undefined
  #isClosed = false

  constructor(shown: string, client: RpcClient, calls: ServerCalls) {
    this.#shown = shown
    this.#client = client
    this.#calls = calls
  }

  /** What people may see of its address. */
  get shown(): string {
    return this.#shown
  }

  /** Why the server cannot be used now; undefined where it can, or where that is not known yet. */
  get failure(): MqueueError | undefined {
    return this.#failure
  }

  /** When nothing is asked since something has failed: until then. */
  get rest(): Promise<void> | undefined {
    return this.#rest
  }

  /** How long ago the sizes were seen, in ms. */
  get age(): number {
    return performance.now() - this.#lookedAt
  }

  /** The size of a queue as far as it is known; undefined where there is none, or nothing is known. */
  sizeOf(queue: string): number | undefined {
    return this.#sizes?.get(queue)
  }

  /** How many items of a queue were seen to come since the engine was made. It never grows less. */
  comeTo(queue: string): number {
    return this.#come.get(queue) ?? 0
  }

  /** Whether it is known that there is no such queue. */
  lacks(queue: string): boolean {
    return this.#sizes !== undefined && !this.#sizes.has(queue)
  }

  /** Whether something was fetched since the last look. */
  hasGivenOf(queue: string): boolean {
    return this.#fetched.has(queue)
  }

  /** Calls through another client from now on, maybe another server. */
  use(client: RpcClient, shown: string): void {
    const former = this.#client
    this.#client = client
    this.#shown = shown
    this.#sizes = undefined
    this.#last.finally(() => former.close())
    this.#lookedAt = Number.NEGATIVE_INFINITY
    this.#isReported = false
    this.#works()
    this.#backoff.reset()
  }

  /**
   * Sees the sizes of all queues. All who ask before the request goes out share it.
   *
   * @throws MqueueError `MQ_UNAVAILABLE`
   */
  look(): Promise<void> {
    this.#nextLook ??= this.#inTurn(
      () => this.#look(),
      () => {
        this.#nextLook = undefined
      },
    )
    return this.#nextLook
  }

  /**
   * Takes an item.
   *
   * @param isNeeded whether somebody wants it still, when its turn has come
   * @throws MqueueError `MQ_UNAVAILABLE`; then the item may be lost, which is reported
   */
  fetch(queue: string, isNeeded: () => boolean): Promise<Found> {
    return this.#inTurn(async () => {
      if (!isNeeded()) return { is: 'skipped' }
      const found = await this.#fetch(queue)
      if (found.is === 'empty') this.#sizes?.set(queue, 0)
      else if (found.is === 'missing') this.#sizes?.delete(queue)
      else {
        this.#fetched.add(queue)
        const size = this.#sizes?.get(queue) ?? 0
        // It has come since the last look, where that has seen none.
        if (size === 0) this.#hasCome(queue, 1)
        this.#sizes?.set(queue, Math.max(0, size - 1))
      }
      this.#backoff.reset()
      this.#calls.changed(queue)
      return found
    })
  }

  /** Waits for what was asked already, and for what becomes of the answers. */
  async settled(): Promise<void> {
    let last: Promise<unknown>
    do {
      last = this.#last
      await last
      await nextTurn()
    } while (last !== this.#last)
  }

  close(): void {
    this.#isClosed = true
    this.#backoff.reset()
    this.#last.finally(() => this.#client.close())
  }

  /** @param begun is called when its turn has come */
  #inTurn<T>(ask: () => Promise<T>, begun = () => {}): Promise<T> {
    const turn = this.#last.then(() => {
      begun()
      if (this.#rest !== undefined && this.#failure !== undefined) throw this.#failure
      return ask()
    })
    this.#last = turn.catch(() => {})
    return turn
  }

  async #look(): Promise<void> {
    const client = this.#client
    let sizes: Map<string, number>
    try {
      sizes = await lookAt(client)
    } catch (error) {
      if (client !== this.#client) return this.#look()
      throw this.#isAway(error)
    }
    // What was seen may be of another server than the one that is used now.
    if (client !== this.#client) return this.#look()
    this.#see(sizes)
  }

  #see(sizes: Map<string, number>): void {
    const before = this.#sizes ?? new Map<string, number>()
    this.#sizes = sizes
    this.#lookedAt = performance.now()
    this.#fetched.clear()
    if (this.#failure !== undefined) this.#works()
    for (const queue of new Set([...before.keys(), ...sizes.keys()])) {
      const [then, now] = [before.get(queue), sizes.get(queue)]
      if (then === now) continue
      this.#hasCome(queue, (now ?? 0) - (then ?? 0))
      this.#calls.changed(queue)
    }
    this.#calls.looked()
  }

  #hasCome(queue: string, count: number): void {
    if (count > 0) this.#come.set(queue, this.comeTo(queue) + count)
  }

  async #fetch(queue: string): Promise<Found> {
    try {
      return itemIn(await this.#client.call('mqueue.fetch', [queue], { isRepeatable: false }))
    } catch (error) {
      if (error instanceof RpcFault) {
        if (error.message === 'Empty queue') return { is: 'empty' }
        if (error.message === 'No such queue') return { is: 'missing' }
        if (error.message === 'Unexpected error (result)') return { is: 'gone' }
      }
      if (!mayHaveTaken(error)) throw this.#isAway(error)
      // A look must show whether it works before anything more is taken.
      this.#calls.lost(queue, explained(error).reason)
      throw this.#fails(error)
    }
  }

  #works(): void {
    this.#failure = undefined
    this.#rest = undefined
    if (this.#isReported) this.#calls.report().info(`Kamailio at ${this.#shown} works again.`)
    this.#isReported = false
    this.#calls.changed()
  }

  #isAway(cause: unknown): MqueueError {
    const error = this.#fails(cause)
    if (!this.#isReported && !this.#isClosed) this.#calls.report().error(error.message)
    this.#isReported = true
    this.#calls.away(error)
    return error
  }

  /** Nothing more is asked for a while. */
  #fails(cause: unknown): MqueueError {
    const error = unavailable(this.#shown, cause)
    this.#failure = error
    this.#lookedAt = Number.NEGATIVE_INFINITY
    const rest = this.#backoff.wait().then(() => {
      if (this.#rest !== rest) return
      this.#rest = undefined
      if (!this.#isClosed && this.#calls.isNeeded()) this.look().catch(() => {})
    })
    this.#rest = rest
    this.#calls.changed()
    return error
  }
}

/** Whether a fetch that failed may have taken an item all the same. */
function mayHaveTaken(error: unknown): boolean {
  if (error instanceof RpcFault) return !/method not found/i.test(error.message)
  return error instanceof CallFailed && error.mayBeDone
}

function itemIn(answer: unknown): Found {
  const { key, val } = (answer ?? {}) as { key?: unknown; val?: unknown }
  if (typeof key !== 'string' || typeof val !== 'string') {
    throw new CallFailed('the item in its answer cannot be read', true)
  }
  return { is: 'item', key, value: val }
}
