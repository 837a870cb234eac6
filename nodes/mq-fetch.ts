import type { Node, NodeAPI, NodeMessage, NodeMessageInFlow } from 'node-red'
import type { Engine, FetchedItem, FetchOptions, Taken, TakeOptions } from '../src/engine.ts'
import type { MaybePromise } from '../src/maybe-promise.ts'
import { Handed } from './handed.ts'
import { InputNode, type Send } from './input.ts'
import { QueueLink, type QueueNodeDef } from './queue-link.ts'
import { isSet, LONGEST_LEASE, numberIn, wordIn } from './settings.ts'
import { pathOf } from './target.ts'

interface MqFetchDef extends QueueNodeDef {
  keyTo?: string
  valueTo?: string
  restore?: boolean | string
  wait?: number | string
  count?: number | string
  as?: string
  lease?: number | string
}

/** The most items that one message can ask for. */
const MOST = 1_000

/** How a node takes items, where it does not just take one at once and for good. */
interface Taking {
  readonly options: TakeOptions
  /** What becomes of the items: one message each, one message of lists, or a sequence of messages. */
  readonly as: 'one' | 'list' | 'sequence'
}

class MqFetch extends InputNode {
  readonly #RED: NodeAPI
  readonly #handed: Handed
  readonly #options: FetchOptions
  readonly #valueTo: string
  /** How items are taken; undefined for one, at once and for good. */
  readonly #taking: () => Taking | undefined

  constructor(RED: NodeAPI, node: Node, def: MqFetchDef) {
    super(RED, node, new QueueLink(RED, node, def))
    this.#RED = RED
    this.#valueTo = pathOf(def.valueTo, 'mqv')
    const keyTo = pathOf(def.keyTo, 'mqk')
    const restores = isSet(def.restore)
    this.#handed = new Handed(RED, { keyTo, valueTo: this.#valueTo, restores })
    this.#options = { signal: this.signal }
    this.#taking = settled(() => takingOf(def, node.id, this.signal))
  }

  protected override handle(msg: NodeMessageInFlow, send: Send): MaybePromise<void> {
    const queue = this.link.queueName(msg)
    if (this.link.isImmediate) return this.#fetch(msg, queue as string, send)
    return this.#fetchInTurn(msg, queue, send)
  }

  #fetch(msg: NodeMessageInFlow, queue: string, send: Send): MaybePromise<void> {
    const taking = this.#taking()
    this.#handed.assertFits(msg)
    this.link.show(queue)
    if (taking !== undefined) return this.#take(msg, queue, taking, send)
    const item = this.link.engine().fetch(queue, this.#options)
    if (item instanceof Promise) return this.#answerLater(msg, item, send)
    this.#answer(msg, item, send)
  }

  // What needs its own function stands apart: it would cost every message that does not need it.

  #fetchInTurn(msg: NodeMessageInFlow, queue: MaybePromise<string>, send: Send) {
    return this.inTurn(queue, (name) => this.#fetch(msg, name, send))
  }

  #answerLater(msg: NodeMessage, item: Promise<FetchedItem | undefined>, send: Send) {
    return item.then((late) => this.#answer(msg, late, send))
  }

  #answer(msg: NodeMessage, item: FetchedItem | undefined, send: Send): void {
    if (item === undefined) send([null, this.#handed.empty(msg)])
    else send(this.#handed.one(msg, item))
  }

  #take(msg: NodeMessageInFlow, queue: string, { options, as }: Taking, send: Send) {
    const engine = this.link.engine()
    // What cannot be copied is found out before anything is taken.
    if (as === 'sequence') this.#RED.util.cloneMessage(msg)
    const answer = (items: Taken[]): void => {
      const [first] = items
      // What is paused or has as many on lease as it may is not empty.
      if (first === undefined) send([null, this.#handed.empty(msg, engine.known(queue))])
      else if (as === 'one') send(this.#handed.leased(msg, engine, queue, first))
      else if (as === 'list') send(this.#handed.list(msg, engine, queue, items))
      else for (const one of this.#sequence(msg, engine, queue, items)) send(one)
    }
    const items = engine.take(queue, options)
    return items instanceof Promise ? items.then(answer) : answer(items)
  }

  /** A message for each item, which a Join node brings together again. */
  *#sequence(
    msg: NodeMessage,
    engine: Engine,
    queue: string,
    items: readonly Taken[],
  ): Generator<NodeMessage> {
    const { util } = this.#RED
    const id = util.generateId()
    const rest = items
      .slice(1)
      .map(() => ({ ...util.cloneMessage(msg), _msgid: util.generateId() }))
    for (const [index, one] of [msg, ...rest].entries()) {
      const filled = this.#handed.leased(one, engine, queue, items[index] as Taken)
      filled.parts = {
        id,
        index,
        count: items.length,
        type: 'array',
        len: 1,
        property: this.#valueTo,
      } as never
      yield filled
    }
  }
}

export default (RED: NodeAPI): void => {
  function MqFetchNode(this: Node, def: MqFetchDef): void {
    RED.nodes.createNode(this, def)
    new MqFetch(RED, this, def)
  }

  RED.nodes.registerType('mq-fetch', MqFetchNode)
}

/** How a node takes items, as its settings say. */
function takingOf(def: MqFetchDef, owner: string, signal: AbortSignal): Taking | undefined {
  const wait = numberIn(def.wait, 0, { what: 'wait', least: 0, most: Number.MAX_SAFE_INTEGER })
  const most = { what: 'count', least: 1, most: MOST, isWhole: true }
  const count = def.count === 'all' ? MOST : numberIn(def.count, 1, most)
  const lease = numberIn(def.lease, 0, { what: 'lease', least: 0, most: LONGEST_LEASE })
  const as = wordIn(def.as, 'as', ['list', 'sequence'])
  const isOne = count === 1 && def.count !== 'all'
  if (wait === 0 && isOne && lease === 0 && as === 'list') return undefined
  const options = { count, owner, signal, ...(lease > 0 ? { lease: lease * 1_000 } : {}) }
  return {
    options: wait > 0 ? { ...options, wait: wait * 1_000 } : options,
    as: isOne && as === 'list' ? 'one' : as,
  }
}

/** A function that answers as the given one has answered once: with its value, or with its error. */
function settled<T>(work: () => T): () => T {
  try {
    const value = work()
    return () => value
  } catch (error) {
    return () => {
      throw error
    }
  }
}
