/** What scenarios are made of. */
import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Hands } from './hands.ts'

/** Tries an example, and fails where it does not do what it should. */
export type Scenario = (hands: Hands) => Promise<void>

/** Presses a button and expects what a debug node shows next. */
export async function sees(hands: Hands, inject: string, debug: string, text: string | RegExp) {
  await hands.press(inject)
  const shown = await hands.next(debug)
  if (typeof text === 'string') assert.equal(shown, text, debug)
  else assert.match(shown, text, debug)
}

/** Waits for a status of a debug node, for 50 seconds at most, since mocha does not end while somebody waits. */
export async function until(hands: Hands, debug: string, wanted: (text: string) => boolean) {
  const deadline = Date.now() + 50_000
  while (Date.now() < deadline) {
    const text = await hands.status(debug)
    if (wanted(text)) return text
    await sleep(100)
  }
  throw new Error(`waited in vain for the status of "${debug}"`)
}
