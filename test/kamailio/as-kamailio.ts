/**
 * Where this package's answers differ from Kamailio's on purpose, and how they map to them. This is
 * the only place: everything else about the two is the same, or the comparison fails.
 *
 * - Kamailio answers with return codes, whose meaning differs from function to function. Here an
 *   outcome is a result or an error: an unknown queue is `MQ_UNKNOWN_QUEUE` everywhere.
 * - `mq_size` returns -1 for an empty queue, since 0 would end Kamailio's script. Here it is 0.
 * - `$mqk` and `$mqv` are one per queue and process, and show null for an empty text. Here they are
 *   properties of a message, and an empty text stays one.
 * - A negative size is unlimited in Kamailio. Here it is refused, and unlimited is written 0.
 * - `mqueue.fetch` loses an item with an empty key or value and answers an error. Here it is given.
 * - `mqueue.fetch` sets `$mqk` and `$mqv`, or clears them, as `mq_fetch` does. Here it touches no message.
 * - `mqueue.get_sizes` lists the queue that was defined last first. Here the order is as defined.
 */
import {
  type Item,
  type MaybePromise,
  MqueueError,
  parseDefinitionString,
  type QueueDefinition,
} from '../../src/index.ts'
import type { Line, Operation, QueueOperation, RpcOperation } from './operation.ts'
import { QUEUES } from './rig.ts'

/** This package's side of a comparison: the engine alone, or nodes in a flow. */
export interface Side {
  add(queue: string, key: string, value: string): MaybePromise<unknown>
  fetch(queue: string): MaybePromise<unknown>
  free(queue: string): MaybePromise<unknown>
  size(queue: string): MaybePromise<number>
  rpc(method: string, params: string[]): MaybePromise<RpcReply>
  /** The item that stands where Kamailio has `$mqk` and `$mqv` of a queue. */
  held(queue: string): Item | undefined
  hold(queue: string, item: Item | undefined): void
}

export interface RpcReply {
  result?: unknown
  error?: { code: number; message: string }
}

/** The definitions of the traces' queues. */
export function traceDefinitions(): QueueDefinition[] {
  return QUEUES.map(([, text]) => parseDefinitionString(text.replace(/size=-\d+/, 'size=0')))
}

/** Does an operation and returns its result as Kamailio would. */
export function asKamailio(side: Side): (operation: Operation) => Promise<Line> {
  return async (operation) =>
    operation.op === 'rpc' ? rpc(side, operation) : script(side, operation)
}

async function script(side: Side, operation: QueueOperation): Promise<Line> {
  const { op, q, key = '', val = '' } = operation
  const size = () => known(() => side.size(q))
  let rc = 1
  if (op === 'add') rc = (await known(() => side.add(q, key, val))) === undefined ? -1 : 1
  if (op === 'fetch') {
    const fetched = await known(async () => [await side.fetch(q)])
    if (fetched === undefined) rc = -1
    else rc = fetched[0] === undefined ? -2 : 1
  }
  if (op === 'size') rc = sizeCode(await size())
  if (op === 'pvfree') await side.free(q)
  const held = side.held(q)
  return {
    ...operation,
    rc,
    ...(held === undefined || held.key === '' ? {} : { k: held.key }),
    ...(held === undefined || held.value === '' ? {} : { v: held.value as string }),
    n: (await size()) ?? null,
  }
}

function sizeCode(size: number | undefined): number {
  if (size === undefined) return -2
  return size === 0 ? -1 : size
}

async function rpc(side: Side, operation: RpcOperation): Promise<Line> {
  const { method, params } = operation
  const [name = ''] = params
  const { result, error } = await side.rpc(method, params)
  if (error !== undefined) {
    if (method === 'mqueue.fetch') side.hold(name, undefined)
    return { ...operation, error: { code: error.code, message: error.message } }
  }
  if (method === 'mqueue.get_sizes') return { ...operation, result: (result as []).toReversed() }
  if (method === 'mqueue.get_size') return { ...operation, result }
  const { key, val } = result as { key: string; val: string }
  side.hold(name, { key, value: val })
  if (key !== '' && val !== '') return { ...operation, result }
  return { ...operation, error: { code: 500, message: 'Unexpected error (result)' } }
}

/** The result of an operation, or undefined where the queue is unknown. */
async function known<T>(operate: () => MaybePromise<T>): Promise<T | undefined> {
  try {
    return await operate()
  } catch (error) {
    if (error instanceof MqueueError && error.code === 'MQ_UNKNOWN_QUEUE') return undefined
    throw error
  }
}
