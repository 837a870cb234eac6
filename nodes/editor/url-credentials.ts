import { parseRpcUrl } from '../../src/kamailio/rpc-url.ts'
import { parseRedisUrl } from '../../src/redis/redis-url.ts'

/** The address of a server, and apart from it who may use it. */
export interface SplitUrl {
  url: string
  user: string
  password: string
}

/**
 * Takes the user and the password out of a `db_url`, also where characters in them should have
 * been escaped, as Kamailio does not ask for it.
 *
 * @returns undefined when there are none in it
 */
export function splitDbUrl(dbUrl: string): SplitUrl | undefined {
  return split(dbUrl.trim(), isPlainServer)
}

/**
 * Takes the user and the password out of a `redisUrl`, also where characters in them should have been escaped.
 *
 * @returns undefined when there are none in it
 */
export function splitRedisUrl(redisUrl: string): SplitUrl | undefined {
  return split(redisUrl.trim(), (text) => isPlain(text, parseRedisUrl))
}

/**
 * Takes the user and the password out of an `rpcUrl`, also where characters in them should have been escaped.
 *
 * @returns undefined when there are none in it
 */
export function splitRpcUrl(rpcUrl: string): SplitUrl | undefined {
  return split(rpcUrl.trim(), (text) => isPlain(text, parseRpcUrl))
}

/** @param isDone whether an address is a good one without a user and a password */
function split(address: string, isDone: (text: string) => boolean): SplitUrl | undefined {
  if (isDone(address)) return undefined
  const [, scheme, userInfo, rest] = /^([a-z][a-z0-9+.-]*:\/\/)(.*)@([^@]*)$/is.exec(address) ?? []
  if (scheme === undefined || userInfo === undefined) return undefined
  const [user = '', ...password] = userInfo.split(':')
  return {
    url: `${scheme}${rest}`,
    user: unescaped(user),
    password: unescaped(password.join(':')),
  }
}

/** Whether an address is a good one, and has no user and no password. */
function isPlain(
  text: string,
  parse: (text: string) => { readonly user: string; readonly password: string },
): boolean {
  try {
    const { user, password } = parse(text)
    return user === '' && password === ''
  } catch {
    return false
  }
}

/** An "@" behind the host is part of the database's name or of a parameter. */
function isPlainServer(text: string): boolean {
  if (!URL.canParse(text)) return false
  const { username, password, hostname } = new URL(text)
  return hostname !== '' && username === '' && password === ''
}

function unescaped(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
