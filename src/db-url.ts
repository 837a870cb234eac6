import { MqueueError, type Rule } from './errors.ts'
import { unescaped } from './user-info.ts'
import { assertSet } from './variable.ts'

/** What a `db_url` says, before any of it is looked for on this machine. */
export type DbUrl =
  | { readonly kind: 'default' }
  | { readonly kind: 'sqlite'; readonly path: string }
  | { readonly kind: 'postgres' | 'mysql'; readonly url: URL; readonly database: string }

const SERVERS: Record<string, 'postgres' | 'mysql'> = {
  'postgres:': 'postgres',
  'postgresql:': 'postgres',
  'mysql:': 'mysql',
  'mariadb:': 'mysql',
}
const ALLOWED =
  'leave it blank, or give sqlite:<path>, postgres://host:port/database or mysql://host:port/database'

/**
 * Reads a `db_url`; the editor does so as well as the runtime. As in Kamailio, `sqlite:` may be
 * followed by slashes before an absolute path.
 *
 * @param given the address; in a flow file it may be anything, and what is not a text cannot be used
 * @throws MqueueError `MQ_INVALID_DEFINITION`, without the URL, since it may hold a password
 */
export function parseDbUrl(given: unknown): DbUrl {
  assertSet(given, 'dbUrl')
  if (typeof given !== 'string') throw invalid('dbUrl', ALLOWED)
  const text = given.trim()
  if (text === '') return { kind: 'default' }
  if (text.startsWith('sqlite:')) return { kind: 'sqlite', path: filePath(text) }
  if (!URL.canParse(text)) throw invalid('dbUrl', ALLOWED)
  const url = new URL(text)
  const kind = SERVERS[url.protocol]
  if (kind === undefined) throw invalid('dbUrl', ALLOWED)
  const database = url.pathname.slice(1)
  if (url.hostname === '' || database === '') {
    throw invalid('dbServer', 'it must name a host and a database')
  }
  for (const text of [url.username, url.password]) decoded(text)
  // PostgreSQL's driver takes them from here too, MySQL's does not.
  for (const [name, part] of [
    ['user', 'username'],
    ['password', 'password'],
  ] as const) {
    const given = url.searchParams.get(name)
    if (given !== null && url[part] === '') url[part] = encodeURIComponent(given)
    url.searchParams.delete(name)
  }
  return { kind, url, database }
}

/** A user or a password out of a URL, as it is meant. */
export function decoded(text: string): string {
  return unescaped(text, (reason) => invalid('dbPercent', reason))
}

function filePath(text: string): string {
  if (/^sqlite:\/\/[^/]*@/.test(text)) {
    throw invalid(
      'dbFile',
      'an SQLite file has neither user nor password; after sqlite: comes its path',
    )
  }
  const path = text
    .slice('sqlite:'.length)
    .replace(/^\/+/, '/')
    .replace(/^\/(?=[A-Za-z]:)/, '')
  if (path !== '' && path !== '/' && !path.startsWith(':memory:')) return path
  throw invalid('dbFile', 'after sqlite: comes the path of a file')
}

function invalid(rule: Rule, reason: string): MqueueError {
  const text = `The database address cannot be used: ${reason}.`
  return new MqueueError('MQ_INVALID_DEFINITION', text, { field: 'dbUrl', rule })
}
