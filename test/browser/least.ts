/**
 * The least of some measurements: what else runs on a machine makes tasks longer, and never shorter.
 *
 * @param enough below this there is no need to measure again
 */
export async function least(enough: number, measureOnce: () => Promise<number>): Promise<number> {
  let found = Number.POSITIVE_INFINITY
  for (let i = 0; i < 12 && found >= enough; i++) found = Math.min(found, await measureOnce())
  return found
}
