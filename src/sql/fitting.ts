import { MqueueError } from '../errors.ts'
import type { Table } from './driver.ts'
import type { StoredItem } from './value.ts'

/**
 * Sees to it that a table can keep an item.
 *
 * @throws MqueueError `MQ_INVALID_VALUE` or `MQ_INVALID_KEY`, which says what the column keeps
 */
export function assertFits({ name, key, val }: Table, item: StoredItem): void {
  for (const [column, text, code] of [
    [key, item.key, 'MQ_INVALID_KEY'],
    [val, item.val, 'MQ_INVALID_VALUE'],
  ] as const) {
    const reason = column.refuses(text)
    if (reason === undefined) continue
    const where = `column "${column.name}" (${column.type}) of table "${name}"`
    throw new MqueueError(code, `It does not fit into ${where}: ${reason}.`, { queue: name })
  }
}
