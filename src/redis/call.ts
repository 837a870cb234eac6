import { type Group, MOST_LENGTH, MOST_OPERATIONS, type Reply } from './groups.ts'
import type { SharedQueue } from './shared-queue.ts'

/** What the script replies to a call that was done. */
export type CallReply = readonly [
  is: 'ok',
  now: number,
  counts: readonly number[],
  dropped: readonly (string | number)[],
  replies: readonly Reply[],
]

/** An item that nobody's message has caused to go. */
export interface Loss {
  readonly queue: SharedQueue
  readonly reason: string
  /** The lease that it had; blank where it had none. */
  readonly lease: string
  readonly cell: string
}

/** Takes the groups of the next call off a list, which keeps the others. */
export function nextGroups(pending: Group[]): Group[] {
  let operations = 0
  let length = 0
  let end = 0
  for (const group of pending) {
    operations += group.count
    length += group.length
    // What goes by a definition goes out when it is known which one counts.
    const isOtherKind = isDefinition(group) !== isDefinition(pending[0] as Group)
    const isTooMuch = operations > MOST_OPERATIONS || length > MOST_LENGTH
    if (end > 0 && (isOtherKind || isTooMuch)) break
    end++
  }
  return pending.splice(0, end).filter((group) => group.prepare())
}

function isDefinition({ operation }: Group): boolean {
  return operation === 'D'
}

/** One call of the script: groups, and the queues that they are about. */
export class Call {
  readonly number: number
  readonly groups: readonly Group[]
  readonly #queues: SharedQueue[] = []
  readonly #places = new Map<SharedQueue, number>()
  readonly #other: (name: string) => SharedQueue

  /**
   * @param other finds a queue by its name, for dead letter queues
   */
  constructor(number: number, groups: readonly Group[], other: (name: string) => SharedQueue) {
    this.number = number
    this.groups = groups
    this.#other = other
    for (const { queue } of groups) this.#place(queue)
    for (const { shared } of [...this.#queues]) {
      if (shared?.deadLetter) this.#place(other(shared.deadLetter))
    }
  }

  /** Whether a server with a full memory refuses it. */
  get needsRoom(): boolean {
    return this.groups.some((group) => group.needsRoom)
  }

  /**
   * The arguments of the command behind the script, keys first.
   *
   * @param prefix of all keys; with a second colon behind it no queue has that name
   * @param time what the script takes for the time, in ms; undefined for the server's
   */
  arguments(prefix: string, client: string, time: number | undefined): string[] {
    const keys = [`${prefix}:clients`, `${prefix}client:${client}`]
    const rest = [String(this.number), client, String(time ?? ''), String(this.#queues.length)]
    const defined = new Set(
      this.groups.filter((group) => isDefinition(group)).map(({ queue }) => queue),
    )
    const used = new Set(this.groups.map(({ queue }) => queue))
    for (const queue of this.#queues) {
      keys.push(...queue.keys)
      const { shared, mine } = queue
      const dead = shared?.deadLetter ? this.#places.get(this.#other(shared.deadLetter)) : 0
      // What this process does not define is taken as it is found.
      const isChecked = used.has(queue) && mine !== undefined
      const role = defined.has(queue) ? 'd' : isChecked ? 'u' : 'l'
      rest.push(queue.name, shared?.stamp ?? '', String(dead), role)
    }
    for (const group of this.groups) {
      rest.push(String(this.#places.get(group.queue)), group.operation, '')
      const at = rest.length
      group.write(rest)
      rest[at - 1] = String(rest.length - at)
    }
    return [String(keys.length), ...keys, ...rest]
  }

  /** Notes what the reply says of each queue; returns those of which it is news. */
  note(counts: readonly number[]): SharedQueue[] {
    return this.#queues.filter((queue, index) => {
      const [size, leased, paused] = counts.slice(3 * index, 3 * index + 3) as [
        number,
        number,
        number,
      ]
      const isPaused = paused === 1
      const isNews = queue.size !== size || queue.leased !== leased || queue.isPaused !== isPaused
      queue.size = size
      queue.leased = leased
      queue.isPaused = isPaused
      return isNews
    })
  }

  /** How many items its queues have dropped so far since they were full. */
  get overflowed(): number[] {
    return this.#queues.map((queue) => queue.overflowed)
  }

  /** The queues that have dropped items since. */
  overflowing(before: readonly number[]): SharedQueue[] {
    return this.#queues.filter((queue, index) => queue.overflowed !== before[index])
  }

  /** What the reply says has been dropped. */
  losses(dropped: readonly (string | number)[]): Loss[] {
    const losses: Loss[] = []
    for (let at = 0; at < dropped.length; at += 4) {
      const [index, reason, lease, cell] = dropped.slice(at, at + 4) as [number, ...string[]]
      const queue = this.#queues[index - 1] as SharedQueue
      losses.push({ queue, reason: reason as string, lease: lease as string, cell: cell as string })
    }
    return losses
  }

  #place(queue: SharedQueue): void {
    if (this.#places.has(queue)) return
    this.#queues.push(queue)
    this.#places.set(queue, this.#queues.length)
  }
}
