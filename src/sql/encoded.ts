import { reasonOf } from '../errors.ts'
import { encodeWhatCan } from '../value.ts'
import type { Encoded } from './rescue-lines.ts'

/** An item for a rescue file; one that cannot be encoded is told by its key. */
export function encoded(id: number | undefined, key: string, value: unknown): Encoded {
  try {
    const item = encodeWhatCan(key, value)
    return id === undefined ? item : { id, ...item }
  } catch (error) {
    return { key, reason: reasonOf(error) }
  }
}

/** Items with their ids, for a rescue file. */
export function* withIds(
  items: Iterable<{ readonly id: number; readonly key: string; readonly value: unknown }>,
): Generator<Encoded> {
  for (const { id, key, value } of items) yield encoded(id, key, value)
}

/** Items without ids, for a rescue file. */
export function* withoutIds(
  items: Iterable<{ readonly key: string; readonly value: unknown }>,
): Generator<Encoded> {
  for (const { key, value } of items) yield encoded(undefined, key, value)
}
