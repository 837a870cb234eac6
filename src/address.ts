import { dirname, join, resolve } from 'node:path'
import { type DbUrl, decoded, parseDbUrl } from './db-url.ts'
import { MqueueError, reasonOf } from './errors.ts'

/** Where a store is, as people give it. */
export interface StoreLocation {
  /** Kamailio's `db_url`; blank is an SQLite file of its own in `directory`. */
  url?: string
  /** The user and the password for `url`, before those written in it. */
  user?: string
  password?: string
  /** The directory of the default file, and of what could not be written to the database. */
  directory: string
  /** Tells stores in one directory apart. */
  id: string
}

/** A database that can be opened. */
export interface Address {
  readonly kind: 'sqlite' | 'postgres' | 'mysql'
  /** What the driver opens: a path, or a URL with the user and the password in it. Never to be shown. */
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
 * @throws MqueueError `MQ_INVALID_DEFINITION`, without the URL, since it may hold a password; also for what is no text,
 *   as any of it may be in a flow file
 */
export function parseAddress({ url = '', user, password, directory, id }: StoreLocation): Address {
  const parsed = parseDbUrl(url)
  if (parsed.kind === 'default') return sqlite(join(directory, `${fileName(id)}.sqlite`), directory)
  if (parsed.kind === 'sqlite') return sqlite(resolve(directory, parsed.path), directory)
  return server(parsed, credential('user', user), credential('password', password))
}

/** A name for a file that is told apart by an id, whatever the id is made of. */
export function fileName(id: string): string {
  return encodeURIComponent(id.toWellFormed()).replaceAll('*', '%2A')
}

/** A user or a password, which may be a number; blank when there is none. */
function credential(field: 'user' | 'password', given: unknown = ''): string {
  const text = typeof given === 'number' ? String(given) : given
  if (typeof text === 'string' && text.isWellFormed()) return text
  const message = `The ${field} of the database must be a text. Enter it again in the config node.`
  throw new MqueueError('MQ_INVALID_DEFINITION', message, { field })
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
    redact: (shown) =>
      secrets.reduce((rest, secret) => (secret === '' ? rest : hide(rest, secret)), shown),
  }
}

/** Hides a secret wherever it stands as a word of its own, so that a user "a" leaves other words alone. */
function hide(text: string, secret: string): string {
  const literal = secret.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
  return text.replace(new RegExp(`(?<![A-Za-z0-9])${literal}(?![A-Za-z0-9])`, 'g'), '***')
}

/** What a driver says went wrong, without anything secret. */
export function reasonAt(address: Address, cause: unknown): string {
  // A host with several addresses that all refuse gives an error without a text of its own.
  const [first] = cause instanceof AggregateError ? cause.errors : []
  const reason = reasonOf(first ?? cause) || String((cause as { code?: unknown }).code ?? cause)
  return address.redact(reason)
}
