/**
 * Adds a value of 50 MB to one queue, and small ones to another until the big one is there. Measures the
 * longest time that a small one waited, in ms, from when it was due, and how many adds failed.
 */
import { setTimeout } from 'node:timers/promises'
import { answer, asked } from '../asked.ts'
import { journaled, onDatabase } from '../database.ts'
import { LINE } from '../payloads.ts'

const BIG = 'x'.repeat(50_000_000)
const PERIOD = 10

const { kind } = await asked<{ kind: string }>()
const result = await onDatabase(kind, async (engine) => {
  await engine.define([journaled('big'), journaled('small')])
  let failed = 0
  let longest = 0
  const add = async (queue: string, value: string) => {
    try {
      await engine.add(queue, 'key', value)
    } catch (error) {
      console.error(error)
      failed++
    }
  }
  const addSmall = async (due: number) => {
    await add('small', LINE)
    longest = Math.max(longest, performance.now() - due)
  }
  await addSmall(performance.now())
  longest = 0

  let isThere = false
  const from = performance.now()
  const big = add('big', BIG).then(() => {
    isThere = true
  })
  const seconds = big.then(() => (performance.now() - from) / 1000)
  const waiting: Promise<void>[] = []
  for (let due = from; !isThere; due += PERIOD) {
    await setTimeout(Math.max(0, due - performance.now()))
    waiting.push(addSmall(due))
  }
  await Promise.all(waiting)
  return { longest, failed, seconds: await seconds }
})
answer(result)
