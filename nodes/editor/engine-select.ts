import { isReference } from './check.ts'
import { fillSelect } from './mode-select.ts'
import { FAILURE_FIELDS, type FailureField } from './modes.ts'
import { shown } from './shown.ts'
import { text } from './text.ts'

const FIELD = '#node-config-input-engine'
const DEFAULT = 'memory'
const LABELS: Record<string, string> = {
  memory: 'engine.memory',
  redis: 'engine.redis',
  kamailio: 'engine.kamailio',
}

/** A field of a queue that has no effect everywhere. */
export type IdleField = 'addmode' | 'dbmode' | FailureField

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

  /** The choice of the config node that a flow node names; the default where there is no such node. */
  static byId(configId: string): EngineChoice {
    const config = RED.nodes.node(configId)
    return config?.type === 'mqueue' ? EngineChoice.of(config) : new EngineChoice(DEFAULT)
  }

  /** Whether queues that live in an engine of this name will live in another one for certain. */
  leaves(name: string): boolean {
    return !isReference(this.#name) && this.#name !== name
  }

  /** Whether another choice is the same. */
  equals(other: EngineChoice): boolean {
    return this.#name === other.#name
  }

  /** Whether it is Redis for certain. */
  get isRedis(): boolean {
    return this.#name === 'redis'
  }

  /** Whether it is Redis, or may become that. */
  get mayBeRedis(): boolean {
    return this.isRedis || isReference(this.#name)
  }

  /** Whether it is a live Kamailio for certain. */
  get isKamailio(): boolean {
    return this.#name === 'kamailio'
  }

  /** Whether it is a live Kamailio, or may become that. */
  get mayBeKamailio(): boolean {
    return this.isKamailio || isReference(this.#name)
  }

  /** Whether queues may be kept in a database. */
  get mayHaveDatabase(): boolean {
    return !this.isRedis && !this.isKamailio
  }

  /** Whether queues may be kept in a database, and the user and the password are for that. */
  get hasDatabase(): boolean {
    return this.mayHaveDatabase && !isReference(this.#name)
  }

  /** The fields of a queue that have no effect there. */
  get idleFields(): readonly IdleField[] {
    if (this.isKamailio) return ['addmode', 'dbmode', ...FAILURE_FIELDS]
    return this.isRedis ? ['dbmode'] : []
  }
}

/**
 * Fills the choice of the engine in the dialog.
 *
 * @param chosen the name of an engine; one that is not known becomes its own choice
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
