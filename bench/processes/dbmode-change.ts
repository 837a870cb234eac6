/**
 * Changes a queue of a million living items to dbmode 4. Measures the longest time that the event loop waits meanwhile,
 * in ms, and the memory that it takes beyond what was there, in MB.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { answer, asked } from '../asked.ts'
import { journaled, onDatabase } from '../database.ts'
import { flat, LINE } from '../payloads.ts'

const ITEMS = 1_000_000
const MB = 1e6
const gc = globalThis.gc as () => void

/** Looks at the memory of the process beside the event loop, which may be held up. */
const SAMPLER = `
  const { parentPort } = require('node:worker_threads')
  let most = 0
  setInterval(() => { most = Math.max(most, process.memoryUsage.rss()) }, 5)
  parentPort.on('message', () => {
    parentPort.postMessage(most)
    most = 0
  })
`

const most = (sampler: Worker) =>
  new Promise<number>((resolve) => {
    sampler.once('message', resolve)
    sampler.postMessage('')
  })

await asked()
const result = await onDatabase('SQLite', async (engine) => {
  await engine.define([{ ...journaled('q'), dbmode: 0 }])
  for (let i = 0; i < ITEMS; i++) engine.add('q', flat(`key ${i}`), flat(`${LINE} ${i}`))
  const sampler = new Worker(SAMPLER, { eval: true })
  for (let i = 0; i < 4; i++) gc()
  await setTimeout(500)
  await most(sampler)
  const before = process.memoryUsage.rss()

  const delay = monitorEventLoopDelay({ resolution: 1 })
  delay.enable()
  // It counts from its second turn on.
  await setTimeout(50)
  const from = performance.now()
  await engine.define([journaled('q')])
  // What is journaled by now is answered by now.
  await engine.add('q', 'last', LINE)
  const seconds = (performance.now() - from) / 1000
  // The delay of a turn is known in the next one.
  await setTimeout(10)
  delay.disable()
  const memory = (await most(sampler)) - before
  await sampler.terminate()
  if ((await engine.size('q')) !== ITEMS + 1) throw new Error('items are missing')
  return { block: delay.max / 1e6, memory: memory / MB, seconds }
})
answer(result)
