import { setImmediate } from 'node:timers/promises'
import type { RescueFile } from './rescue-file.ts'
import type { Entry, RescuedItem } from './rescue-lines.ts'

/** The entries that are passed between two turns of the event loop. */
const AT_ONCE = 1_000

/** What has to be known of the ids in a rescue file. */
interface Survey {
  /** The smallest and the largest id. */
  readonly first: number
  readonly last: number
  /** How many items have no id. */
  readonly unnumbered: number
  /** The ids that several items have. */
  readonly repeated: ReadonlySet<number>
}

async function survey(rescue: RescueFile): Promise<Survey> {
  const seen = new Set<number>()
  const repeated = new Set<number>()
  let [first, last, unnumbered, passed] = [Number.POSITIVE_INFINITY, 0, 0, 0]
  for (const { item } of rescue.entries()) {
    if (++passed % AT_ONCE === 0) await setImmediate()
    if (item === undefined) continue
    const { id } = item
    if (id === undefined) unnumbered++
    else {
      if (seen.has(id)) repeated.add(id)
      seen.add(id)
      first = Math.min(first, id)
      last = Math.max(last, id)
    }
  }
  return { first, last, unnumbered, repeated }
}

/** The entries of a rescue file: an item that was written down twice, under one id, comes once. */
export async function entriesOnce(rescue: RescueFile): Promise<Iterable<Entry>> {
  return once(rescue, (await survey(rescue)).repeated)
}

function* once(rescue: RescueFile, repeated: ReadonlySet<number>): Generator<Entry> {
  const known = new Set<string>()
  for (const entry of rescue.entries()) {
    const { item } = entry
    if (item?.id !== undefined && repeated.has(item.id)) {
      const text = JSON.stringify([item.id, item.key, item.val, item.val_type])
      if (known.has(text)) continue
      known.add(text)
    }
    yield entry
  }
}

/**
 * Writes a new id to every item of a rescue file that has none, before all rows where there is room, and to those
 * whose id another row has.
 *
 * @param taken the ids that other rows have
 * @param largest the largest id: for what would get a larger one there is none
 */
export async function numberItems(
  range: { first: number; last: number },
  rescue: RescueFile,
  taken: ReadonlySet<number>,
  largest: number,
): Promise<void> {
  const found = await survey(rescue)
  const { unnumbered, repeated } = found
  if (unnumbered === 0 && taken.size === 0 && repeated.size === 0) return
  const first = Math.min(range.first, found.first)
  let free = Math.max(range.last, found.last) + 1
  let next = Number.isFinite(first) && first > unnumbered ? first - unnumbered : free
  if (next === free) free += unnumbered
  const withId = ({ id: _, ...item }: RescuedItem, id: number): Entry => {
    return { item: id > largest ? item : { ...item, id } }
  }
  function* numbered(): Generator<Entry> {
    const given = new Set<number>()
    for (const entry of once(rescue, repeated)) {
      const { item } = entry
      if (item === undefined) yield entry
      else if (item.id === undefined) yield withId(item, next++)
      else if (taken.has(item.id) || given.has(item.id)) yield withId(item, free++)
      else yield entry
      if (item?.id !== undefined && repeated.has(item.id)) given.add(item.id)
    }
  }
  await rescue.write(numbered())
}
