/** What the engine in memory does alone: rates, and memory. */
import { type Addmode, MemoryEngine } from '../../src/index.ts'
import { answer, asked } from '../asked.ts'
import { BareKeyed } from '../bare/keyed.ts'
import { rate } from '../rate.ts'

const gc = globalThis.gc as () => void

async function engineWith(addmode: Addmode): Promise<MemoryEngine> {
  const engine = new MemoryEngine()
  await engine.define([{ name: 'q', size: 0, addmode, dbmode: 0 }])
  return engine
}

/** What the process holds, be it in the heap of JavaScript or beside it. */
function held(): number {
  const { heapUsed, external, arrayBuffers } = process.memoryUsage()
  return heapUsed + external + arrayBuffers
}

/** Just beyond a power of two, where what doubles has the most to spare. */
const HELD = 1_060_000

/** Bytes for each item that is held, without its key and value. */
async function bytesPerItem(addmode: Addmode): Promise<number> {
  const count = HELD
  // Made at their size, since a collection would take what they grew beyond it, and hide what is added.
  const keys = new Array<string>(count)
  const values = new Array<object>(count)
  for (let i = 0; i < count; i++) {
    keys[i] = `key-${i}`
    values[i] = { number: i }
  }
  const engine = await engineWith(addmode)
  // What the lines above left behind takes more than one collection to go.
  for (let i = 0; i < 4; i++) gc()
  const before = held()
  for (let i = 0; i < count; i++) engine.add('q', keys[i] as string, values[i])
  for (let i = 0; i < 4; i++) gc()
  const bytes = held() - before
  // The arrays are still needed here, so that they are not collected before.
  const isWhole = engine.size('q') === count && keys.length === count && values.length === count
  if (!isWhole) throw new Error('items are missing')
  return bytes / count
}

async function pairsAtMillion(): Promise<number> {
  const engine = await engineWith(0)
  for (let i = 0; i < 1_000_000; i++) engine.add('q', 'key', i)
  return rate(20_000_000, (i) => {
    engine.add('q', 'key', i)
    engine.fetch('q')
  })
}

const DEPTH = 100_000
const KEYS = Array.from({ length: 3 * DEPTH }, (_, i) => `key-${i}`)
const keyAt = (i: number) => KEYS[i % KEYS.length] as string

interface Keyed {
  add(key: string, value: unknown): unknown
  fetch(): unknown
}

/** Rounds of a new add, a duplicate add and a fetch at a depth of 100,000. */
function keyedRounds({ add, fetch }: Keyed): number {
  for (let i = 0; i < DEPTH; i++) add(keyAt(i), i)
  return rate(2_000_000, (i) => {
    add(keyAt(i + DEPTH), i)
    add(keyAt(i + DEPTH), i)
    fetch()
  })
}

async function keyedEngine(addmode: Addmode): Promise<number> {
  const engine = await engineWith(addmode)
  return keyedRounds({
    add: (key, value) => engine.add('q', key, value),
    fetch: () => engine.fetch('q'),
  })
}

function keyedBare(addmode: Addmode): number {
  const bare = new BareKeyed(addmode)
  return keyedRounds({
    add: (key, value) => bare.add(key, value),
    fetch: () => bare.fetch(),
  })
}

const CASES = { bytesPerItem, pairsAtMillion, keyedEngine, keyedBare }
export type EngineCase = keyof typeof CASES

const { name, addmode } = await asked<{ name: EngineCase; addmode: Addmode }>()
answer({ figure: await CASES[name](addmode) })
