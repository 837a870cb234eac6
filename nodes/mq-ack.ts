import type { Node, NodeAPI, NodeMessage, NodeMessageInFlow } from 'node-red'
import { MqueueError } from '../src/errors.ts'
import { type LeasingEngine, leasing } from '../src/leasing.ts'
import { after, type MaybePromise } from '../src/maybe-promise.ts'
import { InputNode, type Send } from './input.ts'
import { leaseBook } from './lease-book.ts'
import { type Reader, reader } from './property.ts'
import { QueueLink, type QueueNodeDef } from './queue-link.ts'
import { knownSize } from './registry.ts'
import { LONGEST_LEASE, numberIn, wordIn } from './settings.ts'
import { assertTakesSize, pathOf, type Target, target } from './target.ts'

const ACTIONS = ['ack', 'retry', 'reject', 'release', 'extend'] as const
type Action = (typeof ACTIONS)[number]

/** The longest delay of a retry, in s: 30 days. */
const LONGEST_DELAY = 2_592_000
const DEFAULT_LEASE = 60
/** So many leases that were lost are named. */
const MOST_NAMED = 10

interface MqAckDef extends QueueNodeDef {
  action?: string
  actionType?: string
  delay?: string | number
  delayType?: string
  lease?: string | number
  leaseFrom?: string
}

/** What a message asks for. */
interface Asked {
  readonly action: Action
  /** The delay of a retry, in ms; undefined for that of the queue. */
  readonly delay: number | undefined
  /** The time of an extension, in ms. */
  readonly time: number
}

class MqAck extends InputNode {
  readonly #action: Reader
  readonly #delay: Reader | undefined
  readonly #time: string | number | undefined
  readonly #readLease: Reader
  readonly #lease: Target

  constructor(RED: NodeAPI, node: Node, def: MqAckDef) {
    super(RED, node, new QueueLink(RED, node, def, { queueless: true }))
    const { actionType = 'action', delay = '', delayType = 'num' } = def
    const action = def.action || 'ack'
    const from = pathOf(def.leaseFrom, 'mqlease')
    const read = (value: string | number, type: string, what: string) =>
      reader(RED, node, { value: String(value), type }, what, 'MQ_INVALID_VALUE')
    this.#action = read(action, actionType === 'action' ? 'str' : actionType, 'action')
    const isBlank = delayType === 'num' && String(delay).trim() === ''
    this.#delay = isBlank
      ? undefined
      : read(delay, delayType === 'num' ? 'str' : delayType, 'delay')
    this.#time = def.lease
    const property = { value: from, type: 'msg' }
    this.#readLease = reader(RED, node, property, 'lease', 'MQ_INVALID_LEASE')
    this.#lease = target(RED, from)
  }

  protected override handle(msg: NodeMessageInFlow, send: Send): MaybePromise<void> {
    const action = this.#action.attempt(msg)
    const delay = this.#delay?.attempt(msg)
    const parts =
      action instanceof Promise || delay instanceof Promise
        ? Promise.all([action, delay])
        : ([action, delay] as const)
    return this.inTurn(parts as MaybePromise<readonly [unknown, unknown]>, ([what, seconds]) =>
      this.#act(msg, this.#asked(what, seconds), send),
    )
  }

  #asked(action: unknown, delay: unknown): Asked {
    const what = wordIn(action || 'nothing', 'action', ACTIONS)
    const range = { what: 'delay', least: 0, most: LONGEST_DELAY }
    const lease = { what: 'lease', least: 0.001, most: LONGEST_LEASE }
    // What has no effect is not looked at, as in the dialog.
    const seconds = what === 'retry' ? numberIn(delay, -1, range) : -1
    const time = what === 'extend' ? numberIn(this.#time, DEFAULT_LEASE, lease) : 0
    return { action: what, delay: seconds < 0 ? undefined : seconds * 1_000, time: time * 1_000 }
  }

  #act(msg: NodeMessageInFlow, asked: Asked, send: Send): MaybePromise<void> {
    const engine = leasing(this.link.engine())
    assertTakesSize(msg)
    const leases = this.#leasesOf(msg)
    const [only] = leases
    // Mostly it is one lease, which passes without a promise.
    const answered =
      leases.length === 1 && only !== undefined
        ? endOf(engine, ...partsOf(only), asked)
        : endAll(engine, groupByQueue(leases), asked)
    return after(answered, ({ lost, size }) => {
      if (lost.length > 0) throw lostError(lost)
      msg.mqsize = size
      if (asked.action !== 'extend') {
        leaseBook.forget(msg)
        this.#lease.delete(msg)
        delete msg.mqattempt
      }
      send(msg)
    })
  }

  /** The leases that a message names: one, or a list of them. */
  #leasesOf(msg: NodeMessage): readonly string[] {
    const found = this.#readLease.read(msg) ?? leaseBook.find(msg)
    // A list may name one lease twice, as where parts of one item were joined.
    const leases = Array.isArray(found) ? [...new Set(found.flat())] : [found]
    if (leases.length > 0 && leases.every(isLease)) return leases
    const what = found === undefined ? 'has no lease' : 'has something other than a lease'
    const text = `The message ${what}. Keep msg.mqlease of the item on it, as it came.`
    throw new MqueueError('MQ_INVALID_LEASE', text)
  }
}

export default (RED: NodeAPI): void => {
  function MqAckNode(this: Node, def: MqAckDef): void {
    RED.nodes.createNode(this, def)
    new MqAck(RED, this, def)
  }

  RED.nodes.registerType('mq-ack', MqAckNode)
}

/** What became of some leases: those that had ended already, and what is left in the queue. */
interface Ended {
  readonly lost: readonly string[]
  readonly size: number
}

function endOf(
  engine: LeasingEngine,
  queue: string,
  lease: string,
  asked: Asked,
): MaybePromise<Ended> {
  return after(end(engine, queue, [lease], asked), ([isHeld]) => {
    const lost = isHeld ? [] : [`${queue}:${lease}`]
    // It was just seen; to ask for it would take a server another call.
    return { lost, size: knownSize(engine, queue) ?? 0 }
  })
}

async function endAll(
  engine: LeasingEngine,
  byQueue: ReadonlyMap<string, readonly string[]>,
  asked: Asked,
): Promise<Ended> {
  const lost: string[] = []
  let size = 0
  for (const [queue, leases] of byQueue) {
    const held = await end(engine, queue, leases, asked)
    for (const [at, lease] of leases.entries()) if (!held[at]) lost.push(`${queue}:${lease}`)
    size = knownSize(engine, queue) ?? 0
  }
  return { lost, size }
}

function end(
  engine: LeasingEngine,
  queue: string,
  leases: readonly string[],
  { action, delay, time }: Asked,
): MaybePromise<boolean[]> {
  switch (action) {
    case 'ack':
      return engine.acknowledge(queue, leases)
    case 'retry':
      return engine.retry(queue, leases, delay)
    case 'reject':
      return engine.reject(queue, leases)
    case 'release':
      return engine.release(queue, leases)
    case 'extend':
      return engine.extend(queue, leases, time)
  }
}

/** Whether something is the text of a lease, `<queue>:<id>`. */
function isLease(value: unknown): value is string {
  return typeof value === 'string' && /^[^:]+:.+$/.test(value)
}

/** The ids of leases by their queue. */
function groupByQueue(leases: readonly string[]): Map<string, string[]> {
  const byQueue = new Map<string, string[]>()
  for (const lease of leases) {
    const [queue, id] = partsOf(lease)
    const ids = byQueue.get(queue)
    if (ids === undefined) byQueue.set(queue, [id])
    else ids.push(id)
  }
  return byQueue
}

/** The queue and the id of a lease. */
function partsOf(lease: string): [queue: string, id: string] {
  const colon = lease.indexOf(':')
  return [lease.slice(0, colon), lease.slice(colon + 1)]
}

/** The error of leases that have ended; the first of them are named. */
function lostError(lost: readonly string[]): MqueueError {
  const what = lost.length === 1 ? 'The lease has' : `${lost.length} leases have`
  const named = lost.slice(0, MOST_NAMED).join(', ') + (lost.length > MOST_NAMED ? ', …' : '')
  const reason = 'Its time was over, or it was acknowledged, retried or rejected before'
  const advice = 'Make the leases longer, or make sure that only one mq-ack gets each message'
  return new MqueueError('MQ_LEASE_LOST', `${what} ended already: ${named}. ${reason}. ${advice}.`)
}
