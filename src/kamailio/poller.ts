import type { KamailioQueue } from './queue.ts'
import type { Server } from './server.ts'

/**
 * Looks for those who wait: one look for all queues, and fetches where there is something. It goes on at once while
 * items come, looks once per poll while none do, and does nothing while nobody waits.
 */
export class Poller {
  readonly #server: Server
  readonly #queues: () => Iterable<KamailioQueue>
  /** The time between two looks, in ms. */
  readonly #poll: () => number
  #isRunning = false
  /** Ends the pause under way. */
  #endPause = () => {}

  constructor(server: Server, queues: () => Iterable<KamailioQueue>, poll: () => number) {
    this.#server = server
    this.#queues = queues
    this.#poll = poll
  }

  /** Somebody waits, or something has come for those who do. */
  wake(): void {
    this.#endPause()
    if (this.#isRunning) return
    this.#isRunning = true
    // It does not reject.
    void this.#run()
  }

  async #run(): Promise<void> {
    for (;;) {
      const wanted = [...this.#queues()].filter(({ waiting }) => waiting.size > 0)
      if (wanted.length === 0) break
      try {
        await this.#step(wanted)
      } catch {
        // Those who wait got the error, or do not need it: the next attempt follows.
        await this.#server.rest
      }
    }
    this.#isRunning = false
  }

  async #step(wanted: readonly KamailioQueue[]): Promise<void> {
    const { rest } = this.#server
    if (rest !== undefined) {
      await rest
      return
    }
    const ready = wanted.filter((queue) => queue.hasSome)
    if (ready.length > 0) {
      // One after the other gets one, so that no queue has to wait until another one is empty.
      for (const queue of ready) await queue.serveFirst()
      return
    }
    const time = this.#untilLook(wanted)
    if (time > 0) {
      await this.#pause(time)
      return
    }
    await this.#server.look()
    for (const queue of wanted) this.#assertThere(queue)
  }

  /** When the next look is due, in ms. */
  #untilLook(wanted: readonly KamailioQueue[]): number {
    const hasCome = wanted.some(({ name }) => this.#server.hasGivenOf(name))
    return hasCome ? 0 : this.#poll() - this.#server.age
  }

  #assertThere(queue: KamailioQueue): void {
    try {
      queue.assertThere()
    } catch (error) {
      queue.failAll(error)
    }
  }

  #pause(time: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, time).unref()
      this.#endPause = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }
}
