import type { QueuedItem } from './items.ts'

/** Where an item of a dead letter queue comes from, and why it was given up there. */
export interface Origin {
  readonly reason: 'attempts' | 'rejected'
  readonly queue: string
}

/** What an item has been through: how often it was handed out, and where it came from. */
export interface Past {
  readonly attempts: number
  readonly origin: Origin | undefined
}

/** An item that is out of its queue for a while: leased, or waiting for its next attempt. */
export interface Lease<V = unknown> extends QueuedItem<V>, Past {
  /** Names the lease in its queue. */
  readonly number: number
  /** Who has it, such as the id of a node. */
  readonly owner: string
  /** When it ends by itself, in ms of the clock. */
  readonly ends: number
  /** Whether the item was taken as by a fetch, so that it does not count as an attempt. */
  readonly isFetch: boolean
}

interface Entry<V> extends Lease<V> {
  readonly list: List<V>
  before: Entry<V> | undefined
  behind: Entry<V> | undefined
}

/** The leases of one length: they end in the order in which they began. */
interface List<V> {
  readonly length: number
  first: Entry<V> | undefined
  last: Entry<V> | undefined
}

/** Leases by their number, and in the order in which they end. There are few lengths, and many leases of each. */
export class Leases<V = unknown> implements Iterable<Lease<V>> {
  readonly #byNumber = new Map<number, Entry<V>>()
  readonly #lists = new Map<number, List<V>>()
  /** How many each owner has. */
  readonly #owned = new Map<string, number>()

  get size(): number {
    return this.#byNumber.size
  }

  /** How many an owner has. */
  countOf(owner: string): number {
    return this.#owned.get(owner) ?? 0
  }

  /** When the next one ends, in ms of the clock; undefined when there is none. */
  get nextEnd(): number | undefined {
    let next: number | undefined
    for (const { first } of this.#lists.values()) {
      if (first !== undefined && (next === undefined || first.ends < next)) next = first.ends
    }
    return next
  }

  /**
   * Begins a lease.
   *
   * @param now the time, in ms of the clock; it never goes back
   * @param length how long it lasts, in ms
   */
  begin(
    number: number,
    { id, key, value, added }: QueuedItem<V>,
    { attempts, origin }: Past,
    owner: string,
    now: number,
    length: number,
    isFetch = false,
  ): void {
    const list = this.#listOf(length)
    const before = list.last
    const ends = now + length
    const entry: Entry<V> = {
      number,
      id,
      key,
      value,
      added,
      attempts,
      origin,
      owner,
      ends,
      isFetch,
      list,
      before,
      behind: undefined,
    }
    if (before === undefined) list.first = entry
    else before.behind = entry
    list.last = entry
    this.#byNumber.set(number, entry)
    this.#owned.set(owner, this.countOf(owner) + 1)
  }

  has(number: number): boolean {
    return this.#byNumber.has(number)
  }

  /** Ends a lease and returns it; undefined when there is none of this number. */
  end(number: number): Lease<V> | undefined {
    const entry = this.#byNumber.get(number)
    if (entry === undefined) return undefined
    this.#byNumber.delete(number)
    this.#unlink(entry)
    const left = this.countOf(entry.owner) - 1
    if (left === 0) this.#owned.delete(entry.owner)
    else this.#owned.set(entry.owner, left)
    return entry
  }

  /** Ends the leases whose time is over, and returns them. */
  endDue(now: number): Lease<V>[] {
    const due: Lease<V>[] = []
    for (const list of this.#lists.values()) {
      while (list.first !== undefined && list.first.ends <= now) {
        due.push(this.end(list.first.number) as Lease<V>)
      }
    }
    return due
  }

  /** Ends all leases, or those of an owner, and returns them. */
  endAll(owner?: string): Lease<V>[] {
    if (owner === undefined) {
      const all = [...this]
      this.#byNumber.clear()
      this.#lists.clear()
      this.#owned.clear()
      return all
    }
    if (this.countOf(owner) === 0) return []
    const ended = [...this].filter((lease) => lease.owner === owner)
    for (const { number } of ended) this.end(number)
    return ended
  }

  [Symbol.iterator](): Iterator<Lease<V>> {
    return this.#byNumber.values()
  }

  #listOf(length: number): List<V> {
    let list = this.#lists.get(length)
    if (list === undefined) {
      list = { length, first: undefined, last: undefined }
      this.#lists.set(length, list)
    }
    return list
  }

  #unlink({ list, before, behind }: Entry<V>): void {
    if (before === undefined) list.first = behind
    else before.behind = behind
    if (behind === undefined) list.last = before
    else behind.before = before
    if (list.first === undefined) this.#lists.delete(list.length)
  }
}
