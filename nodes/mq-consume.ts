import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises'
import type { Node, NodeAPI, NodeMessage } from 'node-red'
import { Backoff } from '../src/backoff.ts'
import type { DroppedItem, Engine, Taken, TakeOptions } from '../src/engine.ts'
import { MqueueError, reasonOf } from '../src/errors.ts'
import { leasing } from '../src/leasing.ts'
import { droppedMessage } from './dropped-message.ts'
import { FlowFile } from './flow-file.ts'
import { Handed } from './handed.ts'
import { Pace } from './pace.ts'
import { figuresOf, QueueLink, type QueueNodeDef } from './queue-link.ts'
import { isSet, LONGEST_LEASE, numberIn, wordIn } from './settings.ts'
import { cautionStatus, consumerStatus, pausedStatus } from './status.ts'
import { pathOf } from './target.ts'

interface MqConsumeDef extends QueueNodeDef {
  inFlight?: string | number
  ack?: string
  lease?: string | number
  rate?: string | number
  per?: string | number
  count?: string | number
  keyTo?: string
  valueTo?: string
  restore?: boolean | string
  dropped?: boolean | string
}

/** How items are handed out, as the settings say. */
interface Plan {
  /** How many are taken at once at most. */
  readonly most: number
  /** Whether those go out in one message. */
  readonly isList: boolean
  readonly isAuto: boolean
  /** How many items in how many ms; 0 without a pace. */
  readonly rate: number
  readonly per: number
  readonly options: TakeOptions
}

/** A queue that has been consumed for so long without an error is one that works, in ms. */
const SETTLED = 1_000

/** The messages with leases that are taken at once, and sent in one turn of the event loop. */
const AT_ONCE = 100

/** What to do where the engine cannot take items back that are not acknowledged. */
const WITHOUT_LEASES = 'Acknowledge automatically in this node, or choose another engine there'

class MqConsume {
  readonly #RED: NodeAPI
  readonly #node: Node
  readonly #link: QueueLink
  readonly #handed: Handed
  readonly #def: MqConsumeDef
  /** What the node consumes at the moment. */
  #current: { engine: Engine; stop: AbortController } | undefined
  /** The text of the error that was reported last. */
  #reported = ''
  #isClosed = false

  constructor(RED: NodeAPI, node: Node, def: MqConsumeDef) {
    this.#RED = RED
    this.#node = node
    this.#def = def
    const keyTo = pathOf(def.keyTo, 'topic')
    const valueTo = pathOf(def.valueTo, 'payload')
    this.#handed = new Handed(RED, { keyTo, valueTo, restores: isSet(def.restore) })
    node.on('close', (removed: boolean, done: () => void) => {
      this.#close(removed)
      done()
    })
    this.#link = new QueueLink(RED, node, def, {
      describe: (engine, queue) => this.#describe(engine, queue),
      // It begins when all flows have started: what is sent before then may reach nobody.
      started: () => this.#begin(),
      released: () => this.#stop(),
    })
  }

  /** Consumes from the engine that there is now, where that is another one than before. */
  #begin(): void {
    const engine = this.#engine()
    if (engine === this.#current?.engine) return
    this.#stop()
    if (engine === undefined) return
    const stop = new AbortController()
    this.#current = { engine, stop }
    // Nothing that fails here ends the process.
    this.#consume(engine, stop.signal).catch((error) => this.#node.error(reasonOf(error)))
  }

  #stop(): void {
    this.#current?.stop.abort()
    this.#current = undefined
  }

  #engine(): Engine | undefined {
    if (this.#isClosed) return undefined
    try {
      return this.#link.engine()
    } catch (error) {
      this.#failed(error)
      return undefined
    }
  }

  async #consume(engine: Engine, signal: AbortSignal): Promise<void> {
    const backoff = new Backoff()
    while (!signal.aborted) {
      let ending: (() => void) | undefined
      let settling: NodeJS.Timeout | undefined
      const succeeded = () => {
        clearTimeout(settling)
        backoff.reset()
        this.#succeeded()
      }
      try {
        const queue = await this.#link.queueName({})
        const plan = planOf(this.#def, this.#node.id, signal)
        if (!plan.isAuto) leasing(engine, WITHOUT_LEASES)
        this.#handed.assertFits({})
        ending = this.#listen(engine, queue)
        // It fails here where the queue cannot be used, and not only when an item comes.
        await engine.size(queue)
        this.#link.succeeded()
        // A queue that can be counted, and not be taken from, is not another trouble each time.
        settling = setTimeout(succeeded, SETTLED).unref()
        await this.#handOut(engine, queue, plan, signal, succeeded)
      } catch (error) {
        if (signal.aborted) return
        this.#failed(error)
      } finally {
        clearTimeout(settling)
        ending?.()
      }
      await this.#untilChanged(engine, signal, backoff)
    }
  }

  /** Hands items out as they come, until it fails or is stopped. */
  async #handOut(
    engine: Engine,
    queue: string,
    plan: Plan,
    signal: AbortSignal,
    succeeded: () => void,
  ): Promise<void> {
    const { most, isList, isAuto, rate, per, options } = plan
    const pace = Pace.of(this.#node.id)
    let sent = 0
    while (!signal.aborted) {
      const room = rate === 0 ? most : pace.room(rate, per)
      if (room === 0) {
        await sleep(Math.ceil(pace.wait(rate, per)), undefined, { signal, ref: false })
        continue
      }
      const taken = await engine.take(queue, { ...options, count: Math.min(most, room) })
      if (taken.length === 0) continue
      if (signal.aborted) {
        const leases = taken.flatMap(({ lease }) => lease ?? [])
        if (leases.length > 0) await leasing(engine).release(queue, leases)
        else engine.putBack?.(queue, taken)
        return
      }
      if (rate > 0) pace.count(taken.length)
      succeeded()
      this.#send(engine, queue, taken, isList)
      sent += taken.length
      if (!isAuto && sent < AT_ONCE) continue
      // The rest of the process must go on, however many may be in flight.
      sent = 0
      await nextTurn()
    }
  }

  #send(engine: Engine, queue: string, taken: Taken[], isList: boolean): void {
    if (isList) this.#node.send(this.#handed.list(this.#message(), engine, queue, taken))
    else {
      for (const item of taken) {
        this.#node.send(this.#handed.leased(this.#message(), engine, queue, item))
      }
    }
  }

  #message(): NodeMessage {
    return { _msgid: this.#RED.util.generateId() }
  }

  /** Sends what is dropped without a message that causes it, where the node has an output for it. */
  #listen(engine: Engine, queue: string): (() => void) | undefined {
    if (!isSet(this.#def.dropped) || !engine.supports.leases) return undefined
    const tell = (item: DroppedItem) => this.#node.send([null, droppedMessage(queue, item)])
    return leasing(engine).onDropped(queue, this.#node.id, tell)
  }

  /** Waits until the queue has changed, or for a while, before it is tried again. */
  async #untilChanged(engine: Engine, signal: AbortSignal, backoff: Backoff): Promise<void> {
    if (signal.aborted) return
    const { promise, resolve } = Promise.withResolvers<void>()
    const end = engine.watch(undefined, resolve)
    const aborted = () => resolve()
    signal.addEventListener('abort', aborted)
    await Promise.race([promise, backoff.wait()])
    signal.removeEventListener('abort', aborted)
    end()
  }

  #succeeded(): void {
    this.#reported = ''
    this.#link.succeeded()
  }

  /** Reports an error once, until there is another one or none. */
  #failed(cause: unknown): void {
    const error = cause instanceof MqueueError ? cause : unexpected(cause)
    this.#link.failed(error)
    if (error.code === 'MQ_CLOSED' || error.message === this.#reported) return
    this.#reported = error.message
    // With a message it goes to Catch nodes as well.
    this.#node.error(error, {})
  }

  #describe(engine: Engine, queue: string) {
    const size = engine.known(queue)
    const holder = engine.supports.leases ? leasing(engine) : undefined
    if (holder?.isPaused(queue)) return pausedStatus()
    const caution = engine.caution?.(queue)
    if (caution !== undefined) return cautionStatus(caution)
    const inFlight = holder?.leased(queue, this.#node.id) ?? 0
    return consumerStatus(inFlight, figuresOf(engine, queue, size))
  }

  #close(removed: boolean): void {
    const engine = this.#current?.engine
    this.#isClosed = true
    this.#stop()
    if (!removed || new FlowFile(this.#RED).defines(this.#node.id)) return
    Pace.forget(this.#node.id)
    if (engine?.supports.leases) leasing(engine).releaseAll(this.#node.id)
  }
}

export default (RED: NodeAPI): void => {
  function MqConsumeNode(this: Node, def: MqConsumeDef): void {
    RED.nodes.createNode(this, def)
    new MqConsume(RED, this, def)
  }

  RED.nodes.registerType('mq-consume', MqConsumeNode)
}

function planOf(def: MqConsumeDef, owner: string, signal: AbortSignal): Plan {
  const most = Number.MAX_SAFE_INTEGER
  const isAuto = wordIn(def.ack, 'ack', ['manual', 'auto']) === 'auto'
  const rate = numberIn(def.rate, 0, { what: 'rate', least: 0, most: 1_000_000, isWhole: true })
  // What has no effect is not looked at, as in the dialog.
  const per = numberIn(rate === 0 ? '' : def.per, 1, {
    what: 'per',
    least: 0.001,
    most: LONGEST_LEASE,
  })
  const inFlight = numberIn(isAuto ? '' : def.inFlight, 1, {
    what: 'inFlight',
    least: 1,
    most,
    isWhole: true,
  })
  const lease = numberIn(isAuto ? '' : def.lease, 60, {
    what: 'lease',
    least: 0.001,
    most: LONGEST_LEASE,
  })
  const count = numberIn(def.count, 1, {
    what: 'count',
    label: 'Batch',
    least: 1,
    most: 1_000,
    isWhole: true,
  })
  const isList = count > 1
  const wait = Number.POSITIVE_INFINITY
  const options = { owner, inFlight, signal, wait, isEager: !isList }
  // What is taken for good is taken singly, so that a crash between taking and sending loses one at most.
  const atOnce = isAuto ? 1 : Math.min(inFlight, AT_ONCE)
  return {
    most: isList ? count : atOnce,
    isList,
    isAuto,
    rate,
    per: per * 1_000,
    options: isAuto ? options : { ...options, lease: lease * 1_000 },
  }
}

function unexpected(cause: unknown): MqueueError {
  return new MqueueError('MQ_UNAVAILABLE', reasonOf(cause), { cause })
}
