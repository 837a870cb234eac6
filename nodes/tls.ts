import type { ConnectionOptions } from 'node:tls'
import type { Node, NodeAPI } from 'node-red'

/** Node-RED's own config node for TLS, as the nodes for MQTT and HTTP use it. */
interface TlsConfigNode extends Node {
  addTLSOptions(options: ConnectionOptions): ConnectionOptions
}

/**
 * The certificates and settings for TLS that a node has chosen.
 *
 * @param id the id of a `tls-config` node; in a flow file it may be anything
 * @returns undefined where none is chosen. Where the chosen one is not there, its settings are blank. Then the
 *   certificate of the server is checked by those that the system knows, and nothing is sent in the clear
 */
export function tlsOptions(RED: NodeAPI, id: unknown): ConnectionOptions | undefined {
  if (typeof id !== 'string' || id === '') return undefined
  const config = RED.nodes.getNode(id) as Partial<TlsConfigNode> | null
  return config?.addTLSOptions?.({}) ?? {}
}
