import type { DroppedItem, DroppedItems } from '../engine.ts'
import { quote, reasonOf } from '../errors.ts'
import type { Report } from '../report.ts'
import type { Caller } from './caller.ts'
import { readCell } from './cells.ts'
import { type Group, type Reply, SingleGroup } from './groups.ts'
import type { SharedQueue } from './shared-queue.ts'

/** The queues that are defined in one call. */
const AT_ONCE = 100

/** Brings definitions to Redis, where the newest of all processes counts. */
export class Definer {
  readonly #caller: Caller
  readonly #report: () => Report
  readonly #changed: (queue: SharedQueue) => void
  /** What was said of each queue last. */
  readonly #reported = new Map<string, string>()

  constructor(caller: Caller, report: () => Report, changed: (queue: SharedQueue) => void) {
    this.#caller = caller
    this.#report = report
    this.#changed = changed
  }

  /**
   * Defines queues. Where the server cannot be used, they are defined before the first operation on them.
   *
   * @returns what no longer fits, by queue
   */
  async define(queues: readonly SharedQueue[]): Promise<DroppedItems[]> {
    const dropped: DroppedItems[] = []
    if (!this.#caller.isReady) return dropped
    for (let from = 0; from < queues.length; from += AT_ONCE) {
      const portion = queues.slice(from, from + AT_ONCE)
      const asked = portion.map((queue) => this.#ask(queue, 'D', queue.definitionArguments()))
      const answers = await Promise.allSettled(asked)
      for (const [index, answer] of answers.entries()) {
        const queue = portion[index] as SharedQueue
        if (answer.status === 'rejected') continue
        const items = [...this.#learn(queue, answer.value), ...(await this.#trim(queue))]
        if (items.length > 0) dropped.push({ queue: queue.name, items })
      }
    }
    return dropped
  }

  /** What defines queues in its own call, before one that needs them. */
  groups(queues: readonly SharedQueue[]): Group[] {
    // What this process no longer defines is taken as it is found.
    return queues.flatMap((queue) => {
      if (queue.mine === undefined) return []
      const resolve = (reply: Reply) => {
        const gone = this.#learn(queue, reply)
        this.#trim(queue).then((trimmed) => {
          const items = [...gone, ...trimmed]
          if (items.length === 0) return
          const text = `items dropped by its new definition: ${items.length}`
          this.#report().warn(`Queue ${quote(queue.name)}: ${text}.`)
        })
      }
      return new SingleGroup(queue, 'D', queue.definitionArguments(), { resolve, reject() {} })
    })
  }

  /** Takes over what counts; returns what no longer fits because of another addmode. */
  #learn(queue: SharedQueue, reply: Reply): DroppedItem[] {
    const [refusal = '', stamp = '', , ...rest] = reply as string[]
    const gone = queue.learn(stamp, rest)
    this.#changed(queue)
    this.#reportOnce(queue, refusal)
    const items: DroppedItem[] = []
    for (let at = 0; at < gone.length; at += 2) {
      const [reason, cell] = gone.slice(at, at + 2) as [DroppedItem['reason'], string]
      items.push(...this.#dropped(queue, reason, cell))
    }
    return items
  }

  /** An item that no longer fits; none where it cannot be read, which is reported. */
  #dropped(queue: SharedQueue, reason: DroppedItem['reason'], cell: string): DroppedItem[] {
    try {
      const { key, value } = readCell(queue.name, cell)
      return [{ key, value, reason }]
    } catch (error) {
      this.#report().error(reasonOf(error))
      return []
    }
  }

  /** Says once that another definition counts, or that this one was refused. */
  #reportOnce(queue: SharedQueue, refusal: string): void {
    const { differences } = queue
    const text = [...differences, refusal].join()
    if (this.#reported.get(queue.name) === text || (text === '' && !this.#reported.has(queue.name)))
      return
    this.#reported.set(queue.name, text)
    const what = `Queue ${quote(queue.name)} is defined elsewhere`
    if (refusal !== '') {
      const why = 'it holds more than 10,000 items, too many for another addmode'
      const advice =
        'Empty the queue, then deploy again: Redis does nothing else while it orders items'
      const kept = `Queue ${quote(queue.name)} keeps its former definition`
      this.#report().error(`${kept}: ${why}. ${advice}.`)
    } else if (differences.length > 0) {
      const how = `with ${differences.join(', ')}`
      this.#report().warn(`${what}, ${how}. That definition counts, because it was edited later.`)
    }
  }

  /** Drops the oldest items beyond the bound, and returns them. */
  async #trim(queue: SharedQueue): Promise<DroppedItem[]> {
    const items: DroppedItem[] = []
    const { size = 0, refuses = false } = queue.shared ?? {}
    if (size === 0 || refuses) return items
    try {
      while (queue.size > size) {
        const cells = (await this.#ask(queue, 'E')) as string[]
        if (cells.length === 0) break
        for (const cell of cells) items.push(...this.#dropped(queue, 'overflow', cell))
      }
    } catch (error) {
      this.#report().error(reasonOf(error))
    }
    return items
  }

  #ask(queue: SharedQueue, operation: string, parameters: readonly string[] = []): Promise<Reply> {
    return new Promise((resolve, reject) => {
      this.#caller.ask(new SingleGroup(queue, operation, parameters, { resolve, reject }))
    })
  }
}
