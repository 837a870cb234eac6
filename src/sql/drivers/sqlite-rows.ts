import { havePast } from './attempts.ts'
import type { Row, Table } from './driver.ts'

/** Rows by column: between threads a few long lists are copied faster than many objects. */
export interface Columns {
  readonly ids: number[]
  readonly keys: string[]
  readonly vals: string[]
  /** Undefined where all are null. */
  readonly types: (string | null)[] | undefined
  /** Undefined where no item was handed out before, nor given up by another queue. */
  readonly pasts: readonly Pick<Row, 'attempts' | 'dead_letter'>[] | undefined
}

/** Writes rows by column; without what the table has no column for. */
export function inColumns(
  rows: readonly Row[],
  { typed, counts }: Pick<Table, 'typed' | 'counts'>,
): Columns {
  const hasTypes = typed && rows.some(({ val_type }) => val_type !== null)
  return {
    ids: rows.map(({ id }) => id),
    keys: rows.map(({ key }) => key),
    vals: rows.map(({ val }) => val),
    types: hasTypes ? rows.map(({ val_type }) => val_type) : undefined,
    pasts:
      counts && havePast(rows)
        ? rows.map(({ attempts = 0, dead_letter }) => ({
            attempts,
            ...(dead_letter && { dead_letter }),
          }))
        : undefined,
  }
}

/** Reads what `inColumns` wrote. */
export function asRows({ ids, keys, vals, types, pasts }: Columns): Row[] {
  return ids.map((id, at) => ({
    id,
    key: keys[at] as string,
    val: vals[at] as string,
    val_type: types?.[at] ?? null,
    ...pasts?.[at],
  }))
}
