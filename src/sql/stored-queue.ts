import type { Dbmode } from '../definition.ts'
import { MqueueError } from '../errors.ts'
import type { Table } from './driver.ts'
import type { Store } from './store.ts'

/** A queue with a dbmode, and whether its store lets it work. */
export class StoredQueue {
  readonly name: string
  readonly dbmode: Dbmode
  /** Whether it has been in use, so that what it holds in memory counts. */
  readonly isLiving: boolean
  /** Its table, once it was found, and the store that the table is in. */
  table: Table | undefined
  store: Store | undefined
  /** The id of the next row of a journaled queue. */
  nextId = 1
  /** How many items it holds that are in its rescue file as well, on their way into a journal. */
  setDown = 0
  /** Whether what it held has to be read from its table, since its journal failed as it left. */
  mustReload = false
  /** Whether another one has taken its place. */
  isReplaced = false
  /** The number of items read so far, while it is being opened. */
  loaded: number | undefined = 0
  #error: MqueueError | undefined
  #isOpen = false
  #attempt = Promise.withResolvers<void>()

  /** @param isLiving whether it has been in use, under another dbmode or in another store */
  constructor(name: string, dbmode: Dbmode, isLiving: boolean) {
    this.name = name
    this.dbmode = dbmode
    this.isLiving = isLiving
  }

  get isOpen(): boolean {
    return this.#isOpen
  }

  /** Why it cannot work; undefined while it can, and until its first attempt is over. */
  get error(): MqueueError | undefined {
    return this.#error
  }

  /** Settles when the first attempt to open it is over. */
  get attempted(): Promise<void> {
    return this.#attempt.promise
  }

  /** @throws the error of the queue, anew, when it cannot work */
  assertUsable(): void {
    if (this.#error === undefined) return
    const { code, message, field } = this.#error
    throw new MqueueError(code, message, { queue: this.name, field, cause: this.#error })
  }

  /** Lets operations through. */
  open(): void {
    this.#isOpen = true
    this.#error = undefined
    this.loaded = undefined
    this.#attempt.resolve()
  }

  /** Refuses operations with an error, until it is opened. */
  fail(error: MqueueError): void {
    this.#isOpen = false
    this.#error = error
    this.loaded = undefined
    this.#attempt.resolve()
  }

  /** Sends those that wait to whatever has taken its place. */
  replace(): void {
    this.isReplaced = true
    this.#attempt.resolve()
  }
}
