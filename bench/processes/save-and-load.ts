/** Saves a million items and loads them: the seconds of each. */
import { answer, asked } from '../asked.ts'
import { onDatabase } from '../database.ts'
import { LINE } from '../payloads.ts'

const ITEMS = 1_000_000

const { kind } = await asked<{ kind: string }>()
const seconds = await onDatabase(kind, async (engine) => {
  const definition = { name: 'q', size: 0, addmode: 0, dbmode: 1 } as const
  await engine.define([definition])
  for (let i = 0; i < ITEMS; i++) engine.add('q', `key ${i}`, `${LINE} ${i}`)
  const from = performance.now()
  await engine.save()
  const saved = performance.now()
  await engine.define([definition])
  const size = await engine.size('q')
  const loaded = performance.now()
  if (size !== ITEMS) throw new Error('items are missing')
  return { save: (saved - from) / 1000, load: (loaded - saved) / 1000 }
})
answer(seconds)
