import { credential, withoutSecrets } from '../credentials.ts'
import { shownHostPort } from '../host-port.ts'
import { isBlank } from '../written.ts'
import { checkPrefix, parseRedisUrl, type RedisUrl } from './redis-url.ts'

/** Where a Redis is, as people give it; in a flow file each may be anything. */
export interface RedisLocation {
  /** The address; blank is `redis://127.0.0.1:6379/0`. */
  redisUrl?: unknown
  /** What all keys begin with, before what the address says; blank is `mqueue`. */
  prefix?: unknown
  /** The user and the password, before those written in the address. */
  user?: unknown
  password?: unknown
}

/** A Redis that can be connected to. */
export interface RedisAddress extends RedisUrl {
  /** What all keys begin with. */
  readonly prefix: string
  /** What people may see of it: neither user nor password, nor any parameter. */
  readonly shown: string
  /** Takes the user and the password out of a text, such as a server's error. */
  redact(text: string): string
}

const DEFAULT_PREFIX = 'mqueue'

/**
 * Finds the Redis that a location means.
 *
 * @throws MqueueError `MQ_INVALID_DEFINITION` with the field and the rule, without the URL, since it may hold a password
 */
export function parseRedisAddress(location: RedisLocation): RedisAddress {
  const url = parseRedisUrl(location.redisUrl ?? '')
  const user = credential('user', location.user, 'Redis server') || url.user
  const password = credential('password', location.password, 'Redis server') || url.password
  const given = isBlank(location.prefix) ? url.prefix : location.prefix
  // What stands in the address must not be shown either, although others go before it.
  const secrets = [user, password, url.user, url.password].flatMap((secret) => [
    secret,
    encodeURIComponent(secret),
  ])
  return {
    ...url,
    user,
    password,
    prefix: checkPrefix(given ?? DEFAULT_PREFIX),
    shown: shownUrl(url),
    redact: (text) => withoutSecrets(text, secrets),
  }
}

function shownUrl({ kind, nodes, master, database, isTls }: RedisUrl): string {
  const scheme = `redis${isTls ? 's' : ''}${kind === 'single' ? '' : `+${kind}`}`
  const path = { single: `/${database}`, sentinel: `/${master}/${database}`, cluster: '' }[kind]
  return `${scheme}://${nodes.map(shownHostPort).join(',')}${path}`
}
