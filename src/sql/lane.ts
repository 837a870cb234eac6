import type { Item } from '../engine.ts'
import type { MaybePromise } from '../maybe-promise.ts'
import type { Row, Table } from './drivers/driver.ts'

/** The most changes, and about the most characters, of one transaction. */
export const MOST_CHANGES = 10_000
export const MOST_CHARACTERS = 8_000_000

/** Somebody who waits for a commit, and the result they get then. */
interface Waiter<T = unknown> {
  readonly result: T
  resolve(result: T): void
  reject(error: Error): void
}

/** Changes of one table that are committed together, in the order of their chunks. */
export class Chunk {
  readonly lane: Lane
  readonly table: Table
  /** The rows that came, by their ids. */
  readonly added = new Map<number, Row>()
  /** The ids of the rows that went, and what they held. */
  readonly removed: number[] = []
  readonly removedItems: Item[] = []
  /** How often items that stay were handed out, by their ids. */
  readonly attempted = new Map<number, number>()
  /** Changes of other tables that are made together with these. */
  readonly ties = new Set<Chunk>()
  readonly waiters: Waiter[] = []
  characters = 0

  constructor(lane: Lane, table: Table) {
    this.lane = lane
    this.table = table
  }

  get changes(): number {
    return this.added.size + this.removed.length + this.attempted.size
  }
}

/** Is called with what becomes of the changes of one table, before any promise that waits is settled. */
export interface Outcomes {
  /** Some changes are committed. */
  worked(): void
  /** The database refuses the changes; nothing of them was made. Returns the error for those who wait. */
  refused(cause: Error): Error
  /**
   * The connection is lost. Returns the error as well.
   *
   * @param uncertain of which it is not known whether they were made
   * @param all what was noted and not committed, in its order
   */
  lost(cause: Error, uncertain: readonly Chunk[], all: readonly Chunk[]): Error
  /** The connection is lost while no change was under way. */
  cut(cause: Error): void
}

/** Who commits the changes of lanes. */
interface Group {
  /** Commits a lane that has something new. */
  noted(lane: Lane, changes: number, characters: number): void
  /** Counts what does not wait any more. */
  done(chunk: Chunk): void
  /** Commits no more for a lane. */
  remove(lane: Lane): void
  /** @throws MqueueError `MQ_UNAVAILABLE` when so much waits that nothing more may come */
  assertRoom(queue: string): void
}

/** The changes of one table on their way to the database. */
export class Lane {
  readonly #table: Table
  readonly #outcomes: Outcomes
  readonly #group: Group
  /** What waits, oldest first. */
  readonly #chunks: Chunk[] = []
  #committing: readonly Chunk[] = []
  #isClosed = false
  #largestId: number

  constructor(table: Table, outcomes: Outcomes, group: Group, largestId: number) {
    this.#table = table
    this.#outcomes = outcomes
    this.#group = group
    this.#largestId = largestId
  }

  /** What waits to be committed, oldest first. */
  get waiting(): readonly Chunk[] {
    return this.#chunks
  }

  /** Whether all that was noted is committed. */
  get isSettled(): boolean {
    return this.#committing.length === 0 && this.#chunks.length === 0
  }

  /** @throws MqueueError `MQ_UNAVAILABLE` when so much waits that nothing more may come */
  assertRoom(): void {
    this.#group.assertRoom(this.#table.queue)
  }

  /** Notes a row that came. */
  insert(row: Row): void {
    const characters = row.key.length + row.val.length
    let chunk = this.#open(characters)
    // A row that comes back must not be in one transaction with its going.
    if (row.id <= this.#largestId && chunk.removed.includes(row.id)) chunk = this.#newChunk()
    else if (row.id > this.#largestId) this.#largestId = row.id
    chunk.added.set(row.id, row)
    chunk.characters += characters
    this.#group.noted(this, 1, characters)
  }

  /** Notes how often an item that stays was handed out. */
  attempted(id: number, attempts: number): void {
    const chunk = this.#open(0)
    const row = chunk.added.get(id)
    if (row !== undefined) chunk.added.set(id, { ...row, attempts })
    else {
      const isNew = !chunk.attempted.has(id)
      chunk.attempted.set(id, attempts)
      this.#group.noted(this, isNew ? 1 : 0, 0)
    }
  }

  /** Commits what was noted last together with what another lane noted last. */
  tie(other: Lane): void {
    const [own, others] = [this.#chunks.at(-1), other.#chunks.at(-1)]
    if (own === undefined || others === undefined) return
    own.ties.add(others)
    others.ties.add(own)
  }

  /** Notes a row that went. */
  remove(id: number, item: Item): void {
    const chunk = this.#open(0)
    // What came and went in one chunk was never there.
    if (chunk.added.delete(id)) {
      this.#group.noted(this, -1, 0)
      return
    }
    chunk.removed.push(id)
    chunk.removedItems.push(item)
    this.#group.noted(this, chunk.attempted.delete(id) ? 0 : 1, 0)
  }

  /** Returns a result when all that was noted so far is committed, at once where it is. Results keep their order. */
  settle<T>(result: T): MaybePromise<T> {
    const chunk = this.#chunks.at(-1) ?? this.#committing.at(-1)
    if (chunk === undefined) return result
    return new Promise<T>((resolve, reject) => {
      chunk.waiters.push({ result, resolve, reject } as Waiter)
    })
  }

  /** Waits until nothing is left to be committed, also of what is noted meanwhile. It never rejects. */
  async settled(): Promise<void> {
    while (!this.isSettled) {
      try {
        await this.settle(undefined)
      } catch {
        // Those who asked for it have the error.
      }
    }
  }

  /** Commits no more. Nothing may be waiting. */
  close(): void {
    this.#isClosed = true
    this.#group.remove(this)
  }

  /** Begins to commit the next chunks. */
  take(count: number): readonly Chunk[] {
    this.#committing = this.#chunks.splice(0, count)
    return this.#committing
  }

  /** What is under way is committed. */
  succeed(): void {
    const chunks = this.#committing
    this.#committing = []
    for (const chunk of chunks) this.#group.done(chunk)
    this.#outcomes.worked()
    for (const { waiters } of chunks) for (const { resolve, result } of waiters) resolve(result)
  }

  /** What is under way was refused; what waits behind it may stand on it. */
  refuse(cause: Error): void {
    const chunks = this.#fail(() => this.#outcomes.refused(cause))
    // What is tied to what is given up must not be made without it.
    for (const { ties } of chunks) {
      for (const tied of ties) if (tied.lane.waiting.includes(tied)) tied.lane.refuse(cause)
    }
  }

  /** The connection is lost. */
  lose(cause: Error, isUncertain: boolean): void {
    const uncertain = isUncertain ? this.#committing : []
    if (!this.isSettled) this.#fail((all) => this.#outcomes.lost(cause, uncertain, all))
    else if (!this.#isClosed) {
      this.close()
      this.#outcomes.cut(cause)
    }
  }

  #fail(explain: (all: readonly Chunk[]) => Error): readonly Chunk[] {
    if (this.#isClosed) return []
    this.close()
    const chunks = [...this.#committing, ...this.#chunks]
    this.#committing = []
    this.#chunks.length = 0
    const error = explain(chunks)
    for (const chunk of chunks) {
      this.#group.done(chunk)
      for (const { reject } of chunk.waiters) reject(error)
    }
    return chunks
  }

  /** The chunk that takes what happens now. */
  #open(characters: number): Chunk {
    const last = this.#chunks.at(-1)
    if (last === undefined) return this.#newChunk()
    const isFull = last.changes >= MOST_CHANGES || last.characters + characters > MOST_CHARACTERS
    return isFull ? this.#newChunk() : last
  }

  #newChunk(): Chunk {
    const chunk = new Chunk(this, this.#table)
    this.#chunks.push(chunk)
    return chunk
  }
}
