import type { Item } from '../engine.ts'
import { reasonOf } from '../errors.ts'
import type { Past } from '../local/leases.ts'
import { encodeWhatCan } from '../value.ts'
import type { Encoded } from './rescue-lines.ts'
import { pastColumns } from './table.ts'

/**
 * An item for a rescue file; one that cannot be encoded is reported by its key.
 *
 * @param past what it has been through
 */
export function encoded(id: number | undefined, key: string, value: unknown, past?: Past): Encoded {
  try {
    const item = { ...encodeWhatCan(key, value), ...pastColumns(past) }
    return id === undefined ? item : { id, ...item }
  } catch (error) {
    return { key, reason: reasonOf(error) }
  }
}

/** An item, and what it has been through, where that is known. */
type WithPast = Item & { readonly past?: Past | undefined }

/** Items with their ids, for a rescue file. */
export function* withIds(items: Iterable<WithPast & { readonly id: number }>): Generator<Encoded> {
  for (const { id, key, value, past } of items) yield encoded(id, key, value, past)
}

/** Items without ids, for a rescue file. */
export function* withoutIds(items: Iterable<WithPast>): Generator<Encoded> {
  for (const { key, value, past } of items) yield encoded(undefined, key, value, past)
}
