/**
 * Items journaled by the engine, without a flow, and by a bare loop, in slices one after the other: the seconds
 * of each. One is added and taken at a time, or a burst.
 */
import type { LocalEngine } from '../../src/index.ts'
import { answer, asked } from '../asked.ts'
import { BARE_JOURNALS, type BareJournal } from '../bare/journal.ts'
import { journaled, onDatabase } from '../database.ts'
import { LINE } from '../payloads.ts'

/** The slices of each, after one to warm up. */
const SLICES = 8

async function engineBurst(engine: LocalEngine, size: number): Promise<void> {
  await Promise.all(Array.from({ length: size }, () => engine.add('q', 'call', LINE)))
  await Promise.all(Array.from({ length: size }, () => engine.fetch('q')))
}

async function bareBurst(bare: BareJournal, size: number): Promise<void> {
  await bare.add(new Array(size).fill(LINE))
  await bare.take()
}

async function seconds(bursts: number, burst: () => Promise<void>): Promise<number> {
  const from = performance.now()
  for (let i = 0; i < bursts; i++) await burst()
  return (performance.now() - from) / 1000
}

const { kind, size, bursts } = await asked<{ kind: string; size: number; bursts: number }>()
const result = await onDatabase(kind, async (engine, database) => {
  const bare = await BARE_JOURNALS[kind]?.(database)
  if (bare === undefined) throw new Error(`There is no bare loop for ${kind}.`)
  await engine.define([journaled('q')])
  const totals = { engine: 0, bare: 0 }
  for (let slice = 0; slice <= SLICES; slice++) {
    const byEngine = await seconds(bursts, () => engineBurst(engine, size))
    const byBare = await seconds(bursts, () => bareBurst(bare, size))
    if (slice === 0) continue
    totals.engine += byEngine
    totals.bare += byBare
  }
  await bare.close()
  return totals
})
answer(result)
