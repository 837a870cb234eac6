import { Backoff } from '../backoff.ts'
import { MqueueError, reasonOf } from '../errors.ts'
import { after, type MaybePromise } from '../maybe-promise.ts'
import type { Queue } from './queue.ts'
import { NoStorage, type Storage } from './storage.ts'

/** What a queue is doing. It is exactly one of these. */
export type QueueState =
  /** Operations wait for the attempt. */
  | { readonly is: 'opening'; read: number; readonly attempt: Promise<void> }
  /** Operations go through the storage. */
  | { readonly is: 'open'; readonly storage: Storage }
  /** Operations fail at once. It is tried again. */
  | { readonly is: 'failed'; readonly error: MqueueError }
  /** It is being written for the end of the process. */
  | { readonly is: 'closing' }
  | { readonly is: 'closed' }

/**
 * Brings the storage of one queue to the one that is wanted, until it is:
 *
 * 1. the wanted storage writes down what the queue holds, where it will find it (`adopt`);
 * 2. the one that has the queue releases it (`leave`);
 * 3. the wanted one takes it and lets operations through (`open`).
 *
 * What fails is tried again with back-off, from the step that failed. A storage that fails while it is open is opened
 * again in the same way; the back-off begins again once something was written.
 */
export class Keeper {
  readonly #queue: Queue
  readonly #onChange: () => void
  #state: QueueState = { is: 'closed' }
  /** The storage that has the queue, open or not. */
  #storage: Storage = new NoStorage()
  #wanted: Storage = this.#storage
  /** What is wanted, from before it is there. */
  #coming: MaybePromise<Storage> | undefined
  /** The storage that the queue is going over to, from the first step until it has it. */
  #successor: Storage | undefined
  /** Whether the queue has not been in use. */
  #isFresh = true
  #backoff = new Backoff()
  /** Ends the opening that is under way. */
  #abort = new AbortController()
  #task: Promise<void> | undefined
  /** Settles the attempt that operations wait for. */
  #attempted: () => void = () => {}

  /** @param onChange is called when the state has changed, or the number of items read */
  constructor(queue: Queue, onChange: () => void) {
    this.#queue = queue
    this.#onChange = onChange
  }

  get state(): QueueState {
    return this.#state
  }

  /**
   * How many items are stored nowhere else.
   *
   * @param out how many items are handed out, beside those that wait
   */
  unstored(out: number): number {
    const { isStored } = this.#storage
    return this.#storage.unstored(this.#queue) + (isStored ? 0 : out)
  }

  /** Goes over to another storage, at once where nothing has to be waited for. */
  want(wanted: MaybePromise<Storage>): void {
    this.#coming = wanted
    if (!(wanted instanceof Promise)) {
      this.#wanted = wanted
      this.#begin()
      return
    }
    this.#becomeOpening()
    const isStillWanted = () => this.#coming === wanted
    wanted.then(
      (storage) => isStillWanted() && this.want(storage),
      (cause) => isStillWanted() && this.#become({ is: 'failed', error: asError(cause) }),
    )
  }

  /** Writes what must outlive the process, and closes the queue. It never rejects. Returns how many items are lost. */
  async stop(): Promise<number> {
    if (this.#coming instanceof Promise) await this.#coming.catch(() => {})
    const { is } = this.#state
    if (is === 'closed' || (is === 'open' && !this.#storage.savesAtStop)) return 0
    this.#become({ is: 'closing' })
    await this.#end()
    // Where it was going over, the one that gets the queue writes what it holds.
    const lost = this.#storage.isStored ? 0 : await this.#successor?.stop(this.#queue)
    const isLeft = this.#queue.size > 0 && this.#storage.savesAtStop
    const lostThen = await this.#storage.stop(this.#queue)
    this.#queue.clear()
    this.#forget()
    return isLeft ? lostThen : (lost ?? 0)
  }

  /** Closes the queue and leaves what is stored where it is. It never rejects. */
  release(): MaybePromise<void> {
    this.#become({ is: 'closing' })
    return after(this.#end(), () =>
      after(this.#successor?.release(), () => after(this.#storage.release(), () => this.#forget())),
    )
  }

  /** Writes to a file, at once, what the next process could not find otherwise. Returns how many items are lost. */
  rescue(): number {
    if (this.#state.is === 'closed') return 0
    const keeper = this.#storage.isStored ? this.#storage : this.#wanted
    return keeper.rescue(this.#queue)
  }

  #begin(): void {
    this.#abort.abort()
    this.#abort = new AbortController()
    this.#backoff.reset()
    this.#becomeOpening()
    // A chain that is under way goes on with what is wanted now.
    if (this.#task !== undefined) return
    const step = this.#try()
    if (step instanceof Promise) this.#follow(step)
    else this.#become({ is: 'open', storage: this.#storage })
  }

  #follow(step: Promise<void>): void {
    const task = this.#goOn(step).finally(() => {
      if (this.#task === task) this.#task = undefined
    })
    this.#task = task
  }

  async #goOn(first: Promise<void>): Promise<void> {
    let step: MaybePromise<void> = first
    for (;;) {
      const { signal } = this.#abort
      try {
        await step
        if (this.#hasWanted && !this.#isEnding) {
          this.#become({ is: 'open', storage: this.#storage })
          return
        }
      } catch (cause) {
        // What is not wanted any more, or has let operations through already, fails nobody.
        if (!signal.aborted && this.#state.is !== 'open') {
          this.#become({ is: 'failed', error: asError(cause) })
        }
        if (!signal.aborted) await this.#backoff.wait()
      }
      if (this.#isEnding) return
      step = this.#try()
    }
  }

  #try(): MaybePromise<void> {
    try {
      return this.#step()
    } catch (cause) {
      return Promise.reject(cause)
    }
  }

  #step(): MaybePromise<void> {
    if (this.#isEnding) return
    if (this.#storage === this.#wanted && this.#successor === undefined) return this.#open()
    this.#successor ??= this.#wanted
    const next = this.#successor
    return after(this.#openToLeave(next), () =>
      after(next.adopt(this.#queue, this.#storage), (isWritten) =>
        after(this.#storage.leave(this.#queue, next), () => {
          if (isWritten) this.#queue.clear()
          this.#storage = next
          this.#successor = undefined
          this.#queue.observer = next
          return this.#step()
        }),
      ),
    )
  }

  /** Opens the storage that the queue leaves for another place, where it is not open: what it has goes along then. */
  #openToLeave(next: Storage): MaybePromise<void> {
    if (this.#storage.isOpen || this.#storage.place === next.place) return
    const opened = this.#open()
    // What cannot be had now stays where it is, and is reported.
    return opened instanceof Promise ? opened.catch(() => {}) : opened
  }

  #open(): MaybePromise<void> {
    const storage = this.#storage
    const opened = storage.open(this.#queue, {
      isFresh: this.#isFresh,
      signal: this.#abort.signal,
      progress: (read) => {
        if (this.#state.is !== 'opening') return
        this.#state.read = read
        this.#onChange()
      },
      ready: () => this.#become({ is: 'open', storage: this.#storage }),
      again: () => this.#again(storage),
      worked: () => this.#backoff.reset(),
      failed: (error) => this.#failed(storage, error),
    })
    return after(opened, () => {
      this.#isFresh = false
    })
  }

  #again(storage: Storage): void {
    if (storage !== this.#storage || this.#state.is !== 'open') return
    this.#becomeOpening()
    // What calls for it is still being done, and the chain that opened it may not have ended yet.
    this.#follow(Promise.resolve(this.#task).then(() => this.#try()))
  }

  #failed(storage: Storage, error: MqueueError | undefined): void {
    if (storage !== this.#storage) return
    this.#queue.clear()
    if (this.#isEnding) return
    if (error === undefined) this.#becomeOpening()
    else this.#become({ is: 'failed', error })
    if (this.#task !== undefined) return
    // At once after it has worked; what fails whenever it is open is opened ever less often.
    this.#follow(this.#backoff.wait(0).then(() => this.#try()))
  }

  /** Whether the wanted storage has the queue, and is open. */
  get #hasWanted(): boolean {
    const isThere = this.#storage === this.#wanted && this.#successor === undefined
    return isThere && this.#storage.isOpen
  }

  get #isEnding(): boolean {
    return this.#state.is === 'closing' || this.#state.is === 'closed'
  }

  /** Waits until the chain has come to its end. */
  #end(): MaybePromise<void> {
    this.#abort.abort()
    this.#backoff.reset()
    return this.#task
  }

  #forget(): void {
    this.#storage = new NoStorage()
    this.#wanted = this.#storage
    this.#coming = undefined
    this.#successor = undefined
    this.#queue.observer = this.#storage
    this.#isFresh = true
    this.#become({ is: 'closed' })
  }

  #becomeOpening(): void {
    // Those who wait already go on waiting, so that all keep their order.
    if (this.#state.is === 'opening') return
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#become({ is: 'opening', read: 0, attempt: promise })
    this.#attempted = resolve
  }

  /** The one place that goes from one state to another. Those who wait for an attempt go on with what has become of it. */
  #become(state: QueueState): void {
    this.#state = state
    this.#attempted()
    this.#attempted = () => {}
    this.#onChange()
  }
}

function asError(cause: unknown): MqueueError {
  if (cause instanceof MqueueError) return cause
  return new MqueueError('MQ_UNAVAILABLE', reasonOf(cause), { cause })
}
