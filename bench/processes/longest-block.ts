/**
 * The longest time, in ms, that the event loop waits while many items are added to a queue one by one and then
 * taken. A turn of the loop comes after each few.
 */
import { MemoryEngine } from '../../src/index.ts'
import { answer, asked } from '../asked.ts'
import { BareBlocks } from '../bare/blocks.ts'

const ITEMS = 10_000_000
const CHUNK = 1_000

async function engineLoop() {
  const engine = new MemoryEngine()
  await engine.define([{ name: 'q', size: 0, addmode: 0, dbmode: 0 }])
  return {
    add: (i: number) => engine.add('q', 'key', i),
    fetch: () => engine.fetch('q'),
  }
}

function bareLoop() {
  const blocks = new BareBlocks()
  return {
    add: (i: number) => blocks.add('key', i),
    fetch: () => blocks.fetch(),
  }
}

/** From each turn to the next, so that a collection between them counts as well. */
async function longest(operate: (i: number) => unknown): Promise<number> {
  let longest = 0
  for (let i = 0; i < ITEMS; ) {
    const from = performance.now()
    for (const end = i + CHUNK; i < end; i++) operate(i)
    await new Promise(setImmediate)
    longest = Math.max(longest, performance.now() - from)
  }
  return longest
}

const { isBare } = await asked<{ isBare: boolean }>()
const { add, fetch } = isBare ? bareLoop() : await engineLoop()
const adding = await longest(add)
const taking = await longest(fetch)
answer({ adding, taking })
