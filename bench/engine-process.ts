/** Measures the engine alone, in a process of its own: `node engine-process.ts <case>`. */
import { type Addmode, MemoryEngine } from '../src/index.ts'

const gc = globalThis.gc as () => void

function engineWith(addmode: Addmode): MemoryEngine {
  const engine = new MemoryEngine()
  engine.define([{ name: 'q', size: 0, addmode, dbmode: 0 }])
  return engine
}

/** Operations per second of processor time, after a warm-up of a fifth as many. */
function rate(operations: number, operate: (i: number) => void): number {
  let i = 0
  for (; i < operations / 5; i++) operate(i)
  const before = process.threadCpuUsage()
  const end = i + operations
  for (; i < end; i++) operate(i)
  const { user, system } = process.threadCpuUsage(before)
  return operations / ((user + system) / 1e6)
}

/** Bytes of heap for each item that is held, without its key and value. */
function heapPerItem(addmode: Addmode): number {
  const count = 100_000
  // Made at their size, since a collection would take what they grew beyond it, and hide what is added.
  const keys = new Array<string>(count)
  const values = new Array<object>(count)
  for (let i = 0; i < count; i++) {
    keys[i] = `key-${i}`
    values[i] = { number: i }
  }
  const engine = engineWith(addmode)
  // What the line above left behind takes more than one collection to go.
  for (let i = 0; i < 4; i++) gc()
  const before = process.memoryUsage().heapUsed
  for (let i = 0; i < count; i++) engine.add('q', keys[i] as string, values[i])
  gc()
  const held = process.memoryUsage().heapUsed - before
  if (engine.size('q') !== count || values.length !== count) throw new Error('items are missing')
  return held / count
}

function pairsAtMillion(): number {
  const engine = engineWith(0)
  for (let i = 0; i < 1_000_000; i++) engine.add('q', 'key', i)
  return rate(10_000_000, (i) => {
    engine.add('q', 'key', i)
    engine.fetch('q')
  })
}

const DEPTH = 100_000
const KEYS = Array.from({ length: 3 * DEPTH }, (_, i) => `key-${i}`)
const keyAt = (i: number) => KEYS[i % KEYS.length] as string

/** Rounds of a new add, a duplicate add and a fetch at a depth of 100,000. */
function keyedRounds(addmode: 1 | 2): number {
  const engine = engineWith(addmode)
  for (let i = 0; i < DEPTH; i++) engine.add('q', keyAt(i), i)
  return rate(2_000_000, (i) => {
    engine.add('q', keyAt(i + DEPTH), i)
    engine.add('q', keyAt(i + DEPTH), i)
    engine.fetch('q')
  })
}

interface BareEntry {
  key: string
  value: unknown
  older: BareEntry | undefined
  newer: BareEntry | undefined
}

/** The same rounds on a Map and a linked list with nothing around them. */
function bareRounds(addmode: 1 | 2): number {
  const byKey = new Map<string, BareEntry>()
  let oldest: BareEntry | undefined
  let newest: BareEntry | undefined
  const unlink = (entry: BareEntry) => {
    if (entry.older) entry.older.newer = entry.newer
    else oldest = entry.newer
    if (entry.newer) entry.newer.older = entry.older
    else newest = entry.older
  }
  const add = (key: string, value: unknown) => {
    const present = byKey.get(key)
    if (present !== undefined) {
      if (addmode === 1) return
      unlink(present)
    }
    const entry: BareEntry = { key, value, older: newest, newer: undefined }
    if (newest) newest.newer = entry
    else oldest = entry
    newest = entry
    byKey.set(key, entry)
  }
  for (let i = 0; i < DEPTH; i++) add(keyAt(i), i)
  return rate(2_000_000, (i) => {
    add(keyAt(i + DEPTH), i)
    add(keyAt(i + DEPTH), i)
    const entry = oldest as BareEntry
    unlink(entry)
    byKey.delete(entry.key)
  })
}

const CASES: Record<string, () => number> = {
  'heap addmode 0': () => heapPerItem(0),
  'heap addmode 1': () => heapPerItem(1),
  'heap addmode 2': () => heapPerItem(2),
  'pairs at 1,000,000': pairsAtMillion,
  'keyed addmode 1': () => keyedRounds(1),
  'keyed addmode 2': () => keyedRounds(2),
  'bare addmode 1': () => bareRounds(1),
  'bare addmode 2': () => bareRounds(2),
}

process.send?.({ figure: CASES[process.argv[2] ?? '']?.() }, () => process.exit())
