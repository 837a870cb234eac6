/** A run of ids without a gap, with its first and its last. */
export type Run = readonly [first: number, last: number]

/** Ids as runs. Items mostly go in the order in which they came, so that there are few of them. */
export function runsOf(ids: readonly number[]): Run[] {
  const runs: Run[] = []
  let [first] = ids
  if (first === undefined) return runs
  let last = first
  for (const id of ids) {
    if (id > last + 1 || id < last) {
      runs.push([first, last])
      first = id
    }
    last = id
  }
  runs.push([first, last])
  return runs
}
