import type { QueueDefinition } from '../definition.ts'
import type { AddResult, DroppedItems, Engine, FetchedItem, Item } from '../engine.ts'
import { MqueueError, quote } from '../errors.ts'
import { Queue } from './queue.ts'

/** Queues in this process's memory. It answers at once, never with a promise. */
export class MemoryEngine implements Engine {
  /** The queues that can be used, in the order of their definitions. */
  #queues = new Map<string, Queue>()
  /** The queue used last: operations come in runs on one queue, and this spares them the look-up. */
  #recent: Queue | undefined
  /** Queues with no good definition for the moment; their items wait for it. */
  #setAside = new Map<string, Queue>()
  #errors: readonly MqueueError[] = []
  #listeners: ((queue: string) => void)[] = []
  #closed = false

  define(
    definitions: readonly QueueDefinition[],
    errors: readonly MqueueError[] = [],
  ): DroppedItems[] {
    this.#assertOpen()
    const before = new Map([...this.#setAside, ...this.#queues])
    const dropped: DroppedItems[] = []
    this.#queues = new Map()
    this.#recent = undefined
    for (const definition of definitions) {
      const { name } = definition
      const queue = before.get(name) ?? new Queue(definition)
      before.delete(name)
      const items = queue.redefine(definition)
      if (items.length > 0) dropped.push({ queue: name, items })
      this.#queues.set(name, queue)
    }
    this.#setAside = errors.length > 0 ? before : new Map()
    this.#errors = errors
    for (const name of [...this.#queues.keys(), ...before.keys()]) this.#changed(name)
    return dropped
  }

  definition(queue: string): QueueDefinition {
    return this.#queue(queue).definition
  }

  add(queue: string, key: string, value: unknown): AddResult {
    const result = this.#queue(queue).add(key, value)
    this.#changed(queue)
    return result
  }

  fetch(queue: string, inspect?: (item: Item) => void): FetchedItem | undefined {
    const item = this.#queue(queue).fetch(inspect)
    if (item !== undefined) this.#changed(queue)
    return item
  }

  size(queue: string): number {
    return this.#queue(queue).size
  }

  sizes(): Map<string, number> {
    this.#assertOpen()
    const bad = this.#errors.find(({ queue }) => queue === undefined)
    if (bad !== undefined) throw again(bad)
    const sizes = new Map<string, number>()
    for (const [name, queue] of this.#queues) sizes.set(name, queue.size)
    return sizes
  }

  /** The queue of a name, also when it is set aside; undefined when there is none. */
  living(name: string): Queue | undefined {
    return this.#queues.get(name) ?? this.#setAside.get(name)
  }

  /** Tells whether a queue has a good definition. */
  defines(name: string): boolean {
    return this.#queues.has(name)
  }

  watch(listener: (queue: string) => void): () => void {
    this.#listeners = [...this.#listeners, listener]
    return () => {
      this.#listeners = this.#listeners.filter((other) => other !== listener)
    }
  }

  loaded(): undefined {
    return undefined
  }

  save(): void {
    // Nothing here outlives the process.
  }

  close(): void {
    this.#closed = true
    this.#queues = new Map()
    this.#recent = undefined
    this.#setAside = new Map()
    this.#listeners = []
  }

  #queue(name: string): Queue {
    if (this.#recent?.definition.name === name) return this.#recent
    const queue = this.#queues.get(name)
    if (queue === undefined) throw this.#missing(name)
    this.#recent = queue
    return queue
  }

  #missing(name: string): MqueueError {
    this.#assertOpen()
    const bad = this.#errors.find(({ queue }) => queue === undefined || queue === name)
    if (bad !== undefined && name !== '') return again(bad, name)
    const hint = 'Choose one of the queues defined in the mqueue config node, or define this one.'
    const text = `There is no queue ${quote(name)}. ${hint}`
    return new MqueueError('MQ_UNKNOWN_QUEUE', text, { queue: name })
  }

  #assertOpen(): void {
    if (this.#closed) throw new MqueueError('MQ_CLOSED', 'The queues are closed.')
  }

  #changed(queue: string): void {
    for (const listener of this.#listeners) listener(queue)
  }
}

/** The error of a definition, for an operation that meets it now. */
function again(bad: MqueueError, queue?: string): MqueueError {
  return new MqueueError(bad.code, bad.message, { queue, field: bad.field, cause: bad })
}
