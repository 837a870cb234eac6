import { isReference } from './check.ts'
import { fillSelect } from './mode-select.ts'
import { shown } from './shown.ts'
import { text } from './text.ts'

const FIELD = '#node-config-input-engine'
const DEFAULT = 'memory'
const LABELS: Record<string, string> = { memory: 'engine.memory', redis: 'engine.redis' }

/** Where the queues live, as a config node or its dialog says: the name of an engine, or a reference to the environment. */
export class EngineChoice {
  readonly #name: string

  constructor(name: unknown) {
    this.#name = shown(name).trim() || DEFAULT
  }

  /** The choice in the dialog that is open. */
  static inDialog(): EngineChoice {
    return new EngineChoice($(FIELD).val())
  }

  /** The choice of a config node: as its dialog has it while that is open, else as the node has it. */
  static of(node: EditorNode): EngineChoice {
    const isOpen = $('#mqueue-config').data('node') === node.id
    return isOpen ? EngineChoice.inDialog() : new EngineChoice(node.engine)
  }

  /** Whether it is Redis for certain, where queues have no dbmode. */
  get isRedis(): boolean {
    return this.#name === 'redis'
  }

  /** Whether it is Redis, or may become that. */
  get mayBeRedis(): boolean {
    return this.isRedis || isReference(this.#name)
  }
}

/**
 * Fills the choice of the engine in the dialog.
 *
 * @param chosen the name of an engine; one that is not known becomes a choice of its own
 */
export function fillEngines(chosen: unknown): void {
  const name = shown(chosen).trim() || DEFAULT
  const names = new Set([...Object.keys(LABELS), name])
  const choices = [...names].map((value) => {
    const key = LABELS[value]
    return { value, label: key === undefined ? value : text(key) }
  })
  fillSelect($(FIELD), choices, name)
}

/** Calls `changed` when another engine is chosen, or an environment variable is typed. */
export function onEngineChange(changed: () => void): void {
  // The choice may become another element, when an environment variable is typed.
  $('#mqueue-config').on('input change', FIELD, changed)
}
