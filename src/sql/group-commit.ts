import { MqueueError, quote } from '../errors.ts'
import { type Connection, UncertainCommit } from './connection.ts'
import type { Table } from './drivers/driver.ts'
import { type Chunk, Lane, MOST_CHANGES, MOST_CHARACTERS, type Outcomes } from './lane.ts'

/** How long a write may take, in ms, and how much longer for each million characters. */
const TIMEOUT = 10_000
const TIMEOUT_PER_MILLION = 1_000
/** The most that may wait to be committed; beyond it adds are refused. docs/persistence.md says so. */
const MOST_WAITING = 1_000_000
const MOST_WAITING_CHARACTERS = 256_000_000
/** After so many refusals with nothing written in between, the connection is given up. */
const MOST_REFUSALS = 3

/** Chunks of some lanes that are committed together or not at all. */
type Group = ReadonlyMap<Lane, readonly Chunk[]>

/**
 * Commits the changes of all journals over one connection: what one turn of the event loop changes is one
 * transaction, and one transaction follows the other. A turn that changes very much is several. When the database
 * refuses one, each table is tried by itself, so that one that it refuses does not take the others down with it. When
 * it takes no changes at all the connection is given up, since another one may lead to another server, or have rights
 * that were granted meanwhile.
 * When the connection is lost it ends; what was waiting behind fails too, since it may stand on what was not committed.
 */
export class GroupCommit {
  readonly connection: Connection
  /** The lanes with something to be committed, the one that waits longest first. */
  readonly #dirty = new Set<Lane>()
  readonly #lanes = new Set<Lane>()
  #state: 'idle' | 'waiting' | 'writing' | 'ended' = 'idle'
  /** What waits to be committed, in all lanes. */
  #changes = 0
  #characters = 0
  /** How many changes were refused since one was made. */
  #refusals = 0

  constructor(connection: Connection) {
    this.connection = connection
    connection.onLost((cause) => {
      // A write that is under way fails by itself, and knows how far it got.
      if (this.#state !== 'writing') this.#end(cause)
    })
  }

  /** Begins to commit the changes of a table. */
  lane(table: Table, outcomes: Outcomes, largestId: number): Lane {
    const lane = new Lane(table, outcomes, this, largestId)
    this.#lanes.add(lane)
    return lane
  }

  /** Commits no more for a lane. */
  remove(lane: Lane): void {
    this.#lanes.delete(lane)
    this.#dirty.delete(lane)
  }

  /** Commits a lane that has something new. */
  noted(lane: Lane, changes: number, characters: number): void {
    this.#changes += changes
    this.#characters += characters
    this.#dirty.add(lane)
    if (this.#state !== 'idle') return
    this.#state = 'waiting'
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
    const waiting = `${this.#changes} changes wait for the database ${this.connection.address.shown}`
    const text = `Queue ${quote(queue)}: ${waiting}, and no more are taken. Add more slowly, or try again later.`
    throw new MqueueError('MQ_UNAVAILABLE', text, { queue })
  }

  async #run(): Promise<void> {
    while (this.#dirty.size > 0 && this.#state !== 'ended') {
      await this.#commit(this.#nextBatch())
      // Whoever is answered now may go on to what the next batch can hold.
      await new Promise(setImmediate)
    }
    if (this.#state !== 'ended') this.#state = 'idle'
  }

  #nextBatch(): Group[] {
    const batch: Group[] = []
    let changes = 0
    let characters = 0
    for (const lane of [...this.#dirty]) {
      // It may have come along with another one.
      if (!this.#dirty.has(lane)) continue
      const counts = tiedWith(lane)
      const next = [...counts].flatMap(([one, count]) => one.waiting.slice(0, count))
      for (const chunk of next) {
        changes += chunk.changes
        characters += chunk.characters
      }
      const isFull = changes > MOST_CHANGES || characters > MOST_CHARACTERS
      if (batch.length > 0 && isFull) break
      batch.push(new Map([...counts].map(([one, count]) => [one, one.take(count)])))
      for (const one of counts.keys()) {
        this.#dirty.delete(one)
        // What else it has comes after the others.
        if (one.waiting.length > 0) this.#dirty.add(one)
      }
    }
    return batch
  }

  async #commit(batch: readonly Group[]): Promise<void> {
    this.#state = 'writing'
    try {
      await this.#write(batch)
      for (const lane of lanesOf(batch)) this.#succeed(lane)
    } catch (error) {
      await this.#commitApart(batch, error as Error)
    }
    if (this.#state === 'writing') this.#state = 'waiting'
    const { lost } = this.connection
    if (lost !== undefined) this.#end(lost)
  }

  /** Finds out which lanes were refused, after all together failed: what each group has is tried by itself. */
  async #commitApart(batch: readonly Group[], failure: Error): Promise<void> {
    if (!this.#isRefusal(failure)) {
      this.#end(failure, lanesOf(batch))
      return
    }
    await this.connection.probe(TIMEOUT)
    const { lost } = this.connection
    if (lost !== undefined) {
      this.#end(lost)
      return
    }
    for (const group of batch) {
      const lanes = [...group.keys()]
      const error = batch.length === 1 ? failure : await this.#tryAlone(group)
      if (error === undefined) for (const lane of lanes) this.#succeed(lane)
      else if (this.#isRefusal(error)) {
        this.#refusals++
        for (const lane of lanes) lane.refuse(error)
      } else {
        this.#end(error, lanes)
        return
      }
    }
    // Who has changes to make may have more luck. Where nobody is left the connection is closed.
    const isOnlyIdle = this.#dirty.size === 0 && this.#lanes.size > 0
    if (this.#refusals < MOST_REFUSALS || !isOnlyIdle) return
    this.connection.lose(new Error('the database refuses one change after the other'))
  }

  #succeed(lane: Lane): void {
    this.#refusals = 0
    lane.succeed()
  }

  /** Commits what one group has; returns what went wrong, if anything. */
  async #tryAlone(group: Group): Promise<Error | undefined> {
    try {
      await this.#write([group])
      return undefined
    } catch (error) {
      return error as Error
    }
  }

  #isRefusal(error: Error): boolean {
    return this.connection.lost === undefined && !(error instanceof UncertainCommit)
  }

  #write(batch: readonly Group[]): Promise<void> {
    const chunks = batch.flatMap((group) => [...group.values()].flat())
    const changes = chunks.flatMap((chunk) => {
      if (chunk.changes === 0) return []
      const { table, removed, added, attempted } = chunk
      const all = { table, removed, added: [...added.values()] }
      return attempted.size > 0 && table.counts ? { ...all, attempted } : all
    })
    if (changes.length === 0) return Promise.resolve()
    const characters = chunks.reduce((sum, chunk) => sum + chunk.characters, 0)
    return this.connection.write(changes, TIMEOUT + (TIMEOUT_PER_MILLION * characters) / 1_000_000)
  }

  /**
   * Ends it, since the connection is lost.
   *
   * @param tried the lanes whose chunk was tried last; after an uncertain commit nobody knows whether it was made
   */
  #end(cause: Error, tried: readonly Lane[] = []): void {
    if (this.#state === 'ended') return
    this.#state = 'ended'
    this.connection.lose(cause)
    const isUncertain = cause instanceof UncertainCommit
    for (const lane of [...this.#lanes]) lane.lose(cause, isUncertain && tried.includes(lane))
  }
}

/** How many of its chunks a lane has to commit next, and how many other lanes with them, since they are tied. */
function tiedWith(first: Lane): Map<Lane, number> {
  const counts = new Map([[first, 1]])
  for (const [lane, count] of counts) {
    for (const { ties } of lane.waiting.slice(0, count)) {
      for (const tied of ties) {
        const needed = tied.lane.waiting.indexOf(tied) + 1
        if (needed <= (counts.get(tied.lane) ?? 0)) continue
        // It is looked at again, behind the others.
        counts.delete(tied.lane)
        counts.set(tied.lane, needed)
      }
    }
  }
  return counts
}

function lanesOf(batch: readonly Group[]): Lane[] {
  return batch.flatMap((group) => [...group.keys()])
}
