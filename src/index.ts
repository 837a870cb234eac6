/**
 * The queue library behind the Node-RED nodes. It does not need Node-RED.
 *
 * @packageDocumentation
 */
export {
  type Addmode,
  type Dbmode,
  type DefinitionDefaults,
  type ParsedDefinitions,
  parseDefinition,
  parseDefinitions,
  type QueueDefinition,
  type QueueDefinitionInput,
} from './definition.ts'
export type {
  AddResult,
  DroppedItem,
  DroppedItems,
  DropReason,
  Engine,
  FetchedItem,
  Item,
  MaybePromise,
} from './engine.ts'
export { type ErrorCode, type ErrorPlace, MqueueError, RULES, type Rule } from './errors.ts'
export { MemoryEngine } from './memory/engine.ts'
export { Queue } from './memory/queue.ts'
export { type ParsedModparams, parseDefinitionString, parseModparams } from './modparam.ts'
export { formatModparams } from './modparam-format.ts'
export type { StoreLocation } from './sql/address.ts'
export { StoredEngine } from './sql/engine.ts'
export type { Report } from './sql/store.ts'
