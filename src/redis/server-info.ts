/** What a server says of itself. */
export interface ServerInfo {
  /** Who made it: `Redis`, `Valkey`, or what another server that speaks like them calls itself. */
  readonly name: string
  /** Its own version, such as `8.0.1`; blank where it says none. */
  readonly version: string
  /**
   * How its data outlive it: in a log of all changes, its append-only file, or in snapshots, or not at all. It is
   * unknown where its settings may not be read, and there has been no snapshot yet.
   */
  readonly persistence: 'none' | 'snapshots' | 'log' | 'unknown'
  /** By which policy it gives up data when its memory is full; undefined when it does not. */
  readonly evicts: string | undefined
  /** Whether it takes changes, or repeats those of another server. */
  readonly role: 'master' | 'replica'
}

/** The oldest version that will do, by who made it. */
const OLDEST: Record<string, readonly [number, number]> = { Redis: [7, 0], Valkey: [7, 2] }

/** Servers that call themselves a Redis of some version, by what distinguishes them. */
const OTHERS: Record<string, string> = {
  dragonfly_version: 'Dragonfly',
  kvrocks_version: 'Kvrocks',
  mvcc_depth: 'KeyDB',
  garnet_version: 'Garnet',
}

/**
 * Reads the reply of `INFO`, of which it needs the sections `server`, `memory`, `persistence`, `replication` and
 * `cluster`.
 *
 * @param save the server's setting `save`, where it may be asked for; without it snapshots are known only when there
 *   has been one
 */
export function readInfo(text: string, save?: string): ServerInfo {
  const lines = text.split(/\r?\n/).map((line) => /^([^#:]+):(.*)$/.exec(line))
  const fields = new Map(lines.flatMap((line) => (line ? [[line[1], line[2]] as const] : [])))
  const policy = fields.get('maxmemory_policy') ?? 'noeviction'
  const isBounded = Number(fields.get('maxmemory') ?? 0) > 0
  return {
    ...makeOf(fields),
    persistence: persistenceOf(fields, save),
    evicts: isBounded && policy !== 'noeviction' ? policy : undefined,
    role: fields.get('role') === 'slave' ? 'replica' : 'master',
  }
}

/**
 * Makes sure that a server is one that the engine can work with.
 *
 * @throws Error with what is needed and what was found
 */
export function assertUsable({ name, version }: ServerInfo): void {
  const oldest = OLDEST[name]
  const [major = 0, minor = 0] = version.split('.').map(Number)
  if (oldest !== undefined) {
    const [leastMajor, leastMinor] = oldest
    if (major > leastMajor || (major === leastMajor && minor >= leastMinor)) return
  }
  const found = version === '' ? name : `${name} ${version}`
  throw new Error(`Redis 7.0 or later, or Valkey 7.2 or later, is needed, and this is ${found}`)
}

/** What people should know of a server before they trust it with their queues, in a sentence each. */
export function cautions({ evicts, persistence }: ServerInfo): string[] {
  const found: string[] = []
  if (evicts !== undefined) {
    found.push(
      `The server may evict whole queues when its memory is full (${evicts}); set its maxmemory-policy to noeviction.`,
    )
  }
  if (persistence === 'none') {
    found.push(
      'The server saves nothing, so the queues do not survive its restart; set its appendonly to yes.',
    )
  }
  if (persistence === 'unknown') {
    found.push(
      'It is not known whether the queues survive a restart of the server; set its appendonly to yes.',
    )
  }
  return found
}

type Fields = ReadonlyMap<string | undefined, string | undefined>

function makeOf(fields: Fields): Pick<ServerInfo, 'name' | 'version'> {
  for (const [field, name] of Object.entries(OTHERS)) {
    const version = fields.get(field)
    if (version !== undefined) return { name, version: field === 'mvcc_depth' ? '' : version }
  }
  // Valkey says that it is a Redis 7.2.4, and in other fields what it is.
  const valkey = fields.get('valkey_version')
  const redis = fields.get('redis_version')
  if (valkey !== undefined) return { name: 'Valkey', version: valkey }
  if (fields.get('server_name') === 'valkey') return { name: 'Valkey', version: redis ?? '' }
  if (redis !== undefined) return { name: 'Redis', version: redis }
  return { name: 'of another kind', version: '' }
}

function persistenceOf(fields: Fields, save: string | undefined): ServerInfo['persistence'] {
  if (fields.get('aof_enabled') === '1') return 'log'
  if (save !== undefined) return save.trim() === '' ? 'none' : 'snapshots'
  // INFO has no word on the setting, only on what has come of it.
  const has = (field: string, least: number) => Number(fields.get(field) ?? -1) >= least
  const isSaved =
    has('rdb_saves', 1) || has('rdb_last_bgsave_time_sec', 0) || has('rdb_last_load_keys_loaded', 1)
  return isSaved ? 'snapshots' : 'unknown'
}
