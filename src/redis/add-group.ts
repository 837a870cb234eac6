import type { AddResult, DroppedItem } from '../engine.ts'
import type { MqueueError } from '../errors.ts'
import { type Cell, readCell } from './cells.ts'
import { type Asker, Group, type Reply } from './groups.ts'
import type { SharedQueue } from './shared-queue.ts'

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

  answer(reply: Reply): Group[] {
    const [before, done, ...rest] = reply as [number, number, ...string[]]
    // What was dropped may fill a reply before all is added.
    const left = this.#items.splice(done)
    if ((this.queue.shared?.addmode ?? 0) > 0) this.#answerKeyed(before, rest)
    else this.#answerList(before, rest)
    if (left.length === 0) return []
    const again = new AddGroup(this.queue)
    for (const item of left) again.#push(item)
    return [again]
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
    if (reason === 'overflow') this.queue.overflowed++
    try {
      const { key, value } = readCell(this.queue.name, cell)
      resolve({ size, dropped: { key, value, reason } })
    } catch (error) {
      reject(error)
    }
  }
}

function droppedOf([key, value]: readonly [string, unknown], reason: DroppedItem['reason']) {
  return { key, value, reason }
}
