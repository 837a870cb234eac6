import { MqueueError, type Rule } from '../errors.ts'
import { type HostPort, parseHostPort } from '../host-port.ts'
import { userInfo } from '../user-info.ts'
import { assertSet } from '../variable.ts'

/** What a `redisUrl` says. */
export interface RedisUrl {
  readonly kind: 'single' | 'sentinel' | 'cluster'
  /** The server; the sentinels; some servers of the cluster. */
  readonly nodes: readonly HostPort[]
  /** What Sentinel calls the master; blank otherwise. */
  readonly master: string
  /** The number of the database; 0 in a cluster. */
  readonly database: number
  readonly isTls: boolean
  readonly user: string
  readonly password: string
  /** What all keys begin with; undefined where the address does not say. */
  readonly prefix: string | undefined
}

/** What is used where nothing is set. */
export const DEFAULT_REDIS_URL = 'redis://127.0.0.1:6379/0'

const FORM =
  /^redis(?<tls>s?)(?:\+(?<kind>sentinel|cluster))?:\/\/(?:(?<who>[^/?#]*)@)?(?<hosts>[^/?#@]*)(?<path>\/[^?#]*)?(?:\?(?<query>[^#]*))?$/i
const PORTS = { single: 6379, sentinel: 26_379, cluster: 6379 }
/** As Sentinel has it for its masters. */
const MASTER = /^[A-Za-z0-9_.-]+$/
const PREFIX = /^[A-Za-z0-9_.-]{1,64}$/
/** More databases than any server has. */
const MOST_DATABASES = 1_000_000

/**
 * Reads a `redisUrl`; the editor does so as well as the runtime. Blank is `redis://127.0.0.1:6379/0`.
 *
 * @param given the address; in a flow file it may be anything, and what is not a text cannot be used
 * @throws MqueueError `MQ_INVALID_DEFINITION`, without the URL, since it may hold a password
 */
export function parseRedisUrl(given: unknown): RedisUrl {
  assertSet(given, 'redisUrl')
  const text = typeof given === 'string' ? given.trim() : undefined
  const groups = FORM.exec(text === '' ? DEFAULT_REDIS_URL : (text ?? ''))?.groups
  if (groups === undefined || text?.isWellFormed() === false) {
    throw invalid(
      'redisUrl',
      'leave it blank, or give redis://host:port/database, rediss://…, ' +
        'redis+sentinel://host:port,host:port/master/database or redis+cluster://host:port,host:port',
    )
  }
  const { tls = '', kind: word = 'single', who = '', hosts = '', path = '', query = '' } = groups
  const kind = word.toLowerCase() as RedisUrl['kind']
  return {
    kind,
    nodes: nodesOf(hosts, kind),
    ...placeOf(path, kind),
    isTls: tls !== '',
    ...userInfo(who, (reason) => invalid('redisPercent', reason)),
    prefix: prefixIn(query),
  }
}

/**
 * What all keys begin with.
 *
 * @throws MqueueError `MQ_INVALID_DEFINITION`
 */
export function checkPrefix(given: unknown): string {
  assertSet(given, 'prefix')
  const text = typeof given === 'number' ? String(given) : given
  if (typeof text === 'string' && PREFIX.test(text)) return text
  const reason = 'it must be 1 to 64 letters, digits, "_", "-" or "."'
  const place = { field: 'prefix', rule: 'prefix' } as const
  throw new MqueueError('MQ_INVALID_DEFINITION', `The prefix cannot be used: ${reason}.`, place)
}

function nodesOf(hosts: string, kind: RedisUrl['kind']): HostPort[] {
  const all = hosts.split(',').map((text) => nodeOf(text.trim(), PORTS[kind]))
  if (kind === 'single' && all.length > 1) {
    throw invalid('redisServer', 'redis:// takes one host; several are for Sentinel or a cluster')
  }
  return all
}

function nodeOf(text: string, defaultPort: number): HostPort {
  const node = parseHostPort(text, defaultPort)
  if (node !== undefined) return node
  throw invalid('redisServer', 'it must name a host, and a port from 1 to 65535 or none')
}

/** The master and the database that a path names. */
function placeOf(path: string, kind: RedisUrl['kind']): { master: string; database: number } {
  const parts = path.split('/').slice(1)
  const master = kind === 'sentinel' ? (parts.shift() ?? '') : ''
  if (kind === 'sentinel' && !MASTER.test(master)) {
    throw invalid(
      'redisMaster',
      'after the sentinels comes the name of their master, of letters, digits, "_", "-" and "."',
    )
  }
  const [number = '', ...more] = parts
  const database = Number(number)
  const isOne = /^\d*$/.test(number) && database < MOST_DATABASES && more.join('') === ''
  if (!isOne || (kind === 'cluster' && database !== 0)) {
    throw invalid(
      'redisDatabase',
      'the database must be a whole number from 0 on, and a cluster has 0 only',
    )
  }
  return { master, database }
}

function prefixIn(query: string): string | undefined {
  if (query === '') return undefined
  const parameters = [...new URLSearchParams(query)]
  const [[name, prefix] = []] = parameters
  if (parameters.length === 1 && name === 'prefix') return prefix === '' ? undefined : prefix
  throw invalid('redisParameter', 'the only parameter that it takes is ?prefix=')
}

function invalid(rule: Rule, reason: string): MqueueError {
  const text = `The Redis address cannot be used: ${reason}.`
  return new MqueueError('MQ_INVALID_DEFINITION', text, { field: 'redisUrl', rule })
}
