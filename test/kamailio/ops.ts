/**
 * A seeded generator of operation sequences over the rig's queues.
 * Same seed and options: same sequence, on any machine and Node version.
 */
import type { Operation, RpcOperation } from './operation.ts'
import { QUEUES } from './rig.ts'

/** mulberry32: a 32-bit generator; returns floats in [0, 1). */
export function rng(seed: number): () => number {
  let a = (seed ^ 0x9e3779b9) >>> 0
  return () => {
    a = (a + 0x6d2b79f5) >>> 0
    let t = a
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}

const KEYS = ['a', 'b', 'c', 'd', 'e']
// Rarer keys: empty, case, spaces, the same letter composed and decomposed, text
// that looks like Kamailio's null, and names with a special meaning in JavaScript.
const ODD_KEYS = [
  '',
  'A',
  'a ',
  ' a',
  '0',
  '-1',
  '<null>',
  'null',
  '\u00e9',
  'e\u0301',
  '\u20ac',
  '\u{1f600}',
  '__proto__',
  'constructor',
  'toString',
  'x'.repeat(300),
]
const PIECES =
  'a|Z|0| |\t|\n|\r\n|"|\'|\\|;|=|%41|$var(x)|{}|<null>|\u0001|\u007f|\u00e9|\u00df|\u0416|\u0634|\u20ac|\u4e2d|\ufeff|\ufffd|\u200b|\u{1f600}|\u{1f469}\u200d\u{1f4bb}|\u{10ffff}'.split(
    '|',
  )

const pick = <T>(r: () => number, list: readonly T[]): T => list[Math.floor(r() * list.length)] as T

function value(r: () => number): string {
  const x = r()
  if (x < 0.06) return ''
  if (x < 0.4) return `v${Math.floor(r() * 1000)}`
  if (x < 0.5) return String(Math.floor(r() * 2e9) - 1e9)
  if (x < 0.58) return JSON.stringify({ n: Math.floor(r() * 100), s: pick(r, PIECES) })
  const n = x < 0.98 ? 1 + Math.floor(r() * 6) : 40 + Math.floor(r() * 80)
  let s = ''
  for (let i = 0; i < n; i++) s += pick(r, PIECES)
  return x < 0.998 ? s : s.repeat(8)
}

/** Yields `count` operations; with `rpc`, a quarter of them over JSON-RPC. */
export function* ops(seed: number, count: number, { rpc = false } = {}): Generator<Operation> {
  const r = rng(seed)
  const names = QUEUES.map(([name]) => name)
  // each seed works on a few queues more than on the others
  const pool = [...names]
  for (let i = 0; i < 3; i++) {
    const q = pick(r, names)
    for (let j = 0; j < 6; j++) pool.push(q)
  }
  let left = 0
  let adds = 0.5
  for (let i = 0; i < count; i++) {
    // phases that mostly fill, mostly drain, or balance
    if (left-- <= 0) {
      left = 10 + Math.floor(r() * 50)
      adds = pick(r, [0.85, 0.7, 0.55, 0.3])
    }
    const q = r() < 0.015 ? pick(r, ['nope', '']) : pick(r, pool)
    if (rpc && r() < 0.25) {
      const methods: RpcOperation['method'][] = [
        'mqueue.fetch',
        'mqueue.fetch',
        'mqueue.get_size',
        'mqueue.get_sizes',
      ]
      const method = pick(r, methods)
      yield { op: 'rpc', method, params: method === 'mqueue.get_sizes' ? [] : [q] }
      continue
    }
    const x = r()
    if (x < 0.08) yield { op: 'size', q }
    else if (x < 0.13) yield { op: 'pvs', q }
    else if (x < 0.17) yield { op: 'pvfree', q }
    else if (r() < adds) {
      yield { op: 'add', q, key: r() < 0.85 ? pick(r, KEYS) : pick(r, ODD_KEYS), val: value(r) }
    } else yield { op: 'fetch', q }
  }
}
