import { setTimeout } from 'node:timers/promises'

/** The result codes of SQLite for a database that another connection is writing to. */
const BUSY = new Set([5, 6, 261, 517])
/** How long an operation waits for that other connection, in ms. */
const TIMEOUT = 3_000
/** The longest pause between two attempts, in ms. */
const LONGEST_PAUSE = 10

/** Whether an error says that another connection is using the database. */
export function isBusy(error: unknown): boolean {
  return BUSY.has((error as { errcode?: number }).errcode ?? 0)
}

/**
 * Does an operation, again and again while another connection is writing, without holding up the thread. An
 * operation of several steps must go on where it failed.
 */
export async function retryBusy<T>(operate: () => T): Promise<T> {
  const deadline = performance.now() + TIMEOUT
  for (let pause = 1; ; pause = Math.min(2 * pause, LONGEST_PAUSE)) {
    try {
      return operate()
    } catch (error) {
      if (!isBusy(error) || performance.now() > deadline) throw error
    }
    await setTimeout(pause)
  }
}
