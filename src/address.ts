import { dirname, join, resolve } from 'node:path'
import { credential, withoutSecrets } from './credentials.ts'
import { type DbUrl, decoded, parseDbUrl } from './db-url.ts'
import { reasonOf } from './errors.ts'

/** Where a store is, as people give it. */
export interface StoreLocation {
  /** Kamailio's `db_url`; blank is its own SQLite file in `directory`. */
  url?: string
  /** The user and the password for `url`, before those written in it. */
  user?: string
  password?: string
  /** The directory of the default file, and of what could not be written to the database. */
  directory: string
  /** Distinguishes stores in one directory. */
  id: string
}

/** A database that can be opened. */
export interface Address {
  readonly kind: 'sqlite' | 'postgres' | 'mysql'
  /** What the driver opens: a path, or a URL with the user and the password in it. It is never shown. */
  readonly target: string
  /** Whether the file is in our own directory, which is made where it is missing. */
  readonly isOwn: boolean
  /** What people may see of it: neither user nor password, nor any parameter. */
  readonly shown: string
  /** Takes the user and the password out of a text, such as a server's error. */
  redact(text: string): string
}

/**
 * Finds the database that a location means.
 *
 * @throws MqueueError `MQ_INVALID_DEFINITION`, without the URL, since it may hold a password; also for what is not a
 *   text, as any of it may be in a flow file
 */
export function parseAddress({ url = '', user, password, directory, id }: StoreLocation): Address {
  const parsed = parseDbUrl(url)
  if (parsed.kind === 'default') return sqlite(join(directory, `${fileName(id)}.sqlite`), directory)
  if (parsed.kind === 'sqlite') return sqlite(resolve(directory, parsed.path), directory)
  return server(parsed, credential('user', user), credential('password', password))
}

/** A name for a file that is unique for an id, whatever the id is made of. */
export function fileName(id: string): string {
  return encodeURIComponent(id.toWellFormed()).replaceAll('*', '%2A')
}

const PORTS = { postgres: 5432, mysql: 3306 }

type ServerUrl = Extract<DbUrl, { url: URL }>

function sqlite(path: string, directory: string): Address {
  const isOwn = dirname(path) === resolve(directory)
  return { kind: 'sqlite', target: path, isOwn, shown: `sqlite:${path}`, redact: (text) => text }
}

function server({ kind, url, database }: ServerUrl, user: string, password: string): Address {
  if (user !== '') url.username = encodeURIComponent(user)
  if (password !== '') url.password = encodeURIComponent(password)
  const secrets = [decoded(url.password), url.password, decoded(url.username), url.username]
  for (const value of url.searchParams.values()) secrets.push(value)
  return {
    kind,
    target: url.href,
    isOwn: false,
    shown: `${kind}://${url.hostname}:${url.port || PORTS[kind]}/${database}`,
    redact: (text) => withoutSecrets(text, secrets),
  }
}

/** What a driver says went wrong, without anything secret. */
export function reasonAt(address: Address, cause: unknown): string {
  // A host with several addresses that all refuse returns an error without its own text.
  const [first] = cause instanceof AggregateError ? cause.errors : []
  const reason = reasonOf(first ?? cause) || String((cause as { code?: unknown }).code ?? cause)
  return address.redact(reason)
}
