import type { QueueDefinition } from '../../src/definition.ts'
import type { MqueueError } from '../../src/errors.ts'
import { parseModparams } from '../../src/modparam.ts'
import { checkDbUrl } from './check.ts'
import { EngineChoice, onEngineChange } from './engine-select.ts'
import { LineNumbers } from './line-numbers.ts'
import { modeText } from './mode-select.ts'
import { explain, text } from './text.ts'
import { splitDbUrl } from './url-credentials.ts'

/** What a pasted text adds to the dialog. */
export interface Import {
  definitions: QueueDefinition[]
  dbUrl?: string
}

/** Where the lines of a kamailio.cfg are pasted: shows what they define before it is added. */
export class ImportPanel {
  readonly #known: () => Set<string>
  readonly #numbers = new LineNumbers($('#mqueue-import-text'))
  #found: Import = { definitions: [] }

  /**
   * @param known returns the names of the queues that are there already
   * @param add is called with what was found, once that is wanted
   */
  constructor(known: () => Set<string>, add: (found: Import) => void) {
    this.#known = known
    $('#mqueue-import-text').on('input', () => this.#preview())
    onEngineChange(() => this.#preview())
    $('#mqueue-import-cancel').on('click', () => this.#close())
    $('#mqueue-import-add').on('click', () => {
      add(this.#found)
      this.#close()
    })
  }

  open(): void {
    $('#mqueue-import-text').val('')
    this.#preview()
    $('#mqueue-import').prop('hidden', false)
    this.#numbers.show()
    $('#mqueue-import-open').attr('aria-expanded', 'true')
    $('#mqueue-import-text').trigger('focus')
  }

  #close(): void {
    $('#mqueue-import').prop('hidden', true)
    $('#mqueue-import-open').attr('aria-expanded', 'false').trigger('focus')
  }

  #preview(): void {
    const pasted = String($('#mqueue-import-text').val())
    const { definitions, dbUrl: given, errors } = parseModparams(pasted)
    // Elsewhere a user and a password in it would take the place of those for the server.
    const dbUrl = EngineChoice.inDialog().hasDatabase ? given : undefined
    const badUrl = dbUrl === undefined ? undefined : checkDbUrl(splitDbUrl(dbUrl)?.url ?? dbUrl)
    const known = this.#known()
    const added = definitions.filter(({ name }) => !known.has(name))
    this.#found = { definitions: added }
    if (dbUrl !== undefined && badUrl === undefined) this.#found.dbUrl = dbUrl

    const list = $('#mqueue-import-preview').empty()
    const item = (kind: string, shown: string) =>
      $('<li>', { class: `mqueue-import-${kind}` })
        .text(shown)
        .appendTo(list)
    for (const definition of definitions) {
      if (known.has(definition.name)) {
        item('known', text('import.known', { name: definition.name }))
      } else item('queue', described(definition))
    }
    const { dbUrl: url } = this.#found
    if (url !== undefined) {
      item('database', text('import.database', { url: splitDbUrl(url)?.url ?? url }))
    }
    for (const error of inOrder(errors, badUrl)) item('error', explain(error))
    if (list.children().length === 0 && pasted.trim() !== '') item('none', text('import.none'))
    $('#mqueue-import-add')
      .prop('disabled', added.length === 0 && url === undefined)
      .text(buttonText(this.#found))
  }
}

function buttonText({ definitions, dbUrl }: Import): string {
  const number = definitions.length
  if (number === 0) return text(dbUrl === undefined ? 'import.addNone' : 'import.addDatabase')
  return text(number === 1 ? 'import.addOne' : 'import.add', { number })
}

function described({ name, size, addmode, dbmode }: QueueDefinition): string {
  const bound = size === 0 ? text('unlimited') : text('import.atMost', { size })
  // There is nothing else that has an effect.
  if (EngineChoice.inDialog().isKamailio) return size === 0 ? `"${name}"` : `"${name}": ${bound}`
  const [keys, storage] = [String(addmode), String(dbmode)]
  const modes = [
    `${text('column.addmode')} ${modeText('addmode', keys)}`,
    `${text('column.dbmode')} ${modeText('dbmode', storage)}`,
  ]
  return `"${name}": ${[bound, ...modes].join('; ')}`
}

function inOrder(errors: MqueueError[], badUrl: MqueueError | undefined): MqueueError[] {
  return badUrl === undefined ? errors : [...errors, badUrl]
}
