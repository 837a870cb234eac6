import type { Node, NodeAPI, NodeDef, NodeMessage, NodeStatus } from 'node-red'
import type { Engine } from '../src/engine.ts'
import { after, type MaybePromise } from '../src/maybe-promise.ts'
import { noConfig, queueNameOf } from './chosen.ts'
import { closedError } from './closed-error.ts'
import { type Reader, reader, textOf } from './property.ts'
import { type ConfigNode, knownSize, registry, type Seeker } from './registry.ts'
import {
  cautionStatus,
  errorStatus,
  type Figures,
  loadingStatus,
  StatusLine,
  sizeStatus,
} from './status.ts'

/** The properties that all flow nodes have. */
export interface QueueNodeDef extends NodeDef {
  /** The id of the config node. */
  mqueue?: string
  queue?: string
  queueType?: string
}

/** The role of a link for its node. */
interface LinkOptions {
  /** Whether the node works on all queues. */
  all?: boolean
  /** Whether the node works without a queue, so that nothing is wrong with it then. */
  forgiving?: boolean
  /** Whether the node has no queue. */
  queueless?: boolean
  /** The status of the queue that is shown, where it is not just its size. */
  describe?: (engine: Engine, queue: string) => NodeStatus
  /** Is called when all flows have started, and the engine may be another one. */
  started?: () => void
  /** Is called when the engine is not to be used any more. */
  released?: () => void
}

/** What a link watches. */
interface Watch {
  readonly engine: Engine
  readonly queue: string | undefined
  readonly end: () => void
}

/**
 * Ties a flow node to the queue it works on: finds the config node and its engine, reads
 * the queue's name and shows the node's status.
 */
export class QueueLink implements Seeker {
  /** Whether the queue's name is read at once for every message. */
  readonly isImmediate: boolean
  readonly #node: Node
  readonly #configId: string
  readonly #all: boolean
  readonly #forgiving: boolean
  readonly #describe: (engine: Engine, queue: string) => NodeStatus
  readonly #started: () => void
  readonly #released: () => void
  readonly #readName: Reader
  /** The name of the queue where it is the same for every message. */
  readonly #name: string | undefined
  /** The environment variable that has the name of the queue, where one has. */
  readonly #variable: string | undefined
  readonly #status: StatusLine
  #config: ConfigNode | undefined
  #engine: Engine | undefined
  #watch: Watch | undefined
  /** The queue whose size is shown: the one that is set, or the one used last. */
  #shown: string | undefined
  #failure: unknown
  #closed = false

  constructor(
    RED: NodeAPI,
    node: Node,
    { mqueue = '', queue = '', queueType = 'queue' }: QueueNodeDef,
    {
      all = false,
      forgiving = false,
      queueless = false,
      describe,
      started,
      released,
    }: LinkOptions = {},
  ) {
    this.#node = node
    this.#configId = mqueue
    this.#all = all
    this.#forgiving = forgiving
    this.#describe = describe ?? describeSize
    this.#started = started ?? (() => {})
    this.#released = released ?? (() => {})
    this.#status = new StatusLine(node, () => this.#look())
    const isFixed = all || queueless || queueType === 'queue'
    const property = { value: queue, type: isFixed ? 'str' : queueType }
    this.#readName = reader(RED, node, property, 'queue', 'MQ_UNKNOWN_QUEUE')
    this.isImmediate = this.#readName.isImmediate
    this.#variable = queueType === 'env' && queue !== '' ? textOf(queue) : undefined
    if (isFixed) {
      const name = textOf(queue) ?? ''
      this.#name = name || undefined
      this.#shown = all || queueless ? undefined : name
    } else if (queueType !== 'msg') this.#showFirst()
    registry.addSeeker(this)
    node.on('close', (_removed: boolean, done: () => void) => {
      this.#close()
      done()
    })
    this.#status.touch()
  }

  /**
   * The engine that holds the queue. It is looked up again when the config node is another one.
   *
   * @throws MqueueError `MQ_CLOSED` when this node is closed, `MQ_NO_CONFIG` without a config node
   */
  engine(): Engine {
    return this.#engine ?? this.#connect()
  }

  /**
   * The name of the queue that a message is for, at once where the link is immediate.
   *
   * @throws MqueueError `MQ_UNKNOWN_QUEUE` when the message has none; or rejects with it
   */
  queueName(msg: NodeMessage): MaybePromise<string> {
    if (this.#name !== undefined) return this.#name
    const read = this.#readName.read(msg)
    if (this.isImmediate) return queueNameOf(read, this.#variable)
    return after(read, (name) => queueNameOf(name, this.#variable))
  }

  /** Shows the size of this queue from now on. */
  show(queue: string): void {
    if (queue === this.#shown) return
    this.#shown = queue
    this.#status.touch()
  }

  /** Is called when a message is done. */
  succeeded(): void {
    if (this.#failure === undefined) return
    this.#failure = undefined
    this.#status.touch()
  }

  /** Is called with the error of a message. */
  failed(error: unknown): void {
    this.#failure = error
    this.#status.touch()
  }

  refresh(): void {
    try {
      this.engine()
    } catch {
      // The status says what is wrong.
    }
    this.#status.touch()
    this.#started()
  }

  release(config: ConfigNode): void {
    if (config !== this.#config) return
    this.#disconnect()
    this.#status.touch()
    this.#released()
  }

  #connect(): Engine {
    if (this.#closed) throw closedError()
    const config = registry.config(this.#configId)
    if (config === undefined) throw noConfig(this.#configId)
    config.users[this.#node.id] = this.#node
    this.#config = config
    this.#engine = config.inUse.engine
    this.#status.touch()
    return this.#engine
  }

  #disconnect(): void {
    this.#watch?.end()
    this.#watch = undefined
    if (this.#config !== undefined) delete this.#config.users[this.#node.id]
    this.#config = undefined
    this.#engine = undefined
  }

  #close(): void {
    this.#closed = true
    this.#status.close()
    this.#disconnect()
    registry.removeSeeker(this)
  }

  /** Shows the queue that a node without a message would use, such as one named by a variable. */
  async #showFirst(): Promise<void> {
    try {
      const name = await this.queueName({})
      if (this.#shown === undefined) this.show(name)
    } catch {
      // Only a message can say; until then there is nothing to show.
    }
  }

  /** The status as it is now. From now on, what is shown is watched. */
  #look(): NodeStatus {
    try {
      const engine = this.engine()
      this.#watchShown(engine)
      if (this.#failure !== undefined) return errorStatus(this.#failure)
      if (this.#all) return this.#total(engine)
      if (this.#shown === undefined) return {}
      const loaded = engine.loaded(this.#shown)
      return loaded === undefined ? this.#describe(engine, this.#shown) : loadingStatus(loaded)
    } catch (error) {
      return this.#forgiving ? {} : errorStatus(error)
    }
  }

  /** Watches the queue that is shown; messages that name one queue after the other need not be kept up with. */
  #watchShown(engine: Engine): void {
    const queue = this.#shown
    if (this.#watch?.engine === engine && this.#watch.queue === queue) return
    this.#watch?.end()
    this.#watch = undefined
    if (queue === undefined && !this.#all) return
    const end = engine.watch(queue, () => this.#status.touch())
    this.#watch = { engine, queue, end }
  }

  /** How many items there are in all queues that can be used. */
  #total(engine: Engine): NodeStatus {
    const { inUse, definitionErrors } = this.#config as ConfigNode
    const bad = definitionErrors.find(({ queue }) => queue === undefined)
    if (bad !== undefined) return errorStatus(bad)
    let sum = 0
    for (const { name } of inUse.definitions) sum += knownSize(engine, name) ?? 0
    return sizeStatus({ size: sum, bound: 0, dropped: 0 })
  }
}

function describeSize(engine: Engine, queue: string): NodeStatus {
  const size = engine.known(queue)
  const caution = engine.caution?.(queue)
  if (caution !== undefined) return cautionStatus(caution)
  return sizeStatus(figuresOf(engine, queue, size))
}

/** What a status shows of a queue with so many items waiting. */
export function figuresOf(engine: Engine, queue: string, size: number): Figures {
  const dropped = engine.overflowed?.(queue) ?? 0
  return { size, bound: engine.definition(queue).size, dropped }
}
