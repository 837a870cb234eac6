import type { QueueDefinition } from '../definition.ts'
import type { AddResult, DroppedItems, FetchedItem, FetchOptions } from '../engine.ts'
import type { MqueueError } from '../errors.ts'
import { LocalEngine } from './engine.ts'

/** An engine without a database. All its queues have dbmode 0, and it answers at once, never with a promise. */
export interface MemoryEngine extends LocalEngine {
  define(definitions: readonly QueueDefinition[], errors?: readonly MqueueError[]): DroppedItems[]
  add(queue: string, key: string, value: unknown): AddResult
  fetch(queue: string, options?: FetchOptions): FetchedItem | undefined
  size(queue: string): number
  sizes(): Map<string, number>
  close(): void
}

export const MemoryEngine = LocalEngine as new () => MemoryEngine
