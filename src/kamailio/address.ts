import { credential, withoutSecrets } from '../credentials.ts'
import { shownHostPort } from '../host-port.ts'
import { parseRpcUrl, type RpcUrl } from './rpc-url.ts'

/** Where the RPC of a Kamailio is, as people give it; in a flow file each may be anything. */
export interface RpcLocation {
  /** The address; blank is `http://127.0.0.1:5060/RPC`. */
  rpcUrl?: unknown
  /** The user and the password, before those written in the address. */
  user?: unknown
  password?: unknown
}

/** The RPC of a Kamailio that can be called. */
export interface RpcAddress extends RpcUrl {
  /** What people may see of it: the host and the port. */
  readonly shown: string
  /** Takes the user and the password out of a text, such as what a server answers. */
  redact(text: string): string
}

/**
 * Finds the RPC that a location means.
 *
 * @throws MqueueError `MQ_INVALID_DEFINITION` with the field and the rule, without the URL, since it may hold a password
 */
export function parseRpcAddress(location: RpcLocation): RpcAddress {
  const url = parseRpcUrl(location.rpcUrl ?? '')
  const user = credential('user', location.user, 'Kamailio server') || url.user
  const password = credential('password', location.password, 'Kamailio server') || url.password
  // What stands in the address must not be shown either, although others go before it.
  const plain = [user, password, url.user, url.password]
  const sent = password === '' ? '' : Buffer.from(`${user}:${password}`).toString('base64')
  const secrets = [...plain.flatMap((secret) => [secret, encodeURIComponent(secret)]), sent]
  return {
    ...url,
    user,
    password,
    shown: shownHostPort(url),
    redact: (text) => withoutSecrets(text, secrets),
  }
}
