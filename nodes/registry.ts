import type { Node, NodeAPI } from 'node-red'
import type { QueueDefinition } from '../src/definition.ts'
import type { Engine } from '../src/engine.ts'
import { type MqueueError, quote, reasonOf } from '../src/errors.ts'
import { leasing } from '../src/leasing.ts'
import type { Source } from '../src/overview.ts'
import { FlowFile } from './flow-file.ts'
import { ProcessEnd } from './process-end.ts'

export interface Credentials {
  user?: string
  password?: string
}

/** An engine, with what is needed to go on with it. */
export interface EngineInUse {
  readonly engine: Engine
  /** The name of its kind. */
  readonly kind: string
  /** The definitions of the queues that it can reach. */
  readonly definitions: readonly QueueDefinition[]
  /** The definitions of all queues that it holds: while some are bad, also those that were good before. */
  readonly held: readonly QueueDefinition[]
}

/** The config node that owns the queues. */
export interface ConfigNode extends Node<Credentials> {
  /** The flow nodes that use it, whose Status and Catch nodes Node-RED passes its news on to. */
  users: Record<string, Node>
  /** The engine that the queues live in. */
  inUse: EngineInUse
  /** What is wrong with its definitions. */
  definitionErrors: readonly MqueueError[]
  /** The kind of database that some of its queues are kept in. */
  database: string | undefined
}

/** A flow node that looks for its config node. */
export interface Seeker {
  /** Looks again, when config nodes may have come or gone. */
  refresh(): void
  /** Releases a config node that closes. */
  release(config: ConfigNode): void
}

/** The config nodes that live, the engines that wait for theirs, and the flow nodes that look for them. */
class Registry {
  /** The config nodes that are neither disabled nor stopped, by their id. */
  readonly #configs = new Map<string, ConfigNode>()
  /** The engines of config nodes that are closed at the moment, by the id of the node. */
  readonly #parked = new Map<string, EngineInUse>()
  readonly #seekers = new Set<Seeker>()
  /** The ids of config nodes whose status says that a definition is bad. */
  readonly #shownBad = new Set<string>()
  /** Whether all flows are being stopped, so that nothing that was handed out can be acknowledged any more. */
  #isStopping = false
  #end: ProcessEnd | undefined

  /** Watches for the end of the process. Returns false when it does so already. */
  watchEnd(RED: NodeAPI): boolean {
    if (this.#end !== undefined) return false
    this.#end = new ProcessEnd({
      save: () => [...this.#parked.values()].map(({ engine }) => this.#save(RED, engine)),
      rescue: () => this.#rescue(RED),
    })
    return true
  }

  config(id: string): ConfigNode | undefined {
    return this.#configs.get(id)
  }

  get configs(): Iterable<ConfigNode> {
    return this.#configs.values()
  }

  /** The engines of the config nodes that live, by the id of the node. */
  engines(): Map<string, Engine> {
    const engines = new Map<string, Engine>()
    for (const [id, { inUse }] of this.#configs) engines.set(id, inUse.engine)
    return engines
  }

  /** The same engines, with what people know them by. */
  *sources(): Generator<Source> {
    for (const { id, name, inUse, database, definitionErrors } of this.#configs.values()) {
      const { engine, kind } = inUse
      const errors = definitionErrors.map(({ message }) => message)
      // In a flow file the name may be anything.
      yield { id, name: typeof name === 'string' ? name : '', kind, database, errors, engine }
    }
  }

  /** All flows are being stopped, or some; until they are started again. */
  stopping(isAll: boolean): void {
    this.#isStopping = isAll
  }

  enter(config: ConfigNode): void {
    this.#configs.set(config.id, config)
  }

  /** Takes over the engine that an earlier instance of a config node left behind. */
  adopt(id: string): EngineInUse | undefined {
    const inUse = this.#parked.get(id)
    this.#parked.delete(id)
    return inUse
  }

  /**
   * Keeps the engine of a config node that closes, so that the next instance of the node finds its
   * queues as they were, and saves it when the process ends. Node-RED closes a node with `removed` also
   * when the user only disabled it; whether it was really deleted, the flow file says.
   */
  async leave(RED: NodeAPI, config: ConfigNode, removed: boolean): Promise<void> {
    const { id, inUse } = config
    if (this.#configs.get(id) === config) this.#configs.delete(id)
    for (const seeker of this.#seekers) seeker.release(config)
    // What was handed out goes back: the flows that had it are gone.
    if (this.#isStopping && inUse.engine.supports.leases) leasing(inUse.engine).releaseAll()
    if (removed && !new FlowFile(RED).defines(id)) {
      await closeDeleted(RED, id, inUse)
      return
    }
    this.#parked.set(id, inUse)
    if (this.#end?.isNear) await this.#save(RED, inUse.engine)
  }

  /** Closes the engines of config nodes that no flow file holds any more. */
  async sweep(RED: NodeAPI): Promise<void> {
    if (this.#parked.size === 0) return
    const file = new FlowFile(RED)
    const closing: Promise<void>[] = []
    for (const [id, inUse] of this.#parked) {
      if (file.defines(id)) continue
      this.#parked.delete(id)
      closing.push(closeDeleted(RED, id, inUse))
    }
    await Promise.all(closing)
  }

  addSeeker(seeker: Seeker): void {
    this.#seekers.add(seeker)
  }

  removeSeeker(seeker: Seeker): void {
    this.#seekers.delete(seeker)
  }

  /** Has every flow node look for its config node again. */
  refresh(): void {
    for (const seeker of this.#seekers) seeker.refresh()
  }

  /** Notes whether a config node shows that a definition is bad; returns whether that is a change. */
  showsBad(id: string, isBad: boolean): boolean {
    if (!isBad) return this.#shownBad.delete(id)
    const isChange = !this.#shownBad.has(id)
    this.#shownBad.add(id)
    return isChange
  }

  /** Saves an engine for the end of the process, which is an end with an error where items are lost. */
  async #save(RED: NodeAPI, engine: Engine): Promise<void> {
    try {
      await engine.save()
    } catch (error) {
      this.#failed(RED, error)
    }
  }

  #rescue(RED: NodeAPI): void {
    for (const { engine } of [...this.#livingEngines()]) {
      try {
        engine.rescue()
      } catch (error) {
        this.#failed(RED, error)
      }
    }
  }

  #failed(RED: NodeAPI, error: unknown): void {
    RED.log.error(`mqueue: ${reasonOf(error)}`)
    this.#end?.fail()
  }

  *#livingEngines(): Generator<EngineInUse> {
    for (const { inUse } of this.#configs.values()) yield inUse
    yield* this.#parked.values()
  }
}

export const registry = new Registry()

/** Closes the engine of a config node that was deleted. Its items go; what a database has stays there. */
async function closeDeleted(RED: NodeAPI, id: string, inUse: EngineInUse): Promise<void> {
  if (itemsIn(inUse, inUse.held) > 0) {
    const text = `mqueue: items dropped with the deleted config node ${id}`
    RED.log.warn(`${text}: ${goingWith(inUse)}.`)
  }
  await inUse.engine.close()
}

/** How many items some queues of an engine hold that are stored nowhere else. */
export function itemsIn({ engine }: EngineInUse, queues: Iterable<QueueDefinition>): number {
  let items = 0
  for (const { name } of queues) items += engine.unstored(name)
  return items
}

/** How many items go with the queues of an engine, and with which of them: `3 ("q": 2, "r": 1)`. */
export function goingWith(inUse: EngineInUse): string {
  const parts = inUse.held.flatMap((definition) => {
    const items = itemsIn(inUse, [definition])
    return items === 0 ? [] : `${quote(definition.name)}: ${items}`
  })
  return `${itemsIn(inUse, inUse.held)} (${parts.join(', ')})`
}

/** The size of a queue that was seen last; undefined while the queue cannot be used. */
export function knownSize(engine: Engine, queue: string): number | undefined {
  try {
    return engine.known(queue)
  } catch {
    return undefined
  }
}
