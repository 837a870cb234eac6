import type { NodeAPI, NodeMessage } from 'node-red'
import type { Engine, FetchedItem, Taken } from '../src/engine.ts'
import { MqueueError } from '../src/errors.ts'
import { leasing } from '../src/leasing.ts'
import { copyOf } from './copy.ts'
import { leaseBook } from './lease-book.ts'
import { assertSettable, assertTakesSize, overlap, type Target, target } from './target.ts'

/** Where key and value of an item go in a message. */
interface Places {
  keyTo: string
  valueTo: string
  /** Whether a whole message that was queued comes back as itself. */
  restores: boolean
}

/** A value in a queue came with a message that is gone. */
const NO_MESSAGE: NodeMessage = {}

/** Puts what was taken from a queue into messages. */
export class Handed {
  readonly key: Target
  readonly value: Target
  readonly #restores: boolean
  /** Whether key, value and size have one place, or one within another. */
  readonly #collide: boolean
  /** Whether key and value go to `mqk` and `mqv`, as they mostly do. */
  readonly #isUsual: boolean

  constructor(RED: NodeAPI, { keyTo, valueTo, restores }: Places) {
    this.#isUsual = keyTo === 'mqk' && valueTo === 'mqv'
    this.#restores = restores
    this.key = target(RED, keyTo)
    this.value = target(RED, valueTo)
    const paths = [keyTo, valueTo, 'mqsize']
    this.#collide = paths.some((path, i) =>
      paths.slice(i + 1).some((other) => overlap(RED, path, other)),
    )
  }

  /** Makes sure that an item which is taken has somewhere to go. */
  assertFits(msg: NodeMessage): void {
    if (this.#isUsual && !('mqk' in msg || 'mqv' in msg || 'mqsize' in msg)) return
    if (this.#collide) {
      const text =
        'Key, value and mqsize must go to three different properties, and none may be within another.'
      throw new MqueueError('MQ_INVALID_VALUE', text)
    }
    assertSettable(this.key, msg, 'MQ_INVALID_KEY')
    assertSettable(this.value, msg, 'MQ_INVALID_VALUE')
    assertTakesSize(msg)
  }

  /** The message of a queue that has nothing to take; with what it has all the same. */
  empty(msg: NodeMessage, size = 0): NodeMessage {
    this.key.delete(msg)
    this.value.delete(msg)
    msg.mqsize = size
    return msg
  }

  /** The message of an item: the one that asked for it or, where a whole message was queued, that one. */
  one(msg: NodeMessage, item: FetchedItem): NodeMessage {
    if (this.#restores && isMessage(item.value)) return this.#restored(msg, item.value, item)
    if (this.#isUsual) {
      // A store with a literal name is the fastest there is.
      msg.mqv = item.value
      msg.mqk = item.key
    } else {
      this.value.set(msg, item.value)
      this.key.set(msg, item.key)
    }
    msg.mqsize = item.size
    if (item.reason !== undefined) {
      msg.mqreason = item.reason
      msg.mqueue = item.from
    }
    return msg
  }

  /** The message of an item that may be leased. */
  leased(msg: NodeMessage, engine: Engine, queue: string, item: Taken): NodeMessage {
    // What is leased may come back as it was queued, whatever the flow does with it.
    const given =
      item.lease === undefined ? item : { ...item, value: copyOf(item.value, NO_MESSAGE) }
    const filled = this.one(msg, given)
    if (item.lease !== undefined) {
      filled.mqlease = leaseText(queue, item.lease)
      filled.mqattempt = item.attempt
      note(filled, engine, queue, [item.lease])
    }
    return filled
  }

  /** One message of several items, with lists. */
  list(msg: NodeMessage, engine: Engine, queue: string, items: readonly Taken[]): NodeMessage {
    this.value.set(
      msg,
      items.map(({ lease, value }) => (lease === undefined ? value : copyOf(value, NO_MESSAGE))),
    )
    this.key.set(
      msg,
      items.map(({ key }) => key),
    )
    msg.mqsize = items.at(-1)?.size ?? 0
    const leases = items.flatMap(({ lease }) => lease ?? [])
    if (leases.length > 0) {
      msg.mqlease = leases.map((lease) => leaseText(queue, lease))
      msg.mqattempt = items.map(({ attempt }) => attempt)
      note(msg, engine, queue, leases)
    }
    if (items.some(({ reason }) => reason !== undefined)) {
      msg.mqreason = items.map(({ reason }) => reason)
      msg.mqueue = items.map(({ from }) => from)
    }
    return msg
  }

  /** The queued message itself, with what only the trigger has; its value is the message. */
  #restored(
    trigger: NodeMessage,
    queued: NodeMessage,
    { key, size, reason, from }: FetchedItem,
  ): NodeMessage {
    this.value.delete(trigger)
    const msg = Object.assign(queued, { ...trigger, ...queued })
    if (this.key.fits(msg)) this.key.set(msg, key)
    msg.mqsize = size
    if (reason !== undefined) {
      msg.mqreason = reason
      msg.mqueue = from
    }
    return msg
  }
}

/** The text that names a lease in messages. */
function leaseText(queue: string, lease: string): string {
  return `${queue}:${lease}`
}

function note(msg: NodeMessage, engine: Engine, queue: string, leases: readonly string[]): void {
  const holder = leasing(engine)
  const texts = leases.map((lease) => leaseText(queue, lease))
  leaseBook.note(msg, texts, () => leases.some((lease) => holder.holds(queue, lease)))
}

/** Every message in a flow has an id, so a value with one was queued as the whole message. */
function isMessage(value: unknown): value is NodeMessage {
  return typeof value === 'object' && value !== null && '_msgid' in value
}
