import type { DefinitionDefaults, QueueDefinitionInput } from '../../src/definition.ts'
import { checkDefinitions, isReference, persists } from './check.ts'
import { configField } from './checked-fields.ts'
import { nameConfigButtons } from './config-input.ts'
import { placeServerFields, type ServerSection } from './credential-fields.ts'
import { DatabaseSection } from './database.ts'
import { takeWanted } from './define-queue.ts'
import { EngineChoice, fillEngines, onEngineChange } from './engine-select.ts'
import { ExportPanel } from './export-panel.ts'
import { type Import, ImportPanel } from './import-panel.ts'
import { KamailioSection } from './kamailio.ts'
import { ListChanges } from './list-changes.ts'
import { fillModes } from './mode-select.ts'
import { QueueList } from './queue-list.ts'
import { RedisSection } from './redis.ts'
import { renameSoon } from './renames.ts'
import { markRows } from './row-marks.ts'
import { explain, text } from './text.ts'

/** The dialog of a config node. */
class ConfigDialog {
  readonly #database = new DatabaseSection()
  readonly #export = new ExportPanel()
  readonly #panel: ImportPanel
  readonly #kamailio: KamailioSection
  readonly #list: QueueList
  readonly #changes: ListChanges
  readonly #redis: RedisSection
  readonly #id: string
  readonly #given: unknown
  readonly #before: DefinitionDefaults

  constructor(node: EditorNode) {
    const { engine, queues, mqueueSize, mqueueAddmode } = node
    $('#mqueue-config').data('node', node.id)
    fillEngines(engine)
    nameConfigButtons('node-config-input', 'tls', 'tls-config')
    this.#redis = new RedisSection(node)
    this.#kamailio = new KamailioSection(node, {
      names: () => this.#list.names(),
      add: (names) => this.#add(names.map((name) => ({ name }))),
    })
    this.#id = node.id
    this.#given = queues
    this.#before = { mqueueSize, mqueueAddmode }
    const addmode = $('#node-config-input-mqueueAddmode')
    fillModes(addmode, 'addmode', String(mqueueAddmode ?? '').trim() || '0')
    $('#node-config-input-mqueueSize').attr('placeholder', text('unlimited'))
    this.#list = new QueueList($('#mqueue-config-queues'), defaults, () => this.#follow())
    const given = Array.isArray(queues) ? queues : []
    this.#changes = new ListChanges(node.id, given, this.#list, $('#mqueue-removed'))
    for (const queue of given) this.#list.add(queue)
    // The addmode may become another element, when an environment variable is typed.
    const inputs = '#node-config-input-mqueueSize, #node-config-input-mqueueAddmode'
    $('#mqueue-config').on('input change', inputs, () => this.#list.refresh())
    this.#panel = new ImportPanel(
      () => new Set(this.#list.queues().map(({ name }) => String(name))),
      (found) => this.#import(found),
    )
    $('#mqueue-import-open').on('click', () => this.#panel.open())
    $('#mqueue-export-open').on('click', () => this.#openExport())
    onEngineChange(() => this.#live())
    this.#live()
    this.#begin(takeWanted(), !RED.nodes.node(node.id))
  }

  /** Begins with a row for the queue that is wanted, and in a new config node with one to write into. */
  #begin(wanted: string | undefined, isNew: boolean): void {
    const hasRows = this.#list.queues().length > 0
    if (wanted !== undefined) this.#list.begin(wanted === '' ? {} : { name: wanted })
    else if (isNew && !hasRows) this.#list.begin({})
    this.#list.refresh()
  }

  /** Returns the queues to keep, and moves secrets out of the address that is used. */
  save(): unknown {
    const engine = EngineChoice.inDialog()
    // Where it may be either, one of them keeps its own.
    const isMoved = engine.mayBeRedis && this.#redis.moveSecrets()
    if (engine.mayBeKamailio && !isMoved) this.#kamailio.moveSecrets()
    if (engine.isKamailio) correctDefaults()
    if (engine.mayHaveDatabase) this.#database.take(this.#database.url())
    renameSoon(this.#id, this.#changes.renames)
    const queues = this.#list.queues()
    if (queues.length === 0 && isReference(this.#given)) return this.#given
    const given = new Set<QueueDefinitionInput>(Array.isArray(this.#given) ? this.#given : [])
    const before = this.#list.given().map((queue) => (given.has(queue) ? queue : {}))
    return markRows(
      { queues: before, defaults: this.#before },
      { queues, defaults: defaults() },
      Date.now(),
      RED.nodes.id,
    )
  }

  /** Shows what has an effect where the queues live. */
  #live(): void {
    const engine = EngineChoice.inDialog()
    $('#mqueue-defaults').prop('hidden', engine.isKamailio)
    // What Kamailio has is defined there.
    $('#mqueue-export-open').prop('hidden', engine.isKamailio)
    if (engine.isKamailio) this.#export.close()
    this.#list.liveIn(engine)
  }

  #follow(): void {
    const engine = EngineChoice.inDialog()
    placeServerFields(sectionOf(engine))
    this.#redis.toggle(engine.mayBeRedis)
    this.#kamailio.toggle(engine.mayBeKamailio)
    this.#database.toggle(
      engine.mayHaveDatabase && (this.#list.queues().some(persists) || this.#database.isSet),
    )
    const { errors } = checkDefinitions([], defaults())
    for (const field of ['mqueueSize', 'mqueueAddmode']) {
      const error = errors.find((one) => one.field === field)
      const bad = error !== undefined
      $(`#mqueue-${field}-problem`).text(error === undefined ? '' : explain(error))
      $(`#node-config-input-${field}`)
        .toggleClass('input-error', bad)
        .attr('aria-invalid', bad ? 'true' : null)
    }
    this.#changes.follow()
  }

  #import({ definitions, dbUrl }: Import): void {
    const from = this.#list.queues().length
    if (dbUrl !== undefined) this.#database.take(dbUrl)
    this.#add(definitions)
    // The panel returns the focus to its button when it closes.
    if (definitions.length > 0) setTimeout(() => this.#list.focusRow(from))
  }

  #add(definitions: readonly QueueDefinitionInput[]): void {
    if (definitions.length > 0) this.#list.removeUntouched()
    for (const definition of definitions) this.#list.add(definition)
    this.#list.refresh()
  }

  #openExport(): void {
    const queues = this.#list.queues()
    const { definitions } = checkDefinitions(queues, defaults())
    const leftOut = queues.length - definitions.length
    const dbUrl =
      queues.some(persists) && !isReference(this.#database.url()) ? this.#database.url() : ''
    this.#export.open({ definitions, dbUrl, leftOut })
  }
}

/** What blank sizes and addmodes take, where they take anything. */
function defaults(): DefinitionDefaults {
  if (EngineChoice.inDialog().isKamailio) return {}
  return {
    mqueueSize: $('#node-config-input-mqueueSize').val(),
    mqueueAddmode: $('#node-config-input-mqueueAddmode').val(),
  }
}

/** Sets a wrong default in a hidden field to 0, since nobody could correct it there. */
function correctDefaults(): void {
  for (const field of ['mqueueSize', 'mqueueAddmode'] as const) {
    const input = configField(field)
    if (checkDefinitions([], { [field]: input.val() }).errors.length > 0) input.val('0')
  }
}

/** The part of the dialog for whose server the user, the password and TLS are. */
function sectionOf(engine: EngineChoice): ServerSection {
  if (engine.isKamailio) return 'kamailio'
  return engine.mayBeRedis ? 'redis' : 'database'
}

let open: ConfigDialog | undefined

/** Fills the dialog of a config node. There is one at a time. */
export function openConfigDialog(node: EditorNode): void {
  open = new ConfigDialog(node)
}

/** Keeps in the node what stands in its dialog. */
export function saveConfigDialog(node: EditorNode): void {
  node.queues = open?.save() ?? node.queues
}
