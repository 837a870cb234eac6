/**
 * The queue library behind the Node-RED nodes. It does not need Node-RED.
 *
 * @packageDocumentation
 */
export type { StoreLocation } from './address.ts'
export {
  type Addmode,
  type Dbmode,
  type DefinitionDefaults,
  type ParsedDefinitions,
  parseDefinition,
  parseDefinitions,
  type QueueDefinition,
  type QueueDefinitionInput,
  type WhenFull,
} from './definition.ts'
export type {
  AddResult,
  Caution,
  DroppedItem,
  DroppedItems,
  DropReason,
  Engine,
  FetchedItem,
  FetchOptions,
  Item,
  MaybePromise,
  QueueStats,
  Supports,
  Taken,
  TakeOptions,
} from './engine.ts'
export {
  createEngine,
  type EngineKind,
  type EngineOptions,
  engineKinds,
  registerEngine,
} from './engines.ts'
export { type ErrorCode, type ErrorPlace, MqueueError, RULES, type Rule } from './errors.ts'
export { KamailioEngine, type KamailioPlace } from './kamailio/engine.ts'
export { type LeasingEngine, leasing, type SeenItem } from './leasing.ts'
export type { Clock } from './local/clock.ts'
export {
  LocalEngine,
  /** @deprecated the former name of `LocalEngine`; it goes with the next release */
  LocalEngine as StoredEngine,
} from './local/engine.ts'
export type { QueuedItem } from './local/items.ts'
export { MemoryEngine } from './local/memory-engine.ts'
export { Queue } from './local/queue.ts'
export { type ParsedModparams, parseDefinitionString, parseModparams } from './modparam.ts'
export { formatModparams } from './modparam-format.ts'
export { RedisEngine, type RedisPlace } from './redis/engine.ts'
export type { Report } from './report.ts'
export { type SentBack, sendBack } from './send-back.ts'
export type { TlsOptions } from './tls-options.ts'
