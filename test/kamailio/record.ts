/**
 * Plays seeded operation sequences against Kamailio and writes one JSONL trace per seed:
 *
 *   node test/kamailio/record.ts [--seeds 1-8] [--ops 500] [--rpc]
 *
 * The first line of a trace describes it: { seed, ops, rpc, queues, version }.
 * Every further line is one operation with what Kamailio did:
 *   { op, q, key?, val?, rc, k?, v?, n }
 *     op          add, fetch, size, pvs (only read) or pvfree
 *     q, key, val the arguments
 *     rc          the return code ($rc); 1 for pvs
 *     k, v        $mqk(q) and $mqv(q) after the operation; absent: null
 *     n           $mq_size(q) after the operation; null for an unknown queue
 *   { op: 'rpc', method, params, result | error: { code, message } }
 * After the generated operations every queue is fetched until it is empty, so a trace ends by
 * showing all that was left, in order.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { Line, Operation } from './operation.ts'
import { ops } from './ops.ts'
import { kamailioVersion, QUEUES, Rig } from './rig.ts'

/** The lines of a trace: the operations of a seed, then every queue fetched until it is empty. */
export async function* playSeed(
  play: (operation: Operation) => Promise<Line>,
  seed: number,
  count: number,
  rpc: boolean,
): AsyncGenerator<Line> {
  for (const operation of ops(seed, count, { rpc })) yield await play(operation)
  for (const [q] of QUEUES) {
    for (let fetched = true; fetched; ) {
      const line = await play({ op: 'fetch', q })
      yield line
      fetched = 'rc' in line && line.rc === 1
    }
  }
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      seeds: { type: 'string', default: '1-8' },
      ops: { type: 'string', default: '500' },
      rpc: { type: 'boolean', default: false },
    },
  })
  const [first = 1, last = first] = values.seeds.split('-').map(Number)
  const count = Number(values.ops)
  for (let seed = first; seed <= last; seed++) {
    const rig = await Rig.start()
    const queues = QUEUES.map(([, text]) => text)
    const head = { seed, ops: count, rpc: values.rpc, queues, version: kamailioVersion() }
    const lines = [JSON.stringify(head)]
    for await (const line of playSeed(
      (operation) => rig.play(operation),
      seed,
      count,
      values.rpc,
    )) {
      lines.push(JSON.stringify(line))
    }
    await rig.stop()
    const name = `${values.rpc ? 'rpc' : 'seed'}-${String(seed).padStart(2, '0')}.jsonl`
    writeFileSync(join(import.meta.dirname, 'traces', name), `${lines.join('\n')}\n`)
  }
}
