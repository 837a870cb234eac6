import type { StoreLocation } from './address.ts'
import type { Engine } from './engine.ts'
import { MqueueError, quote } from './errors.ts'
import { KamailioEngine, type KamailioPlace } from './kamailio/engine.ts'
import { LocalEngine } from './local/engine.ts'
import { RedisEngine, type RedisPlace } from './redis/engine.ts'
import type { Report } from './report.ts'
import { choices } from './supports.ts'
import type { TlsOptions } from './tls-options.ts'
import { assertSet } from './variable.ts'

/** What an engine is made of: where it is, who it is, and whom it reports to. */
export interface EngineOptions extends StoreLocation {
  /** The address of a Redis; in a flow file it may be anything. */
  readonly redisUrl?: unknown
  /** What all keys in Redis begin with; in a flow file it may be anything. */
  readonly prefix?: unknown
  /** The address of the RPC of a Kamailio; in a flow file it may be anything. */
  readonly rpcUrl?: unknown
  /** The seconds between two looks at a Kamailio; in a flow file it may be anything. */
  readonly poll?: unknown
  /** How a server is connected to by TLS, where that is chosen. */
  readonly tls?: TlsOptions | undefined
  readonly report: Report
}

/** A kind of engine, by which queues of a config node can live elsewhere. */
export interface EngineKind<E extends Engine = Engine> {
  /** Makes an engine, at once: what takes time belongs into its `define`. */
  create(options: EngineOptions): E
  /**
   * Lets a living engine of this kind go on with other options, from its next `define` on.
   *
   * @returns whether it can; where not, or without this function, it is closed and another one is made
   */
  relocate?(engine: E, options: EngineOptions): boolean
}

const kinds = new Map<string, EngineKind>()

/**
 * Adds a kind of engine, or replaces the one of that name.
 *
 * @param name what the property `engine` of a config node says to choose it
 * @example
 * registerEngine('mine', { create: ({ url, report }) => new MyEngine(url, report) })
 */
export function registerEngine<E extends Engine>(name: string, kind: EngineKind<E>): void {
  // A kind is given only the engines that it made.
  kinds.set(name, kind as unknown as EngineKind)
}

/** The names of the kinds of engine that there are. */
export function engineKinds(): string[] {
  return [...kinds.keys()]
}

/**
 * Makes an engine.
 *
 * @throws MqueueError `MQ_INVALID_DEFINITION`, with the names that there are, when there is no kind of that name
 */
export function createEngine(name: string, options: EngineOptions): Engine {
  return kindOf(name).create(options)
}

/**
 * Lets a living engine go on with other options.
 *
 * @param name the name of its kind
 * @returns whether it can; where not, another one must be made
 */
export function relocateEngine(name: string, engine: Engine, options: EngineOptions): boolean {
  return kindOf(name).relocate?.(engine, options) ?? false
}

function kindOf(name: string): EngineKind {
  assertSet(name, 'engine')
  const kind = kinds.get(name)
  if (kind !== undefined) return kind
  const known = choices(engineKinds().map(quote))
  const text = `There is no engine ${quote(name)}; use ${known}.`
  throw new MqueueError('MQ_INVALID_DEFINITION', text, { field: 'engine' })
}

registerEngine('memory', {
  create: ({ report, ...location }) => new LocalEngine(location, report),
  relocate(engine: LocalEngine, { report, ...location }) {
    engine.relocate(location, report)
    return true
  },
})

registerEngine('redis', {
  create: (options) => new RedisEngine(placeOf(options), options.report),
  relocate: (engine: RedisEngine, options) => engine.relocate(placeOf(options), options.report),
})

registerEngine('kamailio', {
  create: (options) => new KamailioEngine(kamailioOf(options), options.report),
  relocate(engine: KamailioEngine, options) {
    engine.relocate(kamailioOf(options), options.report)
    return true
  },
})

function kamailioOf(options: EngineOptions): KamailioPlace {
  const { rpcUrl, poll, user, password, tls, directory, id } = options
  return { rpcUrl, poll, user, password, tls, directory, id }
}

function placeOf({ redisUrl, prefix, user, password, tls }: EngineOptions): RedisPlace {
  return { redisUrl, prefix, user, password, tls }
}
