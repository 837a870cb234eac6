import { isUtf8 } from 'node:buffer'
import type { IncomingMessage } from 'node:http'
import type { RpcAddress } from './address.ts'

/** An error that Kamailio answers with. */
export class RpcFault extends Error {
  readonly code: unknown

  constructor(code: unknown, message: string) {
    super(message)
    this.code = code
  }

  /** The same without anything secret, which a proxy may repeat. */
  redacted({ redact }: RpcAddress): RpcFault {
    return new RpcFault(this.code, redact(this.message))
  }
}

/** There is no answer that can be used. */
export class CallFailed extends Error {
  /** Whether Kamailio may have done what was asked for. */
  readonly mayBeDone: boolean

  /** @param reason as it stands in a sentence: `the connection was refused` */
  constructor(reason: string, mayBeDone: boolean) {
    super(reason)
    this.mayBeDone = mayBeDone
  }

  /** The same without anything secret. */
  redacted({ redact }: RpcAddress): CallFailed {
    return new CallFailed(redact(this.message), this.mayBeDone)
  }
}

/**
 * Reads a reply.
 *
 * @param id the id of the call
 * @returns the result
 * @throws RpcFault, CallFailed
 */
export function readReply(response: IncomingMessage, body: Buffer, id: number): unknown {
  const { statusCode: status = 0 } = response
  // The words of a proxy in front, whatever it says besides.
  if (status === 401) throw refused('its user or its password is missing or wrong (HTTP 401)')
  if (status === 403) throw refused('it does not let this host or this user in (HTTP 403)')
  const reply = parsed(body)
  if (isObject(reply) && reply.id === id) {
    const { error } = reply
    if (isObject(error)) throw new RpcFault(error.code, String(error.message))
    if ('result' in reply) return reply.result
  }
  if (status === 404) throw refused('there is no RPC at the path of its address (HTTP 404)')
  if (status >= 300 && status < 400) {
    throw refused(
      `it redirects to another address (HTTP ${status}), and redirects are not followed`,
    )
  }
  const kind = kindOf(body, reply)
  const failed = `it answers with ${kind} instead of JSON-RPC (HTTP ${status})`
  throw new CallFailed(failed, status < 400 || status >= 500)
}

/** The error of a call that was not let through to what does it. */
function refused(reason: string): CallFailed {
  return new CallFailed(reason, false)
}

function kindOf(body: Buffer, reply: unknown): string {
  if (reply !== undefined) return 'other JSON'
  if (body.length === 0) return 'nothing'
  return /^\s*</.test(body.toString('latin1', 0, 100)) ? 'HTML' : 'something else'
}

/** What a body says; undefined where it is not JSON. */
function parsed(body: Buffer): unknown {
  try {
    if (isUtf8(body)) return JSON.parse(body.toString('utf8'))
    return JSON.parse(body.toString('latin1'), (_key, value) =>
      typeof value === 'string' ? fromBytes(value) : value,
    )
  } catch {
    return undefined
  }
}

/**
 * A text of the bytes that its characters stand for. Kamailio sends the bytes of an item as they are. What is not UTF-8 is
 * read as ISO 8859-1, since that has a character for every byte: so none is lost.
 */
function fromBytes(characters: string): string {
  const bytes = Buffer.from(characters, 'latin1')
  return isUtf8(bytes) ? bytes.toString('utf8') : characters
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
