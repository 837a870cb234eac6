import type { QueueDefinitionInput } from '../../src/definition.ts'
import { EngineChoice } from './engine-select.ts'
import { type Held, HeldItems } from './held-items.ts'
import type { QueueList } from './queue-list.ts'
import { namersOf, type Rename } from './renames.ts'
import { shown } from './shown.ts'
import { text } from './text.ts'

/** The time between two questions to the runtime while there is something to say, in ms. */
const INTERVAL = 2_000

/**
 * Says in the dialog what becomes of the items of queues that are renamed or removed, or will live elsewhere, and offers to
 * take a removal back.
 */
export class ListChanges {
  readonly #id: string
  readonly #given: readonly QueueDefinitionInput[]
  readonly #list: QueueList
  readonly #removed: JQuery
  readonly #held: HeldItems
  readonly #engine = EngineChoice.inDialog()
  #isAsking = false
  #said = ''

  /**
   * @param id the id of the config node
   * @param given the definitions that the dialog was opened with
   * @param removed the element that says what goes with the queues that are removed
   */
  constructor(
    id: string,
    given: readonly QueueDefinitionInput[],
    list: QueueList,
    removed: JQuery,
  ) {
    this.#id = id
    this.#given = given
    this.#list = list
    this.#removed = removed
    this.#held = new HeldItems(id)
  }

  /** Is called whenever the list has changed. */
  follow(): void {
    this.#show()
    if (!this.#isAsking && this.#isChanged) this.#ask()
  }

  /** The new names that the nodes must get. */
  get renames(): Rename[] {
    return this.#renamed.flatMap(({ row, from, to }) => (row.isFollowed ? { from, to } : []))
  }

  get #renamed() {
    return this.#list.renamed()
  }

  /** The queues that no row goes on with: their own is gone, and none that is new has their name. */
  get #gone(): QueueDefinitionInput[] {
    const rows = this.#list.given()
    const kept = new Set(rows)
    const given = new Set(this.#given)
    const isNew = (_name: string, row: number) => !given.has(rows[row] ?? {})
    const names = new Set(this.#list.names().filter(isNew))
    const isGone = (queue: QueueDefinitionInput) =>
      !kept.has(queue) && !names.has(shown(queue.name).trim())
    return this.#given.filter(isGone)
  }

  /** Whether the queue of a definition will live in another engine than it does. */
  #isLeaving(queue: QueueDefinitionInput): boolean {
    const held = this.#held.of(queue)
    return held !== undefined && EngineChoice.inDialog().leaves(held.engine)
  }

  get #isChanged(): boolean {
    const isElsewhere = !this.#engine.equals(EngineChoice.inDialog())
    return isElsewhere || this.#renamed.length > 0 || this.#gone.length > 0
  }

  async #ask(): Promise<void> {
    this.#isAsking = true
    while (this.#isOpen && this.#isChanged) {
      await this.#held.ask()
      if (this.#isOpen) this.#show()
      await new Promise((resolve) => setTimeout(resolve, INTERVAL))
    }
    this.#isAsking = false
  }

  get #isOpen(): boolean {
    return this.#removed[0]?.isConnected === true
  }

  #show(): void {
    this.#list.forEachRow((row) => row.renamed.hide())
    for (const { row, given, from } of this.#renamed) {
      const said = this.#isLeaving(given) ? '' : renamedText(this.#held.of(given))
      row.show(said, namersOf(this.#id, from).length)
    }
    const removed = new Set(this.#gone)
    const gone = this.#given
      .filter((queue) => removed.has(queue) || this.#isLeaving(queue))
      .map((queue) => {
        const isRemoved = removed.has(queue)
        const said = goneText(
          queue,
          this.#held.of(queue),
          isRemoved ? 'removed.goes' : 'removed.elsewhere',
        )
        return { queue, isRemoved, said }
      })
    const said = JSON.stringify(gone)
    // A button that has the focus must stay.
    if (said === this.#said) return
    this.#said = said
    this.#removed.empty()
    for (const { queue, isRemoved, said } of gone) {
      if (said === '') continue
      const line = $('<div>').text(`${said} `).appendTo(this.#removed)
      if (isRemoved) this.#addButton(line, queue)
    }
  }

  /** Adds the button that brings a queue back. */
  #addButton(line: JQuery, queue: QueueDefinitionInput): void {
    $('<button>', { type: 'button', class: 'red-ui-button red-ui-button-small' })
      .text(text('removed.keep'))
      .on('click', () => {
        this.#list.add(queue)
        this.#list.refresh()
        this.#list.focusRow(this.#list.names().length - 1)
      })
      .appendTo(line)
  }
}

function renamedText(held: Held | undefined): string {
  const number = held?.items ?? 0
  if (number === 0 || held?.engine === 'kamailio') return ''
  return text(held?.engine === 'redis' ? 'renamed.redis' : 'renamed.held', { number })
}

/** @param why what the items go for: the queue is removed, or lives elsewhere */
function goneText(
  { name }: QueueDefinitionInput,
  held: Held | undefined,
  why: 'removed.goes' | 'removed.elsewhere',
): string {
  if (held === undefined || held.items === 0) return ''
  const values = { name: shown(name).trim() }
  const stays = held.items - held.unstored
  const said = [
    held.unstored > 0 ? text(why, { ...values, number: held.unstored }) : '',
    stays > 0 ? text('removed.stays', { ...values, number: stays }) : '',
  ]
  return said.filter((sentence) => sentence !== '').join(' ')
}
