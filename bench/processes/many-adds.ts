/** Adds many items at once: the share, in %, that failed, and the share that was refused at once. */
import { MqueueError } from '../../src/index.ts'
import { answer, asked } from '../asked.ts'
import { journaled, onDatabase } from '../database.ts'

const ITEMS = 100_000
const VALUE = 'x'.repeat(2_000)
/** How soon an add is refused that need not be waited for, in ms. */
const AT_ONCE = 1_000

const { kind } = await asked<{ kind: string }>()
const shares = await onDatabase(kind, async (engine) => {
  await engine.define([journaled('q')])
  let failed = 0
  let refused = 0
  const add = async (i: number) => {
    const from = performance.now()
    try {
      await engine.add('q', `key ${i}`, VALUE)
    } catch (error) {
      const isSoon = performance.now() - from <= AT_ONCE
      if (isSoon && error instanceof MqueueError && error.code === 'MQ_UNAVAILABLE') refused++
      else failed++
    }
  }
  const from = performance.now()
  await Promise.all(Array.from({ length: ITEMS }, (_, i) => add(i)))
  const seconds = (performance.now() - from) / 1000
  return { failed: (100 * failed) / ITEMS, refused: (100 * refused) / ITEMS, seconds }
})
answer(shares)
