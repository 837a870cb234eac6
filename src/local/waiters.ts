import type { MaybePromise } from '../maybe-promise.ts'
import type { Clock } from './clock.ts'

interface Waiter<Ask, Answer> {
  readonly ask: Ask
  readonly answer: (answer: MaybePromise<Answer>) => void
  readonly fail: (error: unknown) => void
}

/** Those who wait for items of a queue, in the order in which they asked. One that waits costs nothing. */
export class Waiters<Ask, Answer> {
  readonly #clock: Clock
  readonly #waiters = new Set<Waiter<Ask, Answer>>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  get size(): number {
    return this.#waiters.size
  }

  /**
   * Waits behind the others.
   *
   * @param time how long at most, in ms; `Infinity` for as long as it takes
   * @param signal ends the wait with its reason
   * @returns the answer; undefined when the time is over
   */
  wait(ask: Ask, time: number, signal: AbortSignal | undefined): Promise<Answer | undefined> {
    return new Promise((resolve, reject) => {
      let cancel = () => {}
      const leave = () => {
        this.#waiters.delete(waiter)
        cancel()
        signal?.removeEventListener('abort', abort)
      }
      const waiter: Waiter<Ask, Answer> = {
        ask,
        answer(answer) {
          leave()
          resolve(answer)
        },
        fail(error) {
          leave()
          reject(error)
        },
      }
      const abort = () => waiter.fail(signal?.reason)
      if (signal?.aborted) {
        reject(signal.reason)
        return
      }
      signal?.addEventListener('abort', abort)
      if (time !== Number.POSITIVE_INFINITY) {
        cancel = this.#clock.after(time, () => {
          leave()
          resolve(undefined)
        })
      }
      this.#waiters.add(waiter)
    })
  }

  /**
   * Serves those who wait, in their order.
   *
   * @param serve answers an ask; undefined when it cannot be answered now, `none` when no other can either
   */
  serve(serve: (ask: Ask) => MaybePromise<Answer> | 'none' | undefined): void {
    for (const waiter of this.#waiters) {
      try {
        const answer = serve(waiter.ask)
        if (answer === 'none') return
        if (answer !== undefined) waiter.answer(answer)
      } catch (error) {
        waiter.fail(error)
      }
    }
  }

  /** Ends every wait with an error. */
  failAll(error: () => unknown): void {
    for (const waiter of [...this.#waiters]) waiter.fail(error())
  }
}
