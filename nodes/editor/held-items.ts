import type { QueueDefinitionInput } from '../../src/definition.ts'
import { shown } from './shown.ts'
import type { NodeAnswer, QueueAnswer } from './sidebar/answers.ts'
import { Server } from './sidebar/server.ts'
import { isMadeOf } from './sidebar/uses.ts'
import { text } from './text.ts'

/** The items of a queue that runs. */
export interface Held {
  /** How many it holds, those that are handed out included. */
  readonly items: number
  /** How many of them are stored nowhere else, so that they go with the queue. */
  readonly unstored: number
  /** The engine that it lives in. */
  readonly engine: string
}

/** What the queues of a config node hold while it runs, as the runtime says. */
export class HeldItems {
  readonly #server = new Server(text)
  readonly #id: string
  #nodes: readonly NodeAnswer[] = []

  /** @param id the id of the config node */
  constructor(id: string) {
    this.#id = id
  }

  /** Asks the runtime. Without an answer nothing is known. */
  async ask(): Promise<void> {
    this.#nodes = []
    if (!RED.user.hasPermission('mqueue.read')) return
    try {
      const { nodes } = await this.#server.queues()
      // Each instance of a subflow has its own config node in the runtime.
      this.#nodes = nodes.filter(({ id }) => isMadeOf(id, this.#id))
    } catch {
      // What is not known is not said.
    }
  }

  /** What the queue of a definition holds; undefined where it does not run, or that is not known. */
  of(definition: QueueDefinitionInput): Held | undefined {
    const found = this.#nodes.flatMap(({ engine, queues }) =>
      queues.filter((queue) => isOf(queue, definition)).map((queue) => heldIn(queue, engine)),
    )
    return sumOf(found)
  }

  /** What all of its queues hold. */
  get all(): Held | undefined {
    return sumOf(
      this.#nodes.flatMap(({ engine, queues }) => queues.map((queue) => heldIn(queue, engine))),
    )
  }
}

/**
 * Whether a queue runs by a definition, which may have another name by now. Where one of them has no id yet, the id of the
 * other may be the name that it was given for.
 */
function isOf({ name, row }: QueueAnswer, definition: QueueDefinitionInput): boolean {
  const id = shown(definition.id).trim()
  if (row !== undefined && id !== '') return row === id
  return name === id || name === shown(definition.name).trim()
}

function heldIn({ size, leased = 0, unstored = 0 }: QueueAnswer, engine: string): Held {
  return { items: (size ?? 0) + leased, unstored, engine }
}

function sumOf(found: readonly Held[]): Held | undefined {
  const [first] = found
  if (first === undefined) return undefined
  let [items, unstored] = [0, 0]
  for (const one of found) {
    items += one.items
    unstored += one.unstored
  }
  return { items, unstored, engine: first.engine }
}
