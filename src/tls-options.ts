/**
 * How TLS is spoken: the options of `tls.connect` of Node.js that matter here, with their names and meanings. They are
 * listed so that a user of the types of this package needs none of Node.js.
 */
export interface TlsOptions {
  /** The certificates of those who may vouch for the server; by default those that Node.js knows. */
  readonly ca?: unknown
  /** The own certificate, its key, or both in one, for a server that asks for them. */
  readonly cert?: unknown
  readonly key?: unknown
  readonly pfx?: unknown
  readonly passphrase?: string | undefined
  /** The name that the certificate of the server must be for; by default that in its address. */
  readonly servername?: string | undefined
  /** Whether the certificate of the server is checked; by default it is. */
  readonly rejectUnauthorized?: boolean | undefined
}
