/** What the observer (see observer/) saw of the messages in a Node-RED. */

/** A message came to a node that listens. */
export interface Received {
  node: string
  number: number
}

/** A message left a node on a port; `item` is what it carries out of a queue. */
export interface Passed {
  node: string
  port: number
  number?: number
  item?: unknown
}

/** How a message ended. */
export interface Done {
  node: string
  number?: number
  code?: string
  failed: boolean
}

export interface Observed {
  received: Received[]
  /** What nodes sent, to whomever. */
  sent: Passed[]
  /** What was sent to a node that was there. */
  delivered: Passed[]
  dones: Done[]
}

/** Reads a log. */
export function observed(log: string): Observed {
  const seen: Observed = { received: [], sent: [], delivered: [], dones: [] }
  for (const [, what, json = ''] of log.matchAll(/^(RECEIVED|SENT|DELIVERED|DONE) (.*)\n/gm)) {
    const facts = JSON.parse(json)
    if (what === 'RECEIVED') seen.received.push(facts)
    else if (what === 'SENT') seen.sent.push(facts)
    else if (what === 'DELIVERED') seen.delivered.push(facts)
    else seen.dones.push(facts)
  }
  return seen
}
