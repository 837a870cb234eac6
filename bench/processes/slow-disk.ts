/**
 * Adds a message to a journaled queue 20 times a second, and takes it. Measures the share of the time in which
 * the event loop was busy, and the median time of an add in ms.
 */
import { performance } from 'node:perf_hooks'
import { setTimeout } from 'node:timers/promises'
import { answer, asked } from '../asked.ts'
import { journaled, onDatabase } from '../database.ts'
import { LINE } from '../payloads.ts'
import { median } from '../report.ts'

const PERIOD = 50
const WARM_UP = 20
const MESSAGES = 100

await asked()
const result = await onDatabase('SQLite', async (engine) => {
  await engine.define([journaled('q')])
  const adds: number[] = []
  const handle = async () => {
    const from = performance.now()
    await engine.add('q', 'call', LINE)
    adds.push(performance.now() - from)
    await engine.fetch('q')
  }
  let before = performance.eventLoopUtilization()
  const handled: Promise<void>[] = []
  const start = performance.now()
  for (let i = 0; i < WARM_UP + MESSAGES; i++) {
    if (i === WARM_UP) before = performance.eventLoopUtilization()
    handled.push(handle())
    await setTimeout(Math.max(0, start + (i + 1) * PERIOD - performance.now()))
  }
  const { utilization } = performance.eventLoopUtilization(before)
  await Promise.all(handled)
  return { busy: 100 * utilization, add: median(adds) }
})
answer(result)
