import {
  createInvalidRequestResponse,
  createJSONRPCErrorResponse,
  isJSONRPCID,
  JSONRPCErrorCode,
  JSONRPCErrorException,
  type JSONRPCRequest,
  type JSONRPCResponse,
  JSONRPCServer,
} from 'json-rpc-2.0'
import { asJson, type Count } from './as-json.ts'
import { control } from './control.ts'
import type { DroppedItem, Engine, Item, QueueStats } from './engine.ts'
import { type ErrorCode, MqueueError, reasonOf } from './errors.ts'
import { keyOf, missingValue } from './item-key.ts'
import { type LeasingEngine, leasing } from './leasing.ts'
import type { MaybePromise } from './maybe-promise.ts'

/** The most calls that a batch may hold. */
const LONGEST_BATCH = 1000

/**
 * The most characters that the results of an answer are written with together. Beyond a few hundred million no text can
 * be made of it, and long before that the process stands still.
 */
const LONGEST_ANSWER = 64_000_000

const FETCH = 'mqueue.fetch'
const ADD = 'mqueue.add'
/** The methods that change a queue; all others only read. */
const CHANGING: readonly unknown[] = [FETCH, ADD]
/** How long an item that is fetched is leased at most until its answer is sent or its client has gone, in ms: a day. */
const FETCH_LEASE = 86_400_000

/** The engines whose queues a request can reach, by the id of what holds them. */
export type Engines = ReadonlyMap<string, Engine>

/** What the methods need to know of the request besides its parameters. */
interface Context {
  engines: Engines
  /** Is aborted when nobody waits for the answer any more. */
  signal: AbortSignal | undefined
  /** With how many characters more the answer may be written. */
  room: number
  /** What happens to the items that were taken, once the answer was sent or not. */
  taken: ((isSent: boolean) => MaybePromise<unknown>)[]
}

/** Is called with a function that must be called once, with whether the answer was sent. */
export type OnTaken = (conclude: (isSent: boolean) => Promise<void>) => void

/**
 * Answers JSON-RPC 2.0 requests with Kamailio's commands `mqueue.get_size`, `mqueue.get_sizes` and
 * `mqueue.fetch`, with its codes and texts, and with two more, `mqueue.add` and `mqueue.stats`. Three things differ
 * from Kamailio. An item with an empty key or value is returned rather than lost. A value that is not a text is
 * returned as JSON of its type. Sizes are listed in the order of the definitions.
 *
 * @param body the parsed request, or a list of them
 * @param engines the engines whose queues can be reached
 * @param signal is aborted when nobody waits for the answer any more. Then nothing is taken, and what was not answered
 *   yet goes back to its place. Nothing is taken for a notification, which has no answer
 * @param onTaken is called where items were taken: they come back if the answer was not sent, and stay leased until that
 *   is known, where the engine has leases. Without it they are taken for good
 * @returns the response, a list of them for a batch, or undefined where there is none
 */
export async function answerRpc(
  body: unknown,
  engines: Engines,
  signal?: AbortSignal,
  onTaken: OnTaken = (conclude) => conclude(true),
): Promise<JSONRPCResponse | JSONRPCResponse[] | undefined> {
  const context: Context = { engines, signal, room: LONGEST_ANSWER, taken: [] }
  const answer = await answerAll(body, context)
  if (context.taken.length > 0) {
    onTaken(async (isSent) => {
      // Of those that come back the oldest is the last, so that it is the first then.
      const concluding = context.taken.toReversed().map(async (conclude) => conclude(isSent))
      for (const outcome of await Promise.allSettled(concluding)) {
        if (outcome.status === 'rejected') throw outcome.reason
      }
    })
  }
  return answer
}

async function answerAll(
  body: unknown,
  context: Context,
): Promise<JSONRPCResponse | JSONRPCResponse[] | undefined> {
  if (!Array.isArray(body)) return answerOne(body, context)
  if (body.length === 0) return invalidRequest()
  if (body.length > LONGEST_BATCH) {
    return invalidRequest(`Invalid Request: a batch holds at most ${LONGEST_BATCH} calls`)
  }
  const responses: JSONRPCResponse[] = []
  for (const call of body) {
    const response = await answerOne(call, context)
    if (response !== undefined) responses.push(response)
  }
  return responses.length === 0 ? undefined : responses
}

/** Whether a request, or any call of a batch, changes a queue. */
export function changes(body: unknown): boolean {
  const calls = Array.isArray(body) ? body : [body]
  return calls.some((call) => isObject(call) && CHANGING.includes(call.method))
}

/** Whether a request, or any call of a batch, only reads. */
export function reads(body: unknown): boolean {
  const calls = Array.isArray(body) ? body : [body]
  return (
    calls.length === 0 || calls.some((call) => !isObject(call) || !CHANGING.includes(call.method))
  )
}

/** The response to what is not JSON at all. */
export function parseError(): JSONRPCResponse {
  return createJSONRPCErrorResponse(null, JSONRPCErrorCode.ParseError, 'Parse error')
}

/** The response to what failed here for no fault of the caller. */
export function internalError(): JSONRPCResponse {
  return createJSONRPCErrorResponse(null, JSONRPCErrorCode.InternalError, 'Internal error')
}

/** The response to a request for a config node that does not exist. */
export function noSuchConfigNode(): JSONRPCResponse {
  return createJSONRPCErrorResponse(null, 404, 'No such config node')
}

/** The response to what is JSON but not a request. */
export function invalidRequest(message = 'Invalid Request'): JSONRPCResponse {
  return createJSONRPCErrorResponse(null, JSONRPCErrorCode.InvalidRequest, message)
}

async function answerOne(call: unknown, context: Context): Promise<JSONRPCResponse | undefined> {
  if (!isRequest(call)) return createInvalidRequestResponse((isObject(call) ? call : {}) as never)
  // A notification wants no answer, and no other method would do anything without one.
  if (call.id === undefined && call.method !== ADD) return undefined
  return (await server.receive(call, context)) ?? undefined
}

/** The library takes some things for requests that are not. */
function isRequest(call: unknown): call is JSONRPCRequest {
  return (
    isObject(call) &&
    call.jsonrpc === '2.0' &&
    typeof call.method === 'string' &&
    (call.id === undefined || isJSONRPCID(call.id))
  )
}

// What goes wrong in a method is reported to the caller, so there is nothing to log.
const server = new JSONRPCServer<Context>({ errorListener: () => {} })

server.addMethod('mqueue.get_size', async (params, { engines }: Context) => {
  const name = nameOf(params, 400)
  const engine = engineOf(name, engines, 404)
  return { name, size: await inEngine(() => engine.size(name)) }
})

server.addMethod('mqueue.get_sizes', async (_params, context: Context) => {
  const { engines } = context
  const sizes: Size[] = []
  for (const engine of engines.values()) {
    try {
      const known = await engine.sizes()
      for (const name of engine.names()) sizes.push(sizeOf(engine, name, known.get(name)))
    } catch (error) {
      // Where there are others, one that is badly defined does not take them down with it.
      if (engines.size === 1) throw asFault(error)
    }
  }
  return asJson(sizes, counter(context, 'The answer would be too long'))
})

server.addMethod(FETCH, async (params, context: Context) => {
  const name = nameOf(params, 500)
  const engine = engineOf(name, context.engines, 500)
  const count = counter(context, 'The answer would be too long; the item stays queued')
  const answerOf = ({ key, value }: Item) => ({
    key: asJson(key, count),
    val: asJson(value, count),
  })
  if (engine.supports.leases) return fetchLeased(leasing(engine), name, answerOf, context)
  let answer: ReturnType<typeof answerOf> | undefined
  const item = await inEngine(() =>
    engine.fetch(name, {
      signal: context.signal,
      inspect(item) {
        // Only what can be answered is taken.
        answer = answerOf(item)
      },
    }),
  )
  if (item === undefined || answer === undefined) throw fault(404, 'Empty queue')
  context.taken.push((isSent) => (isSent ? undefined : engine.putBack?.(name, [item])))
  return answer
})

server.addMethod(ADD, async (params, context: Context) => {
  const { engines } = context
  const name = nameOf(isNamed(params) ? [params.name] : params, 400)
  const engine = engineOf(name, engines, 404)
  const { key, value } = itemOf(params)
  const { size, dropped } = await inEngine(() => {
    const text = keyOf(key, engine, name)
    if (value === undefined || value === null) throw missingValue(engine, name)
    return engine.add(name, text, value)
  }, 400)
  if (dropped?.reason === 'full') throw fault(409, 'Queue full')
  if (dropped === undefined) return { size }
  return { size, dropped: droppedAnswer(dropped, context) }
})

server.addMethod('mqueue.stats', async (params, { engines }: Context) => {
  const isForAll = !isObject(params) || Object.values(params).length === 0
  if (!isForAll) {
    const name = nameOf(params, 400)
    const engine = engineOf(name, engines, 404)
    return { name, ...(await inEngine(() => statsOf(engine, name))) }
  }
  const all = []
  for (const engine of engines.values()) {
    for (const name of engine.names()) all.push(await statsOrCode(engine, name))
  }
  return all
})

function statsOf(engine: Engine, name: string): MaybePromise<QueueStats> {
  return control(engine, name, 'stats', {})
}

/** What a queue has and has done; of one that cannot be read now the code of the reason. */
async function statsOrCode(engine: Engine, name: string): Promise<object> {
  try {
    return { name, ...(await statsOf(engine, name)) }
  } catch (error) {
    if (error instanceof MqueueError) return { name, size: null, code: error.code }
    throw error
  }
}

/** An item that did not stay, without its value where the answer would be too long. */
function droppedAnswer({ key, value, reason }: DroppedItem, context: Context): object {
  try {
    return { key, val: asJson(value, counter(context, '')), reason }
  } catch (error) {
    if (error instanceof JSONRPCErrorException) return { key, reason }
    throw error
  }
}

/** Fetches an item that comes back unless its answer is sent. */
async function fetchLeased<T>(
  engine: LeasingEngine,
  name: string,
  answerOf: (item: Item) => T,
  { signal, taken }: Context,
): Promise<T> {
  const options = { lease: FETCH_LEASE, asFetch: true, ...(signal && { signal }) }
  const [item] = await inEngine(() => engine.take(name, options))
  if (item === undefined) throw fault(404, 'Empty queue')
  const leases = [item.lease as string]
  try {
    const answer = answerOf(item)
    taken.push((isSent) =>
      isSent ? engine.acknowledge(name, leases) : engine.release(name, leases),
    )
    return answer
  } catch (error) {
    // What cannot be answered stays queued.
    await engine.release(name, leases)
    throw asFault(error)
  }
}

/** Whether parameters are given by their names. */
function isNamed(params: unknown): params is Record<string, unknown> {
  return isObject(params) && !Array.isArray(params)
}

/** The key and the value of an item to add: after the name of the queue, or by their names. */
function itemOf(params: unknown): { key: unknown; value: unknown } {
  if (Array.isArray(params)) return { key: params[1], value: params[2] }
  const { key, value, val = value } = params as Record<string, unknown>
  return { key, value: val }
}

/** The size of a queue; of one that cannot be read now, null and the code of the reason. */
interface Size {
  name: string
  size: number | null
  code?: ErrorCode
}

function sizeOf(engine: Engine, name: string, size: number | undefined): Size {
  if (size !== undefined) return { name, size }
  try {
    engine.known(name)
  } catch (error) {
    if (error instanceof MqueueError) return { name, size: null, code: error.code }
  }
  return { name, size: null, code: 'MQ_UNAVAILABLE' }
}

/** Kamailio takes the first of a list, or the first member of an object whatever its name is. */
function nameOf(params: unknown, code: number): string {
  const name = isObject(params) ? Object.values(params)[0] : undefined
  if (typeof name !== 'string') throw fault(code, 'No queue name')
  if (name === '') throw fault(code, 'Invalid queue name')
  return name
}

function engineOf(name: string, engines: Engines, code: number): Engine {
  const found = [...engines].filter(([, engine]) => defines(engine, name))
  const [first] = found
  if (first === undefined) throw fault(code, 'No such queue')
  if (found.length === 1) return first[1]
  const ids = found.map(([id]) => id)
  const text = `Several config nodes define this queue; POST to mqueue/<id>/rpc with one of: ${ids.join(', ')}`
  throw new JSONRPCErrorException(text, 400, { candidates: ids })
}

function defines(engine: Engine, name: string): boolean {
  try {
    engine.definition(name)
    return true
  } catch {
    return false
  }
}

/** An operation of an engine, with its error as a fault. */
async function inEngine<T>(operate: () => MaybePromise<T>, badInput = 500): Promise<T> {
  try {
    return await operate()
  } catch (error) {
    throw asFault(error, badInput)
  }
}

/** @param badInput the code where what was given is bad */
function asFault(error: unknown, badInput = 500): JSONRPCErrorException {
  if (error instanceof JSONRPCErrorException) return error
  const isBad = error instanceof MqueueError && /^MQ_INVALID_(KEY|VALUE)$/.test(error.code)
  return fault(isBad ? badInput : 500, reasonOf(error))
}

/** Counts what an answer is written with; beyond its limit that is a fault. */
function counter(context: Context, message: string): Count {
  return (characters) => {
    context.room -= characters
    if (context.room < 0) throw fault(500, message)
  }
}

function fault(code: number, message: string): JSONRPCErrorException {
  return new JSONRPCErrorException(message, code)
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}
