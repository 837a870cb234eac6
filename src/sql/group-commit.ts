import type { Item } from '../engine.ts'
import { MqueueError, quote } from '../errors.ts'
import type { MaybePromise } from '../maybe-promise.ts'
import { type Connection, UncertainCommit } from './connection.ts'
import type { Row, Table } from './drivers/driver.ts'

/** How long a write may take, in ms, and how much longer for each million characters. */
const PATIENCE = 10_000
const PATIENCE_PER_MILLION = 1_000
/** The most changes, and about the most characters, of one transaction. */
const MOST_CHANGES = 10_000
const MOST_CHARACTERS = 8_000_000
/** The most that may wait to be committed; beyond it adds are refused. The README says so. */
const MOST_WAITING = 1_000_000
const MOST_WAITING_CHARACTERS = 256_000_000

/** Somebody who waits for a commit, and the result they get then. */
interface Waiter<T = unknown> {
  readonly result: T
  resolve(result: T): void
  reject(error: Error): void
}

/** Changes of one table that are committed together, in the order of their chunks. */
export class Chunk {
  readonly table: Table
  /** The rows that came, by their ids. */
  readonly added = new Map<number, Row>()
  /** The ids of the rows that went, and what they held. */
  readonly removed: number[] = []
  readonly removedItems: Item[] = []
  readonly waiters: Waiter[] = []
  characters = 0

  constructor(table: Table) {
    this.table = table
  }

  get changes(): number {
    return this.added.size + this.removed.length
  }
}

/** Who is told of the failures of one table. Both are called before anybody who waits hears of it. */
export interface Failures {
  /** The database refuses the changes; nothing of them was made. Returns the error for those who wait. */
  refused(cause: Error): Error
  /** The connection is lost. Of the chunk, if any, it is not known whether it was made. Returns the error as well. */
  lost(cause: Error, uncertain: Chunk | undefined): Error
}

/**
 * Commits the changes of all journals over one connection: what one turn of the event loop changes is one
 * transaction, and one transaction follows the other. A turn that changes very much is several. When the database
 * refuses one, each table is tried by itself, so that one that it refuses does not take the others down with it.
 * When the connection is lost it ends; what was waiting behind fails too, since it may stand on what was not committed.
 */
export class GroupCommit {
  readonly #connection: Connection
  /** The lanes with something to be committed, the one that waits longest first. */
  readonly #dirty = new Set<Lane>()
  readonly #lanes = new Set<Lane>()
  #isRunning = false
  #isWriting = false
  #isEnded = false
  /** What waits to be committed, in all lanes. */
  #changes = 0
  #characters = 0

  constructor(connection: Connection) {
    this.#connection = connection
    connection.onLost((cause) => {
      // A write that is under way fails by itself, and knows how far it got.
      if (!this.#isWriting) this.#end(cause)
    })
  }

  /** Begins to commit the changes of a table. */
  lane(table: Table, failures: Failures): Lane {
    const lane = new Lane(table, failures, this)
    this.#lanes.add(lane)
    return lane
  }

  /** Commits no more for a lane. */
  remove(lane: Lane): void {
    this.#lanes.delete(lane)
    this.#dirty.delete(lane)
  }

  /** Has a lane committed that has something new. */
  noted(lane: Lane, changes: number, characters: number): void {
    this.#changes += changes
    this.#characters += characters
    this.#dirty.add(lane)
    if (this.#isRunning) return
    this.#isRunning = true
    setImmediate(() => this.#run())
  }

  /** Counts what does not wait any more. */
  done({ changes, characters }: Chunk): void {
    this.#changes -= changes
    this.#characters -= characters
  }

  /** @throws MqueueError `MQ_UNAVAILABLE` when so much waits that nothing more may come */
  assertRoom(queue: string): void {
    if (this.#changes < MOST_WAITING && this.#characters < MOST_WAITING_CHARACTERS) return
    const waiting = `${this.#changes} changes wait for the database ${this.#connection.address.shown}`
    const text = `Queue ${quote(queue)}: ${waiting}, and no more are taken. Add more slowly, or try again later.`
    throw new MqueueError('MQ_UNAVAILABLE', text, { queue })
  }

  async #run(): Promise<void> {
    while (this.#dirty.size > 0 && !this.#isEnded) {
      await this.#commit(this.#nextBatch())
      // Whoever is answered now may go on to what the next batch can hold.
      await new Promise(setImmediate)
    }
    this.#isRunning = false
  }

  #nextBatch(): Map<Lane, Chunk> {
    const batch = new Map<Lane, Chunk>()
    let changes = 0
    let characters = 0
    for (const lane of [...this.#dirty]) {
      const next = lane.next as Chunk
      changes += next.changes
      characters += next.characters
      const isFull = changes > MOST_CHANGES || characters > MOST_CHARACTERS
      if (batch.size > 0 && isFull) break
      batch.set(lane, lane.take())
      this.#dirty.delete(lane)
      // What else it has comes after the others.
      if (lane.next !== undefined) this.#dirty.add(lane)
    }
    return batch
  }

  async #commit(batch: Map<Lane, Chunk>): Promise<void> {
    this.#isWriting = true
    try {
      await this.#write([...batch.values()])
      for (const lane of batch.keys()) lane.succeed()
    } catch (error) {
      await this.#commitApart(batch, error as Error)
    } finally {
      this.#isWriting = false
    }
    const { lost } = this.#connection
    if (lost !== undefined) this.#end(lost)
  }

  /** Commits the chunk of each lane by itself, after all together were refused. */
  async #commitApart(batch: Map<Lane, Chunk>, refusal: Error): Promise<void> {
    for (const [lane, chunk] of batch) {
      let error = refusal
      if (batch.size > 1 && this.#isRefusal(refusal)) {
        try {
          await this.#write([chunk])
          lane.succeed()
          continue
        } catch (cause) {
          error = cause as Error
        }
      }
      if (this.#isRefusal(error)) {
        lane.refuse(error)
        continue
      }
      const isUncertain = error instanceof UncertainCommit
      // After all together nobody knows of any of them; after one alone the others behind it were not tried.
      this.#end(error, isUncertain ? (error === refusal ? [...batch.keys()] : [lane]) : [])
      return
    }
  }

  #isRefusal(error: Error): boolean {
    return this.#connection.lost === undefined && !(error instanceof UncertainCommit)
  }

  #write(chunks: readonly Chunk[]): Promise<void> {
    const changes = chunks.flatMap((chunk) => {
      if (chunk.changes === 0) return []
      const { table, removed, added } = chunk
      return { table, removed, added: [...added.values()] }
    })
    if (changes.length === 0) return Promise.resolve()
    const characters = chunks.reduce((sum, chunk) => sum + chunk.characters, 0)
    return this.#connection.write(
      changes,
      PATIENCE + (PATIENCE_PER_MILLION * characters) / 1_000_000,
    )
  }

  #end(cause: Error, uncertain: readonly Lane[] = []): void {
    if (this.#isEnded) return
    this.#isEnded = true
    this.#connection.lose(cause)
    for (const lane of [...this.#lanes]) lane.lose(cause, uncertain.includes(lane))
  }
}

/** The changes of one table on their way to the database. */
export class Lane {
  readonly #table: Table
  readonly #failures: Failures
  readonly #group: GroupCommit
  /** What waits, oldest first. */
  readonly #chunks: Chunk[] = []
  #committing: Chunk | undefined
  #isClosed = false
  #largestId = 0

  constructor(table: Table, failures: Failures, group: GroupCommit) {
    this.#table = table
    this.#failures = failures
    this.#group = group
  }

  /** The chunk that is to be committed next. */
  get next(): Chunk | undefined {
    return this.#chunks[0]
  }

  /** Whether all that was noted is committed. */
  get isSettled(): boolean {
    return this.#committing === undefined && this.#chunks.length === 0
  }

  /** @throws MqueueError `MQ_UNAVAILABLE` when so much waits that nothing more may come */
  assertRoom(): void {
    this.#group.assertRoom(this.#table.name)
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
    this.#group.noted(this, 1, 0)
  }

  /** Returns a result when all that was noted so far is committed, at once where it is. Results keep their order. */
  settle<T>(result: T): MaybePromise<T> {
    const chunk = this.#chunks.at(-1) ?? this.#committing
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
        // Those who asked for it were told.
      }
    }
  }

  /** Commits no more. Nothing may be waiting. */
  close(): void {
    this.#isClosed = true
    this.#group.remove(this)
  }

  /** Begins to commit the next chunk. */
  take(): Chunk {
    const chunk = this.#chunks.shift() as Chunk
    this.#committing = chunk
    return chunk
  }

  /** The chunk under way is committed. */
  succeed(): void {
    const chunk = this.#committing as Chunk
    this.#committing = undefined
    this.#group.done(chunk)
    for (const { resolve, result } of chunk.waiters) resolve(result)
  }

  /** The chunk under way was refused; what waits behind it may stand on it. */
  refuse(cause: Error): void {
    this.#fail(() => this.#failures.refused(cause))
  }

  /** The connection is lost. */
  lose(cause: Error, isUncertain: boolean): void {
    const uncertain = isUncertain ? this.#committing : undefined
    this.#fail(() => this.#failures.lost(cause, uncertain))
  }

  #fail(explain: () => Error): void {
    if (this.#isClosed) return
    this.close()
    const chunks = [...(this.#committing === undefined ? [] : [this.#committing]), ...this.#chunks]
    this.#committing = undefined
    this.#chunks.length = 0
    const error = explain()
    for (const chunk of chunks) {
      this.#group.done(chunk)
      for (const { reject } of chunk.waiters) reject(error)
    }
  }

  /** The chunk that takes what happens now. */
  #open(characters: number): Chunk {
    const last = this.#chunks.at(-1)
    if (last === undefined) return this.#newChunk()
    const isFull =
      last.changes >= MOST_CHANGES || last.characters + characters > MOST_CHARACTERS
    return isFull ? this.#newChunk() : last
  }

  #newChunk(): Chunk {
    const chunk = new Chunk(this.#table)
    this.#chunks.push(chunk)
    return chunk
  }
}
