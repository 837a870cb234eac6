import type { NodeAPI, NodeMessage } from 'node-red'
import { reasonOf } from '../src/errors.ts'

/** The request and the response of a message. Node-RED takes them off while it copies the message. */
export interface Live {
  readonly req?: unknown
  readonly res?: unknown
}

/**
 * What Node-RED can copy of a message that it cannot copy as a whole: most often a value is nested too deeply for it.
 *
 * @param live the request and the response, which are shared and not copied
 * @returns a message with the same properties; each that cannot be copied is a text that says so
 */
export function copyable(RED: NodeAPI, msg: NodeMessage, { req, res }: Live): NodeMessage {
  const copy: NodeMessage = {}
  for (const name of Object.keys(msg)) copy[name] = copyOfProperty(RED, msg, name)
  if (req !== undefined) copy.req = req
  if (res !== undefined) copy.res = res
  return copy
}

function copyOfProperty(RED: NodeAPI, msg: NodeMessage, name: string): unknown {
  try {
    // Some levels deeper than it lies, so that it can be copied again from further down the stack.
    const { property } = RED.util.cloneMessage({ property: [[[[msg[name]]]]] })
    return property[0]?.[0]?.[0]?.[0]
  } catch (cause) {
    return `(left out, since Node-RED cannot copy it: ${reasonOf(cause)})`
  }
}
