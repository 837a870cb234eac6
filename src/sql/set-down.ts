import { decode } from '../value.ts'
import type { Entry, RescueFile } from './rescue-file.ts'

/**
 * Takes what a queue set down in its rescue file, the last so many items, out of it. Should the file
 * have ids for them by now, then the table may have them as well: those rows do not belong there any more.
 *
 * @returns the items, oldest first
 */
export async function takeBack(
  file: RescueFile,
  count: number,
): Promise<{ key: string; value: unknown }[]> {
  let kept = -count
  for (const { item } of file.entries()) if (item !== undefined) kept++
  const taken: { key: string; value: unknown }[] = []
  const removed: number[] = []
  let rest = 0
  function* entries(): Generator<Entry> {
    let seen = 0
    for (const entry of file.entries()) {
      const { item } = entry
      if (item !== undefined && seen++ >= kept) {
        taken.push(decode(item))
        if (item.id !== undefined) removed.push(item.id)
      } else {
        rest++
        yield entry
      }
    }
    if (removed.length > 0) yield { removed }
  }
  await file.write(entries())
  if (rest === 0 && removed.length === 0) file.delete()
  return taken
}
