import type { FlowNode } from '../support/node-red.ts'

/** A flow with a config node and one node of each type that uses it. */
export function oneOfEach(queues: object[], more: object = {}): FlowNode[] {
  const shared = { z: 'tab', mqueue: 'config', queue: 'calls', queueType: 'queue', wires: [[]] }
  return [
    { id: 'tab', type: 'tab', label: 'Flow' },
    { id: 'config', type: 'mqueue', name: 'my queues', engine: 'memory', queues, ...more },
    {
      ...shared,
      id: 'add',
      type: 'mq-add',
      key: 'topic',
      keyType: 'msg',
      value: 'payload',
      valueType: 'msg',
      x: 200,
      y: 80,
    },
    {
      ...shared,
      id: 'fetch',
      type: 'mq-fetch',
      keyTo: 'mqk',
      valueTo: 'mqv',
      wires: [[], []],
      x: 200,
      y: 160,
    },
    { ...shared, id: 'size', type: 'mq-size', sizeTo: 'payload', x: 200, y: 240 },
    { ...shared, id: 'free', type: 'mq-pv-free', x: 200, y: 320 },
    { ...shared, id: 'consume', type: 'mq-consume', inFlight: 3, x: 480, y: 80 },
    { ...shared, id: 'ack', type: 'mq-ack', action: 'retry', actionType: 'action', x: 480, y: 160 },
    { ...shared, id: 'control', type: 'mq-control', action: 'peek', x: 480, y: 240 },
  ]
}

/** The flow nodes of that flow, by type. */
export const FLOW_NODES = {
  'mq-add': 'add',
  'mq-fetch': 'fetch',
  'mq-consume': 'consume',
  'mq-ack': 'ack',
  'mq-size': 'size',
  'mq-control': 'control',
  'mq-pv-free': 'free',
}
