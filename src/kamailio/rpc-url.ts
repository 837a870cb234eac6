import { MqueueError, type Rule } from '../errors.ts'
import { type HostPort, parseHostPort } from '../host-port.ts'
import { userInfo } from '../user-info.ts'
import { assertSet } from '../variable.ts'
import { isBlank } from '../written.ts'

/** What an `rpcUrl` says. */
export interface RpcUrl extends HostPort {
  readonly isTls: boolean
  /** The path of the JSON-RPC, with what may stand behind a `?`. */
  readonly path: string
  readonly user: string
  readonly password: string
}

/** What is used where nothing is set. */
export const DEFAULT_RPC_URL = 'http://127.0.0.1:5060/RPC'
/** The seconds between two looks, where nothing is set. */
export const DEFAULT_POLL = 1

const FORM =
  /^http(?<tls>s?):\/\/(?:(?<who>[^/?#]*)@)?(?<server>[^/?#@]*)(?<path>\/[^?#\s]*)?(?<query>\?[^#\s]*)?$/i
/** As most configurations have it. */
const DEFAULT_PATH = '/RPC'
const LEAST_POLL = 0.01
const MOST_POLL = 3_600

/**
 * Reads an `rpcUrl`; the editor does so as well as the runtime. Blank is `http://127.0.0.1:5060/RPC`; an address without
 * a path has the path `/RPC`.
 *
 * @param given the address; in a flow file it may be anything, and what is not a text cannot be used
 * @throws MqueueError `MQ_INVALID_DEFINITION`, without the URL, since it may hold a password
 */
export function parseRpcUrl(given: unknown): RpcUrl {
  assertSet(given, 'rpcUrl')
  const text = typeof given === 'string' ? given.trim() : undefined
  const groups = FORM.exec(text === '' ? DEFAULT_RPC_URL : (text ?? ''))?.groups
  if (groups === undefined || text?.isWellFormed() === false) {
    throw invalid(
      'rpcUrl',
      'leave it blank, or give http://host:port/path or https://host:port/path',
    )
  }
  const { tls = '', who = '', server = '', path = '', query = '' } = groups
  const place = parseHostPort(server, tls === '' ? 80 : 443)
  if (place === undefined) {
    throw invalid('rpcServer', 'it must name a host, and a port from 1 to 65535 or none')
  }
  return {
    ...place,
    isTls: tls !== '',
    path: pathOf(path, query),
    ...userInfo(who, (reason) => invalid('rpcPercent', reason)),
  }
}

/**
 * The seconds between two looks at what a Kamailio has.
 *
 * @param given a number, or a text of one; blank is 1
 * @throws MqueueError `MQ_INVALID_DEFINITION`
 */
export function checkPoll(given: unknown): number {
  if (isBlank(given)) return DEFAULT_POLL
  assertSet(given, 'poll')
  const isNumber = typeof given === 'number' || typeof given === 'string'
  const poll = isNumber ? Number(given) : Number.NaN
  if (poll >= LEAST_POLL && poll <= MOST_POLL) return poll
  const text = `The poll must be seconds from ${LEAST_POLL} to ${MOST_POLL}.`
  throw new MqueueError('MQ_INVALID_DEFINITION', text, { field: 'poll', rule: 'poll' })
}

/** A path as it stands in a request, where it is all ASCII. */
function pathOf(path: string, query: string): string {
  const { pathname, search } = new URL(`http://host${path}${query}`)
  return `${pathname === '/' && search === '' ? DEFAULT_PATH : pathname}${search}`
}

function invalid(rule: Rule, reason: string): MqueueError {
  const text = `The address of the RPC cannot be used: ${reason}.`
  return new MqueueError('MQ_INVALID_DEFINITION', text, { field: 'rpcUrl', rule })
}
