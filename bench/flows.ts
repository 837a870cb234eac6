/** The flows that are measured: the same driver before each pair of queue nodes. */

const TAB = { id: 'tab', type: 'tab', label: 'bench' }
const CONFIG = { id: 'config', type: 'mqueue', queues: [{ name: 'q', size: 0, addmode: 0 }] }

export interface Load {
  /** Items added before the first is fetched. */
  depth: number
  rounds: number
  warmUp: number
  payload: unknown
}

const toPair = { trigger: { payload: '' }, wires: [['add'], ['fetch']] }
const pair = (type: string, more: object = {}) => [
  { id: 'add', type: `${type}-add`, z: 'tab', wires: [[]], ...more },
  { id: 'fetch', type: `${type}-fetch`, z: 'tab', wires: [['driver'], []], ...more },
]
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

const CASES = {
  mqueue: [toPair, CONFIG, ...pair('mq', { mqueue: 'config', queue: 'q' })],
  reference: [toPair, ...pair('bench')],
  'queue-gate': [
    { trigger: { topic: 'control', payload: 'trigger' }, wires: [['gate'], ['gate']] },
    {
      id: 'gate',
      type: 'q-gate',
      z: 'tab',
      ...GATE_COMMANDS,
      defaultState: 'queueing',
      maxQueueLength: 0,
      keepNewest: false,
      persist: false,
      wires: [['driver']],
    },
  ],
  'simple-message-queue': [
    { trigger: { trigger: true }, wires: [['simple'], ['simple']] },
    {
      id: 'simple',
      type: 'simple-queue',
      z: 'tab',
      firstMessageBypass: false,
      bypassInterval: '0',
      wires: [['driver']],
    },
  ],
} as const

export type FlowCase = keyof typeof CASES

export function flowOf(name: FlowCase, load: Load): object[] {
  const [driver, ...nodes] = CASES[name]
  return [TAB, { id: 'driver', type: 'bench-driver', z: 'tab', ...load, ...driver }, ...nodes]
}

/** A queue with a dbmode, filled and emptied in bursts. */
export function burstFlowOf(dbmode: number, load: Load): object[] {
  const queue = { z: 'tab', mqueue: 'config', queue: 'q', x: 1, y: 1 }
  return [
    TAB,
    { ...CONFIG, queues: [{ name: 'q', dbmode }] },
    { id: 'driver', type: 'bench-burst', z: 'tab', ...load, wires: [['add'], ['fetch']] },
    { ...queue, id: 'add', type: 'mq-add', wires: [['driver']] },
    { ...queue, id: 'fetch', type: 'mq-fetch', wires: [['driver'], []] },
  ]
}
