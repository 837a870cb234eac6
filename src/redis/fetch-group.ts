import type { FetchedItem } from '../engine.ts'
import type { MqueueError } from '../errors.ts'
import { asClosed } from '../local/consumers.ts'
import { readCell } from './cells.ts'
import { type Asker, Group, type List, type Reply } from './groups.ts'
import type { SharedQueue } from './shared-queue.ts'

/** Items to take for good, each by another caller. */
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

  answer(reply: Reply): Group[] {
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
    return [
      ...(unwanted.length > 0 ? [new BackGroup(this.queue, unwanted)] : []),
      ...(again.count > 0 ? [again] : []),
    ]
  }

  fail(error: MqueueError): void {
    for (const { reject } of this.#askers) reject(error)
  }

  override undo(reply: Reply): Group[] {
    const cells = (reply as List).slice(1) as string[]
    return cells.length === 0 ? [] : [new BackGroup(this.queue, cells)]
  }
}

/** Cells that were taken for nobody, and go back. */
export class BackGroup extends Group {
  override readonly goesToHead = true
  readonly #cells: readonly string[]

  constructor(queue: SharedQueue, cells: readonly string[]) {
    super(queue, 'B')
    this.#cells = cells
  }

  override get length(): number {
    return this.#cells.reduce((sum, cell) => sum + cell.length, 0)
  }

  write(to: string[]): void {
    to.push(...this.#cells)
  }

  answer(): Group[] {
    return []
  }

  /** Nobody waits for it. */
  fail(): void {}
}
