import { MqueueError, quote, reasonOf } from '../errors.ts'
import type { Report } from '../report.ts'
import { KeptFile, type KeptItems } from './kept-file.ts'
import type { KamailioQueue } from './queue.ts'

/** Where items are kept over the end of the process that were fetched for somebody who has gone. */
export interface KeepingPlace {
  /** Without it they are lost then, which is reported. */
  readonly directory?: string
  /** Distinguishes engines in one directory. */
  readonly id?: string
}

/** Keeps what was fetched from Kamailio for nodes that had gone, from the end of a process until the next one hands it out. */
export class Keeping {
  readonly #file: KeptFile | undefined
  readonly #report: () => Report
  /** What the file held of queues that are not defined now, and may be again. */
  #strays: KeptItems = new Map()

  constructor({ directory, id = '' }: KeepingPlace, report: () => Report) {
    this.#file = directory === undefined ? undefined : new KeptFile(directory, id)
    this.#report = report
  }

  /** Reads what an earlier process has kept. A crash after it loses what was not handed out yet, and hands nothing out twice. */
  read(): void {
    if (this.#file === undefined) return
    try {
      this.#strays = this.#file.take()
    } catch (error) {
      const text = `The items that were kept over the restart cannot be read from ${this.#file.path}: ${reasonOf(error)}.`
      const advice = 'Repair or remove the file, and allow Node-RED to remove it.'
      this.#report().error(`${text} ${advice}`)
    }
  }

  /**
   * Hands queues what was kept of them.
   *
   * @param isComplete whether these are all that there are, so that what was kept of others goes
   */
  handOver(queues: ReadonlyMap<string, KamailioQueue>, isComplete: boolean): void {
    for (const [name, items] of this.#strays) {
      const queue = queues.get(name)
      if (queue === undefined && !isComplete) continue
      this.#strays.delete(name)
      if (queue !== undefined) queue.adopt(items)
      else {
        const text = `Queue ${quote(name)}: items dropped with the deleted queue: ${items.length}.`
        this.#report().warn(text)
      }
    }
  }

  /**
   * Writes what only this process has.
   *
   * @param shown what people may see of the address of Kamailio
   * @throws MqueueError `MQ_UNAVAILABLE` with the number of items that are lost
   */
  write(queues: Iterable<KamailioQueue>, shown: string): void {
    const items: KeptItems = this.#strays
    this.#strays = new Map()
    for (const queue of queues) {
      if (queue.kept === 0) continue
      items.set(queue.name, [...(items.get(queue.name) ?? []), ...queue.giveAway()])
    }
    const count = [...items.values()].reduce((sum, some) => sum + some.length, 0)
    if (count === 0) return
    const text = `Items that were fetched from Kamailio at ${shown} for nodes that had gone are lost: ${count}.`
    if (this.#file === undefined) throw new MqueueError('MQ_UNAVAILABLE', text)
    try {
      this.#file.add(items)
    } catch (cause) {
      const reason = `They cannot be kept in ${this.#file.path}: ${reasonOf(cause)}.`
      throw new MqueueError('MQ_UNAVAILABLE', `${text} ${reason}`, { cause })
    }
  }
}
