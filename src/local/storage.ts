import type { MqueueError } from '../errors.ts'
import type { MaybePromise } from '../maybe-promise.ts'
import type { QueuedItem } from './items.ts'
import type { Observer, Queue } from './queue.ts'

/** What a storage that is opened needs to know, and whom it calls. */
export interface Opening {
  /** Whether the queue has not been in use yet. If so, what is stored is loaded; else what it holds counts. */
  readonly isFresh: boolean
  /** Ends the opening when it is not wanted any more. */
  readonly signal: AbortSignal
  /** Is called with the number of items read so far. */
  progress(read: number): void
  /** Lets operations through before all is done. */
  ready(): void
  /** Has operations wait until the storage, which is open, was opened again. */
  again(): void
  /** Is called when the storage, once open, has written something. What fails after that is tried again at once. */
  worked(): void
  /**
   * Is called when the storage, once open, has failed: what the queue holds is not what is stored any more.
   *
   * @param error fails the operations until it is open again; without one they wait, since nothing was under way
   */
  failed(error?: MqueueError): void
}

/**
 * How the items of one queue outlive the process. There is one object for each queue and dbmode; it is made closed.
 * While it is open the queue calls it, as its observer, with every item that comes and goes.
 */
export interface Storage extends Observer {
  /** Where it keeps the items. Two storages of one place can read each other's items. */
  readonly place: unknown
  /** Whether a stop writes the items, so that the queue is closed then. */
  readonly savesAtStop: boolean
  /** Whether what the queue holds is with it at this moment, so that nothing else needs to be done about it. */
  readonly isStored: boolean
  /** Whether it takes note of what comes and goes. */
  readonly isOpen: boolean
  /** @throws MqueueError `MQ_INVALID_KEY`, `MQ_INVALID_VALUE` for what it cannot keep; `MQ_UNAVAILABLE` when too much waits */
  check(key: string, value: unknown): void
  /** Whether changes here and there can be stored together or not at all, since one place has both. */
  canTie(other: Storage): boolean
  /** Stores what was noted last here and there together or not at all. */
  tie(other: Storage): void
  /** Returns `result` once all that came and went so far is stored: at once, or as a promise that rejects when it was refused. */
  settle<T>(result: T): MaybePromise<T>
  /**
   * Writes what the queue holds to where `open` will find it, before the storage that has it releases it.
   *
   * @returns whether it is written down somewhere now, so that memory need not hold it
   */
  adopt(queue: Queue, former: Storage): MaybePromise<boolean>
  /** Makes the queue and what is stored the same. When it fails, nothing has changed. */
  open(queue: Queue, opening: Opening): MaybePromise<void>
  /** Releases what is stored, since the queue goes over to `next` with all that it holds. */
  leave(queue: Queue, next: Storage): MaybePromise<void>
  /**
   * Writes what must outlive the process, and closes. It never rejects: what cannot be written is rescued and reported.
   *
   * @returns how many items can be kept nowhere
   */
  stop(queue: Queue): MaybePromise<number>
  /** Closes, and leaves what is stored where it is. It never rejects. */
  release(): MaybePromise<void>
  /** How many items of the queue are stored nowhere else. */
  unstored(queue: Queue): number
  /**
   * Writes to a file, at once, what the next process could not find otherwise.
   *
   * @returns how many items can be kept nowhere
   */
  rescue(queue: Queue): number
  /** Keeps an item that came back while the queue could not take it: `open` will find it. */
  rescueItem(item: QueuedItem): void
}

/** Keeps nothing (dbmode 0): the queue lives in memory alone. */
export class NoStorage implements Storage {
  readonly place: unknown
  readonly savesAtStop = false
  readonly isStored = false
  readonly isOpen = true

  constructor(place?: unknown) {
    this.place = place
  }

  check(): void {}
  came(): void {}
  went(): void {}
  attempted(): void {}
  canTie(): boolean {
    return false
  }
  tie(): void {}
  settle<T>(result: T): T {
    return result
  }
  adopt(): boolean {
    return false
  }
  open(): void {}
  leave(): void {}
  stop(): number {
    return 0
  }
  release(): void {}
  unstored(queue: Queue): number {
    return queue.size
  }
  rescue(): number {
    return 0
  }
  rescueItem(): void {}
}
