import type { Row } from './drivers/driver.ts'

/** The ids that come at a time. */
const IDS_AT_ONCE = 1_000

/** Rows in batches that one statement can hold. A row longer than `mostCharacters` goes alone. */
export function* batches(
  rows: Iterable<Row>,
  mostRows: number,
  mostCharacters = Number.POSITIVE_INFINITY,
): Generator<Row[]> {
  let batch: Row[] = []
  let characters = 0
  for (const row of rows) {
    const length = row.key.length + row.val.length
    const isFull = batch.length === mostRows || characters + length > mostCharacters
    if (batch.length > 0 && isFull) {
      yield batch
      batch = []
      characters = 0
    }
    batch.push(row)
    characters += length
  }
  if (batch.length > 0) yield batch
}

/** The ids of items, in batches. */
export function* idBatches(items: Iterable<{ readonly id: number }>): Generator<number[]> {
  let ids: number[] = []
  for (const { id } of items) {
    ids.push(id)
    if (ids.length < IDS_AT_ONCE) continue
    yield ids
    ids = []
  }
  if (ids.length > 0) yield ids
}
