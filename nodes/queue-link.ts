import type { Node, NodeAPI, NodeDef, NodeMessage, NodeStatus } from 'node-red'
import type { Engine, MaybePromise } from '../src/engine.ts'
import { MqueueError } from '../src/errors.ts'
import { closedError, type Outcome } from './input.ts'
import { after } from './maybe-promise.ts'
import { reader } from './property.ts'
import { errorStatus, loadingStatus, StatusLine, sizeStatus } from './status.ts'

export interface Credentials {
  user?: string
  password?: string
}

/** The config node that owns the queues. */
export interface ConfigNode extends Node<Credentials> {
  /** The engine that the queues live in; undefined once the node is closed. */
  engine: Engine | undefined
  /** The flow nodes that use it, whose Status and Catch nodes Node-RED passes its news on to. */
  users: Record<string, Node>
  /** What is wrong with its definitions. */
  definitionErrors: MqueueError[]
}

/** The properties that all flow nodes have. */
export interface QueueNodeDef extends NodeDef {
  /** The id of the config node. */
  mqueue?: string
  queue?: string
  queueType?: string
}

/** The links of all living flow nodes. */
const links = new Set<QueueLink>()

/** Looks again at every flow node's config node, when config nodes may have come or gone. */
export function refreshLinks(): void {
  for (const link of links) link.refresh()
}

/**
 * Ties a flow node to the queue it works on: finds the config node and its engine, reads
 * the queue's name and shows the node's status.
 */
export class QueueLink implements Outcome {
  readonly #RED: NodeAPI
  readonly #node: Node
  readonly #configId: string
  readonly #readName: (msg: NodeMessage) => MaybePromise<unknown>
  readonly #status: StatusLine
  #config: ConfigNode | undefined
  #unwatch: (() => void) | undefined
  /** The queue whose size is shown: the one that is set, or the one used last. */
  #shown: string | undefined
  #failure: unknown
  readonly #forgiving: boolean
  #closed = false

  /**
   * @param describe gives the status of a healthy node; without it, it is the size of its queue
   * @param forgiving whether the node works without a queue, so that nothing is wrong with it then
   */
  constructor(
    RED: NodeAPI,
    node: Node,
    { mqueue = '', queue = '', queueType = 'queue' }: QueueNodeDef,
    {
      describe,
      forgiving = false,
    }: { describe?: (engine: Engine) => MaybePromise<NodeStatus>; forgiving?: boolean } = {},
  ) {
    this.#forgiving = forgiving
    this.#RED = RED
    this.#node = node
    this.#configId = mqueue
    this.#status = new StatusLine(node, () => this.#describe(describe))
    if (queueType === 'queue' || describe !== undefined) {
      this.#readName = () => queue
      this.#shown = describe === undefined ? queue : undefined
    } else {
      const property = { value: queue, type: queueType }
      this.#readName = reader(RED, node, property, 'queue', 'MQ_UNKNOWN_QUEUE')
      if (queueType !== 'msg') this.#showFirst()
    }
    links.add(this)
    node.on('close', (_removed: boolean, done: () => void) => {
      this.#close()
      done()
    })
    this.touch()
  }

  /**
   * The engine that holds the queue. It is looked up anew when the config node is another one.
   *
   * @throws MqueueError `MQ_CLOSED` when this node is closed, `MQ_NO_CONFIG` without a config node
   */
  engine(): Engine {
    if (this.#closed) throw closedError()
    return this.#config?.engine ?? this.#connect()
  }

  /** The name of the queue that a message is for. It never throws: without one it rejects. */
  queueName(msg: NodeMessage): MaybePromise<string> {
    return after(this.#readName(msg), nameOf)
  }

  /** Shows the size of this queue from now on. */
  show(queue: string): void {
    this.#shown = queue
  }

  succeeded(): void {
    this.#failure = undefined
    this.touch()
  }

  failed(error: unknown): void {
    this.#failure = error
    this.touch()
  }

  touch(): void {
    this.#status.touch()
  }

  /** Connects to the config node as it is now, and shows what has become of the queue. */
  refresh(): void {
    try {
      this.engine()
    } catch {
      // The status says what is wrong.
    }
    this.touch()
  }

  #connect(): Engine {
    const found = this.#RED.nodes.getNode(this.#configId) as ConfigNode | null
    if (found?.type !== 'mqueue' || found.engine === undefined) {
      const text = 'No mqueue config node is set, or it is disabled. Choose one in the node.'
      throw new MqueueError('MQ_NO_CONFIG', text)
    }
    this.#disconnect()
    this.#config = found
    found.users[this.#node.id] = this.#node
    this.#unwatch = found.engine.watch((queue) => {
      if (queue === this.#shown || this.#shown === undefined) this.touch()
    })
    return found.engine
  }

  #disconnect(): void {
    this.#unwatch?.()
    if (this.#config !== undefined) delete this.#config.users[this.#node.id]
    this.#config = undefined
  }

  #close(): void {
    this.#closed = true
    this.#status.close()
    this.#disconnect()
    links.delete(this)
  }

  /** Shows the queue that a node without a message would use, such as one named by a variable. */
  async #showFirst(): Promise<void> {
    try {
      const name = await this.queueName({})
      this.#shown ??= name
      this.touch()
    } catch {
      // Only a message can tell; until then there is nothing to show.
    }
  }

  async #describe(describe?: (engine: Engine) => MaybePromise<NodeStatus>): Promise<NodeStatus> {
    try {
      const engine = this.engine()
      if (this.#failure !== undefined) return errorStatus(this.#failure)
      if (describe !== undefined) return await describe(engine)
      if (this.#shown === undefined) return {}
      const { size } = engine.definition(this.#shown)
      const loaded = engine.loaded(this.#shown)
      if (loaded !== undefined) return loadingStatus(loaded)
      return sizeStatus(await engine.size(this.#shown), size)
    } catch (error) {
      return this.#forgiving ? {} : errorStatus(error)
    }
  }
}

function nameOf(read: unknown): MaybePromise<string> {
  if (typeof read === 'string' && read !== '') return read
  if (typeof read === 'number') return String(read)
  const text = 'No queue is chosen. Choose one in the node, or have the message name one.'
  return Promise.reject(new MqueueError('MQ_UNKNOWN_QUEUE', text))
}
