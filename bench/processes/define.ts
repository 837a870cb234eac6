/** Defines 3,000 journaled queues on a fresh file: the seconds it takes. */
import { answer, asked } from '../asked.ts'
import { journaled, onDatabase } from '../database.ts'

const QUEUES = 3_000

await asked()
const result = await onDatabase('SQLite', async (engine) => {
  const definitions = Array.from({ length: QUEUES }, (_, i) => journaled(`queue-${i}`))
  const from = performance.now()
  await engine.define(definitions)
  const sizes = await engine.sizes()
  if (sizes.size !== QUEUES) throw new Error('queues are missing')
  return { seconds: (performance.now() - from) / 1000 }
})
answer(result)
