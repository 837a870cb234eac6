import type { FetchedItem } from '../engine.ts'
import type { Clock } from '../local/clock.ts'
import { asClosed } from '../local/consumers.ts'

/** How somebody waits. */
export interface Wait {
  /** How many are wanted at most. */
  readonly count: number
  /** For how long, in ms; `Infinity` for as long as it takes. */
  readonly time: number
  readonly signal: AbortSignal | undefined
}

/** Somebody who waits for items of one queue. */
export class Waiting {
  readonly count: number
  readonly answered: Promise<FetchedItem[]>
  readonly #settle = Promise.withResolvers<FetchedItem[]>()
  readonly #leave: () => void
  #state: 'waiting' | 'asking' | 'over' = 'waiting'
  #isLate = false

  /**
   * @param line where it stands while it waits
   * @param late is called when the time is over, unless it is just being asked for
   */
  constructor(line: Set<Waiting>, { count, time, signal }: Wait, clock: Clock, late: () => void) {
    this.count = count
    this.answered = this.#settle.promise
    const abort = () => this.fail(asClosed(signal?.reason))
    const isEndless = time === Number.POSITIVE_INFINITY
    const cancel = isEndless ? () => {} : clock.after(time, () => this.#timeOver(late))
    this.#leave = () => {
      line.delete(this)
      cancel()
      signal?.removeEventListener('abort', abort)
    }
    line.add(this)
    signal?.addEventListener('abort', abort)
  }

  /** Whether it was answered, or has gone. */
  get isOver(): boolean {
    return this.#state === 'over'
  }

  /**
   * Asks for what it waits for. It goes on waiting where there is nothing, unless its time is over.
   *
   * @param ask returns the items
   * @param keep is called with items that nobody wants any more
   */
  async ask<I>(
    ask: () => Promise<readonly I[]>,
    hand: (items: readonly I[]) => FetchedItem[],
    keep: (items: readonly I[]) => void,
  ): Promise<void> {
    this.#state = 'asking'
    try {
      const items = await ask()
      if (this.isOver) keep(items)
      else if (items.length > 0 || this.#isLate) this.answer(hand(items))
    } catch (error) {
      if (this.#isLate) this.fail(error)
      throw error
    } finally {
      if (!this.isOver) this.#state = 'waiting'
    }
  }

  answer(items: FetchedItem[]): void {
    this.#end()
    this.#settle.resolve(items)
  }

  fail(error: unknown): void {
    this.#end()
    this.#settle.reject(error)
  }

  #timeOver(late: () => void): void {
    this.#isLate = true
    if (this.#state === 'waiting') late()
  }

  #end(): void {
    this.#state = 'over'
    this.#leave()
  }
}
