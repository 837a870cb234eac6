import type { QueueDefinition } from '../definition.ts'
import type { FetchedItem, FetchOptions, QueueStats } from '../engine.ts'
import { MqueueError, quote } from '../errors.ts'
import type { Clock } from '../local/clock.ts'
import { asClosed } from '../local/consumers.ts'
import type { Report } from '../report.ts'
import { Losses } from './losses.ts'
import type { Server } from './server.ts'
import { type Wait, Waiting } from './waiting.ts'

/** An item that was fetched, with the number that says in which place. */
interface Item {
  readonly number: number
  readonly key: string
  readonly value: string
}

/** How items are taken. */
interface Want {
  /** Whether nobody wants them any more. */
  isGone(): boolean
  /** Whether it is worth a separate request to see if there are any. */
  readonly looks: boolean
}

/** One queue of a Kamailio. */
export class KamailioQueue {
  definition: QueueDefinition
  /** Those who wait for items, in the order in which they asked. */
  readonly waiting = new Set<Waiting>()
  readonly losses: Losses
  readonly #server: Server
  /** How long what was seen of the queue counts, in ms. */
  readonly #lifetime: () => number
  /** Is called when an item is there for those who wait. */
  readonly #kept: (queue: string) => void
  /** Items that were fetched for somebody who has gone, in the order in which they were fetched. */
  readonly #items: Item[] = []
  /** What was handed out, as it was before: it may be put back. */
  readonly #given = new WeakMap<FetchedItem, Item>()
  #numbers = 0
  #handedOut = 0
  #adopted = 0

  constructor(
    definition: QueueDefinition,
    server: Server,
    around: { report: () => Report; lifetime: () => number; kept: (queue: string) => void },
  ) {
    this.definition = definition
    this.#server = server
    this.#lifetime = around.lifetime
    this.#kept = around.kept
    this.losses = new Losses(around.report)
  }

  get name(): string {
    return this.definition.name
  }

  /** How many items there are, as far as is known. */
  get size(): number {
    return this.kept + (this.#server.sizeOf(this.name) ?? 0)
  }

  /** How many items wait in this process. */
  get kept(): number {
    return this.#items.length
  }

  /** Whether those who wait can have something without a look. */
  get hasSome(): boolean {
    return this.kept > 0 || (this.#isFresh && this.size > 0)
  }

  get stats(): QueueStats {
    const { size, losses } = this
    const [fetched, lost] = [this.#handedOut, losses.count]
    const none = { leased: 0, paused: false, oldest: undefined, acknowledged: 0 }
    const added = this.#server.comeTo(this.name) + this.#adopted
    return { ...none, size, waiting: this.waiting.size, added, fetched, dropped: { lost } }
  }

  /** @throws MqueueError `MQ_UNKNOWN_QUEUE` where Kamailio has no such queue */
  assertThere(): void {
    if (!this.#server.lacks(this.name) || this.kept > 0) return
    const advice = `Define it there with modparam("mqueue", "mqueue", "name=${this.name}"), or choose another one`
    const text = `Kamailio at ${this.#server.shown} has no queue ${quote(this.name)}. ${advice}.`
    throw new MqueueError('MQ_UNKNOWN_QUEUE', text, { queue: this.name })
  }

  async fetch({ signal, inspect }: FetchOptions = {}): Promise<FetchedItem | undefined> {
    const [item] = await this.#until(signal, 1)
    if (item === undefined) return undefined
    try {
      inspect?.({ key: item.key, value: item.value })
    } catch (error) {
      this.#keep([item])
      throw error
    }
    return this.#hand([item])[0]
  }

  /** Takes up to so many items of what there is now. */
  async take(count: number, signal: AbortSignal | undefined): Promise<FetchedItem[]> {
    return this.#hand(await this.#until(signal, count))
  }

  /** Waits for items, behind the others. */
  wait(wait: Wait, clock: Clock): Promise<FetchedItem[]> {
    const late = () => {
      // What came since the last look is not to be missed.
      this.waiting.delete(waiting)
      this.#serve(waiting, true).catch((error) => waiting.fail(error))
    }
    const waiting = new Waiting(this.waiting, wait, clock, late)
    return waiting.answered
  }

  /** Serves who has waited longest, with what there is without a look. */
  async serveFirst(): Promise<void> {
    const [first] = this.waiting
    if (first !== undefined) await this.#serve(first, false)
  }

  /** Takes over items that another process, or another queue, had kept. */
  adopt(items: readonly (readonly [key: string, value: string])[]): void {
    this.#adopted += items.length
    this.#keep(items.map(([key, value]) => ({ number: ++this.#numbers, key, value })))
  }

  /** Takes items back that were handed out, each once. */
  putBack(given: readonly FetchedItem[]): void {
    const items = given.flatMap((one) => this.#given.get(one) ?? [])
    for (const one of given) this.#given.delete(one)
    this.#handedOut -= items.length
    this.#keep(items)
  }

  /** Hands out the items that wait in this process. */
  giveAway(): [key: string, value: string][] {
    return this.#items.splice(0).map(({ key, value }) => [key, value])
  }

  /** Ends every wait with an error. */
  failAll(error: unknown): void {
    for (const waiting of [...this.waiting]) waiting.fail(error)
  }

  #serve(waiting: Waiting, looks: boolean): Promise<void> {
    const want = { isGone: () => waiting.isOver, looks }
    return waiting.ask(
      () => this.#collect(waiting.count, want),
      (items) => this.#hand(items),
      (items) => this.#keep(items),
    )
  }

  /** Items of what there is now; whoever is gone by then gets none. */
  #until(signal: AbortSignal | undefined, count: number): Promise<Item[]> {
    return new Promise((resolve, reject) => {
      const abort = () => reject(asClosed(signal?.reason))
      if (signal?.aborted) {
        abort()
        return
      }
      signal?.addEventListener('abort', abort, { once: true })
      this.#collect(count, { isGone: () => signal?.aborted ?? false, looks: true })
        .then((items) => {
          if (signal?.aborted) this.#keep(items)
          else resolve(items)
        }, reject)
        .finally(() => signal?.removeEventListener('abort', abort))
    })
  }

  async #collect(count: number, { isGone, looks }: Want): Promise<Item[]> {
    const items: Item[] = []
    try {
      while (items.length < count) {
        const item = await this.#next({ isGone, looks: looks && items.length === 0 })
        if (item === undefined) break
        items.push(item)
      }
    } catch (error) {
      // What is there already is not lost. Whoever asks next learns what is wrong.
      if (items.length === 0) throw error
    }
    return items
  }

  /** The next item; undefined when there is none, or nobody wants it any more. */
  async #next({ isGone, looks }: Want): Promise<Item | undefined> {
    for (;;) {
      const kept = this.#items.shift()
      if (kept !== undefined) return kept
      if (isGone()) return undefined
      const isUnknown = !this.#isFresh || (looks && this.size === 0)
      if (isUnknown) {
        await this.#server.look()
        if (this.kept > 0) continue
      }
      this.assertThere()
      if (this.size === 0) return undefined
      const found = await this.#server.fetch(this.name, () => this.kept === 0 && !isGone())
      if (found.is === 'item') {
        return { number: ++this.#numbers, key: found.key, value: found.value }
      }
      if (found.is === 'empty') return undefined
      if (found.is === 'gone') this.losses.gone(this.name, this.#server.shown)
    }
  }

  get #isFresh(): boolean {
    return this.#server.age < this.#lifetime()
  }

  /** Items as they are handed out, each with how many are left behind it. */
  #hand(items: readonly Item[]): FetchedItem[] {
    this.#handedOut += items.length
    return items.map((item, index) => {
      const { key, value } = item
      const given = { key, value, size: this.size + items.length - 1 - index }
      this.#given.set(given, item)
      return given
    })
  }

  /** Keeps items, in their places, for whoever asks next. */
  #keep(items: readonly Item[]): void {
    if (items.length === 0) return
    this.#items.push(...items)
    this.#items.sort((a, b) => a.number - b.number)
    this.#kept(this.name)
  }
}
