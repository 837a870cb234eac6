/** A workbench for one node: in goes a message, and all that comes of it is collected. */
import { createRequire } from 'node:module'
import type { Node, NodeInitializer, NodeMessage } from 'node-red'
import helper from 'node-red-node-test-helper'
import mqAck from '../../nodes/mq-ack.ts'
import mqAdd from '../../nodes/mq-add.ts'
import mqConsume from '../../nodes/mq-consume.ts'
import mqControl from '../../nodes/mq-control.ts'
import mqFetch from '../../nodes/mq-fetch.ts'
import mqPvFree from '../../nodes/mq-pv-free.ts'
import mqSize from '../../nodes/mq-size.ts'
import mqueue from '../../nodes/mqueue.ts'
import type { FlowNode } from './node-red.ts'
import { until } from './node-red.ts'

const require = createRequire(import.meta.url)
helper.init(require.resolve('node-red'))

const NODES: NodeInitializer[] = [
  mqueue,
  mqAdd,
  mqFetch,
  mqConsume,
  mqAck,
  mqControl,
  mqSize,
  mqPvFree,
  require('@node-red/nodes/core/common/25-catch.js'),
  require('@node-red/nodes/core/common/24-complete.js'),
  require('@node-red/nodes/core/common/25-status.js'),
  require('@node-red/nodes/core/network/05-tls.js'),
]

/** What came of a message: what left each output, and how it ended. */
export interface Outcome {
  out: (NodeMessage | undefined)[]
  error?: { message: string; code: string }
  /** The number of times that the message was reported complete or in error. */
  done: number
}

interface Received {
  /** The node it left, where it left one. */
  from?: string
  what: number | 'complete' | 'error' | 'status'
  msg: NodeMessage & { error?: Outcome['error'] }
}

let loads = 0

/** Node types under test get their outputs, and Catch, Complete and Status nodes, wired to listeners. */
export async function load(
  nodes: FlowNode[],
  env: { name: string; value: string; type: string }[] = [],
) {
  // Queues outlive their config node, so each load has its own.
  const configId = `config${++loads}`
  const received: Received[] = []
  const underTest = nodes.filter(({ type }) => type.startsWith('mq-'))
  const scope = underTest.map(({ id }) => id)
  const listeners = underTest.flatMap(({ id }) => [`${id}>0`, `${id}>1`])
  const flow = [
    { id: 'tab', type: 'tab', label: 'test', env },
    ...nodes.map((node) =>
      node.type.startsWith('mq-')
        ? { z: 'tab', mqueue: configId, ...node, wires: [[`${node.id}>0`], [`${node.id}>1`]] }
        : { ...node, id: node.id === 'config' ? configId : node.id },
    ),
    ...listeners.map((id) => ({ id, type: 'helper', z: 'tab' })),
    { id: 'catch', type: 'catch', z: 'tab', scope, wires: [['caught']] },
    { id: 'caught', type: 'helper', z: 'tab' },
    { id: 'complete', type: 'complete', z: 'tab', scope, wires: [['completed']] },
    { id: 'completed', type: 'helper', z: 'tab' },
    { id: 'status', type: 'status', z: 'tab', scope, wires: [['told']] },
    { id: 'told', type: 'helper', z: 'tab' },
  ]
  // Node-RED takes a node without a place on the canvas for a config node.
  const placed = flow.map((node) => ('z' in node ? { x: 1, y: 1, ...node } : node))
  await helper.load(NODES, placed)
  const listen = (id: string, what: Received['what'], from?: string) =>
    helper
      .getNode(id)
      .on('input', (msg) =>
        received.push({ what, msg: msg as Received['msg'], ...(from && { from }) }),
      )
  for (const id of listeners) listen(id, Number(id.slice(-1)), id.slice(0, -2))
  listen('caught', 'error')
  listen('completed', 'complete')
  listen('told', 'status')

  const ended = () => received.filter(({ what }) => what === 'error' || what === 'complete')

  /** Sends a message to a node, waits until it is done, and a moment longer for what must not come. */
  async function run(id: string, msg: object): Promise<Outcome> {
    received.length = 0
    helper.getNode(id).receive(msg as NodeMessage)
    await until(() => ended().length > 0, `${id} to be done`)
    await pause(3)
    const out = [0, 1].map(
      (port) => received.find(({ what, from }) => what === port && from === id)?.msg,
    )
    const error = received.find(({ what }) => what === 'error')?.msg.error
    return { out, ...(error === undefined ? {} : { error }), done: ended().length }
  }

  return { run, configId, node: (id: string): Node => helper.getNode(id), received }
}

export function unload(): Promise<void> {
  return helper.unload()
}

/** Waits for a number of turns of the event loop, in which Node-RED delivers what was sent. */
export async function pause(turns: number): Promise<void> {
  for (let i = 0; i < turns; i++) await new Promise((resolve) => setImmediate(resolve))
}
