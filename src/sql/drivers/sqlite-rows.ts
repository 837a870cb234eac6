import type { Row } from './driver.ts'

/** Rows by column: between threads a few long lists are copied faster than many objects. */
export interface Columns {
  readonly ids: number[]
  readonly keys: string[]
  readonly vals: string[]
  /** Undefined where all are null. */
  readonly types: (string | null)[] | undefined
}

/** Writes rows by column; without their types where the table has no column for them. */
export function inColumns(rows: readonly Row[], typed: boolean): Columns {
  const hasTypes = typed && rows.some(({ val_type }) => val_type !== null)
  return {
    ids: rows.map(({ id }) => id),
    keys: rows.map(({ key }) => key),
    vals: rows.map(({ val }) => val),
    types: hasTypes ? rows.map(({ val_type }) => val_type) : undefined,
  }
}

/** Reads what `inColumns` wrote. */
export function asRows({ ids, keys, vals, types }: Columns): Row[] {
  return ids.map((id, at) => ({
    id,
    key: keys[at] as string,
    val: vals[at] as string,
    val_type: types?.[at] ?? null,
  }))
}
