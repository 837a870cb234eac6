import { type Run, runsOf } from './runs.ts'

/** Ids that get the same number of attempts, as runs. */
export interface Attempts {
  readonly attempts: number
  readonly runs: readonly Run[]
}

/** Attempts by id as few changes of many rows. Items are mostly handed out in their order, and for the first time. */
export function attemptsOf(attempted: ReadonlyMap<number, number> = new Map()): Attempts[] {
  const byNumber = new Map<number, number[]>()
  for (const [id, attempts] of attempted) {
    const ids = byNumber.get(attempts)
    if (ids === undefined) byNumber.set(attempts, [id])
    else ids.push(id)
  }
  return [...byNumber].map(([attempts, ids]) => ({ attempts, runs: runsOf(ids) }))
}

/** The columns that rows are read from and written to. */
export function columnsOf(
  { typed, counts }: { typed: boolean; counts: boolean },
  quotedKey: string,
): string[] {
  const own = [...(typed ? ['val_type'] : []), ...(counts ? ['attempts', 'dead_letter'] : [])]
  return ['id', quotedKey, 'val', ...own]
}

/** Whether any of some rows has a past that must be written. */
export function havePast(
  rows: readonly { readonly attempts?: number; readonly dead_letter?: string }[],
): boolean {
  return rows.some(
    ({ attempts, dead_letter }) => attempts !== undefined || dead_letter !== undefined,
  )
}
