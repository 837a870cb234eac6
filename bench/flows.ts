/** The flows that are measured: the same driver before each set of queue nodes. */
import type { FlowNode } from '../test/support/node-red.ts'

export interface Load {
  /** Items added before the first is fetched. */
  depth: number
  rounds: number
  warmUp: number
  payload: unknown
}

const TAB = { id: 'tab', type: 'tab', label: 'bench' }
/** Node-RED takes a node without a place on the canvas for a config node. */
const PLACE = { z: 'tab', x: 1, y: 1 }
const QUEUE = { name: 'q', size: 0, addmode: 0, dbmode: 0 }
const ON_QUEUE = { mqueue: 'config', queue: 'q' }

const configOf = (queues: object[], more: object = {}) => ({
  id: 'config',
  type: 'mqueue',
  queues,
  ...more,
})
/** A config node whose queues are in Redis. */
const inRedis = (port: number) => ({ engine: 'redis', redisUrl: `redis://127.0.0.1:${port}` })
const driver = (type: string, load: Load, more: object) => ({
  ...PLACE,
  id: 'driver',
  type,
  ...load,
  ...more,
})
const ids = (prefix: string, count: number) => Array.from({ length: count }, (_, i) => prefix + i)

/** Nodes that add and nodes that fetch, as many of each, which the driver uses in turn. */
function pairs(type: 'mq' | 'bench', count: number, load: Load, more: object = {}): object[] {
  const adds = ids('add', count)
  const fetches = ids('fetch', count)
  const wires = [...adds, ...fetches].map((id) => [id])
  return [
    TAB,
    driver('bench-driver', load, { pairs: count, trigger: { payload: '' }, wires }),
    ...adds.map((id) => ({ ...PLACE, id, type: `${type}-add`, wires: [[]], ...more })),
    ...fetches.map((id) => ({
      ...PLACE,
      id,
      type: `${type}-fetch`,
      wires: [['driver'], []],
      ...more,
    })),
  ]
}

/** mq-add and mq-fetch nodes on one queue. */
export const mqueueFlow = (load: Load, count = 1) => [
  ...pairs('mq', count, load, ON_QUEUE),
  configOf([QUEUE]),
]

/** The mqueue flow on a queue with a bound, which drops what is beyond it; a fetch from the empty queue counts as one. */
export const boundedFlow = (load: Load, size: number) => [
  TAB,
  driver('bench-driver', load, { trigger: { payload: '' }, wires: [['add'], ['fetch']] }),
  { ...PLACE, ...ON_QUEUE, id: 'add', type: 'mq-add', wires: [[]] },
  { ...PLACE, ...ON_QUEUE, id: 'fetch', type: 'mq-fetch', wires: [['driver'], ['driver']] },
  configOf([{ ...QUEUE, size }]),
]

/** The least that such nodes can do: a bare ring, no copy, no status, no typed inputs. */
export const referenceFlow = (load: Load, count = 1) => pairs('bench', count, load)

/** The mqueue flow, and mq-size nodes that show the size of these queues, in turn. */
export function watchedFlow(load: Load, count: number, queues: readonly string[]): object[] {
  const watchers = ids('size', count).map((id, i) => ({
    ...PLACE,
    id,
    type: 'mq-size',
    mqueue: 'config',
    queue: queues[i % queues.length],
    wires: [[]],
  }))
  const others = queues.filter((name) => name !== 'q').map((name) => ({ ...QUEUE, name }))
  return [...pairs('mq', 1, load, ON_QUEUE), configOf([QUEUE, ...others]), ...watchers]
}

/** So many queues, which change so many times a second. */
export function pacedFlow(queues: number, changes: number, payload: unknown): object[] {
  const names = ids('queue-', queues)
  const by = { ...PLACE, mqueue: 'config', queue: 'queue', queueType: 'msg' }
  return [
    TAB,
    {
      ...PLACE,
      id: 'pace',
      type: 'bench-pace',
      queues: names,
      changes,
      payload,
      wires: [['add'], ['fetch']],
    },
    { ...by, id: 'add', type: 'mq-add', wires: [[]] },
    { ...by, id: 'fetch', type: 'mq-fetch', wires: [[], []] },
    configOf(names.map((name) => ({ ...QUEUE, name, size: 1_000 }))),
  ]
}

const GATE_COMMANDS = {
  controlTopic: 'control',
  openCmd: 'open',
  closeCmd: 'close',
  toggleCmd: 'toggle',
  queueCmd: 'queue',
  defaultCmd: 'default',
  triggerCmd: 'trigger',
  flushCmd: 'flush',
  resetCmd: 'reset',
}

/** node-red-contrib-queue-gate. */
export const queueGateFlow = (load: Load) => [
  TAB,
  driver('bench-driver', load, {
    trigger: { topic: 'control', payload: 'trigger' },
    wires: [['gate'], ['gate']],
  }),
  {
    ...PLACE,
    ...GATE_COMMANDS,
    id: 'gate',
    type: 'q-gate',
    defaultState: 'queueing',
    maxQueueLength: 0,
    keepNewest: false,
    persist: false,
    wires: [['driver']],
  },
]

/** node-red-contrib-simple-message-queue. */
export const simpleQueueFlow = (load: Load) => [
  TAB,
  driver('bench-driver', load, { trigger: { trigger: true }, wires: [['simple'], ['simple']] }),
  {
    ...PLACE,
    id: 'simple',
    type: 'simple-queue',
    firstMessageBypass: false,
    bypassInterval: '0',
    wires: [['driver']],
  },
]

/** A queue filled and emptied in bursts. */
const bursts = (load: Load, config: object) => [
  TAB,
  driver('bench-burst', load, { wires: [['add'], ['fetch']] }),
  { ...PLACE, ...ON_QUEUE, id: 'add', type: 'mq-add', wires: [['driver']] },
  { ...PLACE, ...ON_QUEUE, id: 'fetch', type: 'mq-fetch', wires: [['driver'], []] },
  config,
]

/** A queue with a dbmode. */
export const burstFlow = (load: Load, dbmode: number) =>
  bursts(load, configOf([{ ...QUEUE, dbmode }]))

/** A queue in Redis. */
export const redisFlow = (load: Load, port: number) =>
  bursts(load, configOf([QUEUE], inRedis(port)))

/** Nodes that wait for items of queues in Redis, in turn; the driver counts the calls that they make meanwhile. */
export function idleFlow(port: number, count: number, queues: number, seconds: number): object[] {
  const names = ids('q', queues)
  const nodes = ids('consume', count).map((id, i) => ({
    ...PLACE,
    id,
    type: 'mq-consume',
    mqueue: 'config',
    queue: names[i % queues],
    wires: [[], []],
  }))
  const all = names.map((name) => ({ ...QUEUE, name }))
  const idle = { ...PLACE, id: 'driver', type: 'bench-idle', port, seconds, wires: [] }
  return [TAB, idle, ...nodes, configOf(all, inRedis(port))]
}

/** Consumers that wait, each for its own queue of a Kamailio. */
export function pollingFlow(rpcUrl: string, count: number): FlowNode[] {
  const consumers = ids('consume', count).map((id, i) => ({
    ...PLACE,
    id,
    type: 'mq-consume',
    mqueue: 'config',
    queue: `q${i}`,
    ack: 'auto',
    wires: [[]],
  }))
  const queues = ids('q', count).map((name) => ({ name }))
  return [TAB, ...consumers, configOf(queues, { engine: 'kamailio', rpcUrl, poll: 1 })]
}

/** The same bursts, but items come by themselves, so many at a time, and are acknowledged. */
export const consumeFlow = (load: Load, dbmode: number, inFlight: number) => [
  TAB,
  driver('bench-burst', load, { wires: [['add'], []] }),
  { ...PLACE, ...ON_QUEUE, id: 'add', type: 'mq-add', wires: [['driver']] },
  { ...PLACE, ...ON_QUEUE, id: 'consume', type: 'mq-consume', inFlight, wires: [['ack'], []] },
  { ...PLACE, ...ON_QUEUE, id: 'ack', type: 'mq-ack', wires: [['driver']] },
  configOf([{ ...QUEUE, dbmode }]),
]

/** One item at a time, which goes from mq-add to an mq-consume that waits for it. */
export const handedFlow = (load: Load) => [
  TAB,
  driver('bench-driver', load, { wires: [['add'], []] }),
  { ...PLACE, ...ON_QUEUE, id: 'add', type: 'mq-add', wires: [[]] },
  { ...PLACE, ...ON_QUEUE, id: 'consume', type: 'mq-consume', ack: 'auto', wires: [['driver']] },
  configOf([QUEUE]),
]

/** One message at a time, which goes through two nodes. */
export const wiredFlow = (load: Load) => [
  TAB,
  driver('bench-driver', load, { wires: [['first'], []] }),
  { ...PLACE, id: 'first', type: 'bench-pass', wires: [['second']] },
  { ...PLACE, id: 'second', type: 'bench-pass', wires: [['driver']] },
]
