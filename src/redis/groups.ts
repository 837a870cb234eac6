import type { MqueueError } from '../errors.ts'
import type { SharedQueue } from './shared-queue.ts'

/** The most operations of one call, and about how many characters are sent in it. */
export const MOST_OPERATIONS = 1_000
export const MOST_LENGTH = 1_000_000

/** What the script replies to a group. */
export type Reply = readonly (string | number)[] | number
export type List = readonly (string | number)[]

/** Somebody who waits for an answer. */
export interface Asker<T> {
  resolve(answer: T): void
  reject(error: unknown): void
}

/**
 * What is asked of one queue in one go: neighbours that are alike. It is written for the script when its call begins, so
 * by the definition that counts then.
 */
export abstract class Group {
  readonly queue: SharedQueue
  /** The letter of the operation in the script. */
  readonly operation: string
  /** Whether a server with a full memory refuses it. */
  readonly needsRoom: boolean = false
  /** Whether it puts items back to the head of their queue. */
  readonly goesToHead: boolean = false

  constructor(queue: SharedQueue, operation: string) {
    this.queue = queue
    this.operation = operation
  }

  /** How many operations those are. */
  get count(): number {
    return 1
  }

  /** About how many characters are sent for it. */
  get length(): number {
    return 100
  }

  /** Whether one call can do more than this. */
  get hasRoom(): boolean {
    return this.count < MOST_OPERATIONS && this.length < MOST_LENGTH
  }

  /** Leaves out whose asker has gone by now; returns whether anything is left. */
  prepare(): boolean {
    return true
  }

  /** Writes the arguments of the operation. */
  abstract write(to: string[]): void

  /** Answers its askers. Returns what must be asked for because of the reply. */
  abstract answer(reply: Reply): Group[]

  abstract fail(error: MqueueError): void

  /** Returns what undoes a reply that came after its askers were failed. */
  undo(_reply: Reply): Group[] {
    return []
  }
}

/** Leases to end or extend, each list by another caller. */
export class LeasesGroup extends Group {
  readonly #parameters: readonly string[]
  readonly #askers: (Asker<boolean[]> & { readonly leases: readonly string[] })[] = []
  readonly #late: (leases: readonly string[]) => void
  override readonly goesToHead: boolean
  #count = 0

  /** @param late is called with leases that were ended after their asker had failed */
  constructor(
    queue: SharedQueue,
    operation: string,
    parameters: readonly string[] = [],
    late: (leases: readonly string[]) => void = () => {},
  ) {
    super(queue, operation)
    this.#parameters = parameters
    this.#late = late
    this.goesToHead = operation === 'N'
  }

  override get count(): number {
    return this.#count
  }

  override get length(): number {
    return this.#count * 24
  }

  /** Whether leases can be ended together with these. */
  takes(queue: SharedQueue, operation: string, parameters: readonly string[]): boolean {
    return (
      this.hasRoom &&
      queue === this.queue &&
      operation === this.operation &&
      parameters.every((parameter, index) => parameter === this.#parameters[index])
    )
  }

  add(leases: readonly string[]): Promise<boolean[]> {
    this.#count += leases.length
    return new Promise((resolve, reject) => this.#askers.push({ leases, resolve, reject }))
  }

  write(to: string[]): void {
    to.push(...this.#parameters)
    for (const { leases } of this.#askers) for (const lease of leases) to.push(lease)
  }

  answer(reply: Reply): Group[] {
    let at = 0
    for (const { leases, resolve } of this.#askers) {
      resolve(leases.map(() => (reply as List)[at++] === 1))
    }
    return []
  }

  fail(error: MqueueError): void {
    for (const { reject } of this.#askers) reject(error)
  }

  override undo(): Group[] {
    this.#late(this.#askers.flatMap(({ leases }) => leases))
    return []
  }
}

/** Any other operation, by one asker. */
export class SingleGroup extends Group {
  readonly #parameters: readonly string[]
  readonly #asker: Asker<Reply>

  constructor(
    queue: SharedQueue,
    operation: string,
    parameters: readonly string[],
    asker: Asker<Reply>,
  ) {
    super(queue, operation)
    this.#parameters = parameters
    this.#asker = asker
  }

  write(to: string[]): void {
    to.push(...this.#parameters)
  }

  answer(reply: Reply): Group[] {
    this.#asker.resolve(reply)
    return []
  }

  fail(error: MqueueError): void {
    this.#asker.reject(error)
  }
}
