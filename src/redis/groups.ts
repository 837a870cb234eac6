import type { AddResult, DroppedItem, FetchedItem } from '../engine.ts'
import type { MqueueError } from '../errors.ts'
import { asClosed } from '../local/consumers.ts'
import { type Cell, readCell } from './cells.ts'
import type { SharedQueue } from './shared-queue.ts'

/** The most operations of one call, and about how many characters are sent in it. */
export const MOST_OPERATIONS = 1_000
export const MOST_LENGTH = 1_000_000

/** What the script replies to a group. */
export type Reply = readonly (string | number)[] | number
type List = readonly (string | number)[]

/** Somebody who waits for an answer. */
interface Asker<T> {
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

  /** Answers its askers; what could not be answered yet is returned, to be asked again. */
  // biome-ignore lint/suspicious/noConfusingVoidType: most return nothing
  abstract answer(reply: Reply): Group | void

  abstract fail(error: MqueueError): void

  /** What undoes a reply that came after its askers were failed. */
  undo(_reply: Reply): Group | undefined {
    return undefined
  }
}

/** An item to be added. */
interface Adding extends Asker<AddResult> {
  readonly cell: Cell
  /** Key and value as they were given, for an item that does not stay. */
  readonly given: readonly [string, unknown]
}

/** Items to be added. */
export class AddGroup extends Group {
  override readonly needsRoom = true
  readonly #items: Adding[] = []
  #length = 0

  constructor(queue: SharedQueue) {
    super(queue, 'A')
  }

  override get count(): number {
    return this.#items.length
  }

  override get length(): number {
    return this.#length
  }

  /** @param given key and value as they were given, for an item that does not stay */
  add(cell: Cell, given: readonly [string, unknown]): Promise<AddResult> {
    return new Promise((resolve, reject) => this.#push({ cell, given, resolve, reject }))
  }

  #push(item: Adding): void {
    const { key, head, value } = item.cell
    this.#length += key.length + head.length + value.length
    this.#items.push(item)
  }

  write(to: string[]): void {
    const isKeyed = (this.queue.shared?.addmode ?? 0) > 0
    for (const { cell } of this.#items) {
      const { key, head, value } = cell
      if (isKeyed) to.push(key, head + value)
      else to.push(`${head}${key}\0${value}`)
    }
  }

  // biome-ignore lint/suspicious/noConfusingVoidType: as the method it overrides
  answer(reply: Reply): Group | void {
    const [before, done, ...rest] = reply as [number, number, ...string[]]
    // What was dropped may fill a reply before all is added.
    const left = this.#items.splice(done)
    if ((this.queue.shared?.addmode ?? 0) > 0) this.#answerKeyed(before, rest)
    else this.#answerList(before, rest)
    if (left.length === 0) return
    const again = new AddGroup(this.queue)
    for (const item of left) again.#push(item)
    return again
  }

  fail(error: MqueueError): void {
    for (const { reject } of this.#items) reject(error)
  }

  #answerList(before: number, cells: string[]): void {
    const { size = 0, refuses = false } = this.queue.shared ?? {}
    const room = refuses && size > 0 ? Math.max(0, size - before) : this.#items.length
    const first = this.#items.length - cells.length
    let now = before
    for (const [index, item] of this.#items.entries()) {
      if (index >= room) {
        item.resolve({ size: now, dropped: droppedOf(item.given, 'full') })
        continue
      }
      if (index < first) {
        now++
        item.resolve({ size: now, dropped: undefined })
      } else this.#answerDropping(item, now, 'overflow', cells[index - first] as string)
    }
  }

  #answerKeyed(before: number, replies: string[]): void {
    let now = before
    let at = 0
    for (const item of this.#items) {
      const reason = replies[at++] as DroppedItem['reason'] | ''
      if (reason === '') {
        now++
        item.resolve({ size: now, dropped: undefined })
      } else if (reason === 'duplicate' || reason === 'full') {
        item.resolve({ size: now, dropped: droppedOf(item.given, reason) })
      } else this.#answerDropping(item, now, reason, replies[at++] as string)
    }
  }

  #answerDropping(
    { resolve, reject }: Asker<AddResult>,
    size: number,
    reason: DroppedItem['reason'],
    cell: string,
  ): void {
    try {
      const { key, value } = readCell(this.queue.name, cell)
      resolve({ size, dropped: { key, value, reason } })
    } catch (error) {
      reject(error)
    }
  }
}

/** Items to be taken for good, each by somebody of its own. */
export class FetchGroup extends Group {
  #askers: (Asker<FetchedItem | undefined> & { readonly signal: AbortSignal | undefined })[] = []

  constructor(queue: SharedQueue) {
    super(queue, 'F')
  }

  override get count(): number {
    return this.#askers.length
  }

  add(signal: AbortSignal | undefined): Promise<FetchedItem | undefined> {
    return new Promise((resolve, reject) => this.#askers.push({ signal, resolve, reject }))
  }

  override prepare(): boolean {
    for (const { signal, reject } of this.#askers) {
      if (signal?.aborted) reject(asClosed(signal.reason))
    }
    this.#askers = this.#askers.filter(({ signal }) => !signal?.aborted)
    return this.#askers.length > 0
  }

  write(to: string[]): void {
    to.push(String(this.#askers.length))
  }

  // biome-ignore lint/suspicious/noConfusingVoidType: as the method it overrides
  answer(reply: Reply): Group | void {
    const [left, ...cells] = reply as [number, ...string[]]
    const unwanted: string[] = []
    const again = new FetchGroup(this.queue)
    for (const [index, { signal, resolve, reject }] of this.#askers.entries()) {
      const cell = cells[index]
      if (signal?.aborted) {
        if (cell !== undefined) unwanted.push(cell)
        reject(asClosed(signal.reason))
      } else if (cell !== undefined) {
        try {
          const { key, value, reason, from } = readCell(this.queue.name, cell)
          const size = left + cells.length - 1 - index
          resolve(reason === undefined ? { key, value, size } : { key, value, size, reason, from })
        } catch (error) {
          reject(error)
        }
      } else if (left === 0) resolve(undefined)
      // More than one reply takes: it is asked for again.
      else again.add(signal).then(resolve, reject)
    }
    if (unwanted.length > 0) return new BackGroup(this.queue, unwanted, again)
    if (again.count > 0) return again
  }

  fail(error: MqueueError): void {
    for (const { reject } of this.#askers) reject(error)
  }

  override undo(reply: Reply): Group | undefined {
    const cells = (reply as List).slice(1) as string[]
    return cells.length === 0 ? undefined : new BackGroup(this.queue, cells)
  }
}

/** Cells that were taken for nobody, and go back. */
export class BackGroup extends Group {
  readonly #cells: readonly string[]
  readonly #next: Group | undefined

  /** @param next what is asked for behind it */
  constructor(queue: SharedQueue, cells: readonly string[], next?: Group) {
    super(queue, 'B')
    this.#cells = cells
    this.#next = next
  }

  override get length(): number {
    return this.#cells.reduce((sum, cell) => sum + cell.length, 0)
  }

  write(to: string[]): void {
    to.push(...this.#cells)
  }

  answer(): Group | undefined {
    return this.#next?.count === 0 ? undefined : this.#next
  }

  fail(error: MqueueError): void {
    this.#next?.fail(error)
  }
}

/** Leases to be ended or extended, each list by somebody of its own. */
export class LeasesGroup extends Group {
  readonly #parameters: readonly string[]
  readonly #askers: (Asker<boolean[]> & { readonly leases: readonly string[] })[] = []
  #count = 0

  constructor(queue: SharedQueue, operation: string, parameters: readonly string[] = []) {
    super(queue, operation)
    this.#parameters = parameters
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

  answer(reply: Reply): void {
    let at = 0
    for (const { leases, resolve } of this.#askers) {
      resolve(leases.map(() => (reply as List)[at++] === 1))
    }
  }

  fail(error: MqueueError): void {
    for (const { reject } of this.#askers) reject(error)
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

  answer(reply: Reply): void {
    this.#asker.resolve(reply)
  }

  fail(error: MqueueError): void {
    this.#asker.reject(error)
  }
}

function droppedOf([key, value]: readonly [string, unknown], reason: DroppedItem['reason']) {
  return { key, value, reason }
}
