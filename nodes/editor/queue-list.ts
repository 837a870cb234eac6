import type { DefinitionDefaults, QueueDefinitionInput } from '../../src/definition.ts'
import { checkDefinitions } from './check.ts'
import { EngineChoice } from './engine-select.ts'
import { QueueRow } from './queue-row.ts'
import type { RenameNotice } from './rename-notice.ts'

/** The list of queues in the dialog of the config node. */
export class QueueList {
  readonly #list: JQuery
  readonly #defaults: () => DefinitionDefaults
  readonly #changed: () => void
  #engine = new EngineChoice('')
  #isOpening = false

  /**
   * @param list the element that becomes the list
   * @param defaults returns what blank fields take, as the dialog stands
   * @param changed is called whenever a queue was changed, added or removed
   */
  constructor(list: JQuery, defaults: () => DefinitionDefaults, changed: () => void) {
    this.#list = list
    this.#defaults = defaults
    this.#changed = changed
    list.editableList({
      sortable: true,
      removable: true,
      height: 'auto',
      addItem: (item: JQuery, _index: number, queue: QueueDefinitionInput) => {
        const row = new QueueRow(item, queue)
        row.liveIn(this.#engine)
        item.data('row', row)
        if (queue.name !== undefined || this.#isOpening) return
        // Node-RED scrolls to the new row first.
        setTimeout(() => row.focus())
        this.refresh()
      },
      removeItem: () => this.refresh(),
      sortItems: () => this.refresh(),
    })
    list.on('input change focusout', () => this.refresh())
    list.on('keydown', (event) => this.#moveByKey(event))
  }

  add(queue: QueueDefinitionInput): void {
    this.#list.editableList('addItem', queue)
  }

  /** Adds a row while the dialog opens. The row takes the focus that Node-RED moves into the dialog at the end. */
  begin(queue: QueueDefinitionInput): void {
    this.#isOpening = true
    this.add(queue)
    this.#isOpening = false
    const row = this.#rows().at(-1)
    this.#list.closest('.red-ui-tray-body').one('focusin', () => row?.focus())
  }

  /** Removes the rows in which nothing was written yet. */
  removeUntouched(): void {
    for (const item of this.#list.editableList('items').toArray()) {
      const row = $(item).data('row') as QueueRow | undefined
      if (row?.isUntouched) this.#list.editableList('removeItem', $(item).data('data'))
    }
  }

  /** The definitions as they were given, in the order in which they stand in the dialog. */
  given(): QueueDefinitionInput[] {
    return this.#touched().map((row) => row.given)
  }

  /** The definitions as they stand in the dialog, without the rows in which nothing was written yet. */
  queues(): QueueDefinitionInput[] {
    return this.#touched().map((row) => row.value())
  }

  /** The names as they stand in the dialog; blank for a queue that has none yet. */
  names(): string[] {
    return this.#touched().map((row) => row.name())
  }

  /** The queues that have another name than the one they were given. */
  renamed(): { row: RenameNotice; given: QueueDefinitionInput; from: string; to: string }[] {
    return this.#rows().flatMap((row) => {
      const from = row.formerName()
      return from === undefined ? [] : { row: row.renamed, given: row.given, from, to: row.name() }
    })
  }

  forEachRow(visit: (row: QueueRow) => void): void {
    for (const row of this.#rows()) visit(row)
  }

  /** Says where the queues live. */
  liveIn(engine: EngineChoice): void {
    this.#engine = engine
    for (const row of this.#rows()) row.liveIn(engine)
    this.refresh()
  }

  /** Shows again what blank fields take and what is wrong. */
  refresh(): void {
    const defaults = this.#defaults()
    const rows = this.#rows()
    for (const row of rows) row.offerDeadLetters(rows)
    const { errors } = checkDefinitions(this.queues(), defaults)
    const touched = this.#touched()
    for (const row of rows) {
      row.showDefaults(defaults)
      const index = touched.indexOf(row)
      row.showProblem(errors.find((error) => error.row === index))
    }
    this.#changed()
  }

  focusRow(index: number): void {
    this.#rows()[index]?.focus()
  }

  #touched(): QueueRow[] {
    return this.#rows().filter((row) => !row.isUntouched)
  }

  #rows(): QueueRow[] {
    const items = this.#list.editableList('items').toArray()
    // A row that is being removed loses its data first, and then the focus, which is an event here.
    return items.map((item) => $(item).data('row') as QueueRow | undefined).filter(isThere)
  }

  /** Alt with an arrow key moves a queue, for those who do not drag. */
  #moveByKey(event: JQuery.KeyDownEvent): void {
    if (!event.altKey || (event.key !== 'ArrowUp' && event.key !== 'ArrowDown')) return
    const item = $(event.target).closest('li')
    const beside = event.key === 'ArrowUp' ? item.prev('li') : item.next('li')
    event.preventDefault()
    if (beside.length === 0) return
    if (event.key === 'ArrowUp') item.insertBefore(beside)
    else item.insertAfter(beside)
    $(event.target).trigger('focus')
    this.refresh()
  }
}

function isThere(row: QueueRow | undefined): row is QueueRow {
  return row !== undefined
}
