/** Flows for the tests. */
import type { FlowNode } from './node-red.ts'

export const TAB: FlowNode = { id: 'tab', type: 'tab', label: 'test' }

/** A config node with the given queues. */
export function config(queues: object[], more: object = {}): FlowNode {
  return { id: 'config', type: 'mqueue', name: '', engine: 'memory', queues, ...more }
}

const SPREAD =
  'Object.assign(msg, msg.payload); if (!("payload" in msg.req.body)) delete msg.payload; return msg;'

/**
 * A node that can be asked over HTTP. A message goes in as the body of a request
 * to `/probe/<id of the node>`, and what comes out of the node, or its error, is the answer.
 */
export function probe(
  node: FlowNode,
  outputs = 1,
  z = 'tab',
  url = `/probe/${node.id}`,
): FlowNode[] {
  const { id } = node
  const report = (port: number) =>
    `const { req, res, ...rest } = msg; return { req, res, payload: { port: ${port}, msg: rest } };`
  const fail =
    'const { message, code } = msg.error; return { req: msg.req, res: msg.res, payload: { error: { message, code } } };'
  const ports = Array.from({ length: outputs }, (_, port) => port)
  const nodes: FlowNode[] = [
    {
      id: `${id}.in`,
      type: 'http in',
      z,
      url,
      method: 'post',
      wires: [[`${id}.spread`]],
    },
    { id: `${id}.spread`, type: 'function', z, func: SPREAD, outputs: 1, wires: [[id]] },
    { z, mqueue: 'config', ...node, wires: ports.map((port) => [`${id}.out${port}`]) },
    ...ports.map((port) => ({
      id: `${id}.out${port}`,
      type: 'function',
      z,
      func: report(port),
      outputs: 1,
      wires: [[`${id}.answer`]],
    })),
    { id: `${id}.catch`, type: 'catch', z, scope: [id], wires: [[`${id}.fail`]] },
    { id: `${id}.fail`, type: 'function', z, func: fail, outputs: 1, wires: [[`${id}.answer`]] },
    { id: `${id}.answer`, type: 'http response', z, wires: [] },
  ]
  // Node-RED takes a node without a place on the canvas for a config node.
  return nodes.map((one) => ({ x: 1, y: 1, ...one }))
}
