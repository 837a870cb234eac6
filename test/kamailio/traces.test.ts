import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { NodeRed } from '../support/node-red.ts'
import { asKamailio, type Side } from './as-kamailio.ts'
import { engineSide } from './engine-side.ts'
import { FLOW, flowSide } from './flow-side.ts'
import type { Line } from './operation.ts'

const TRACES = globSync(join(import.meta.dirname, 'traces/*.jsonl')).sort()

/** The operation of a line, without what came of it. */
const operationOf = ({ ...line }: Line) => {
  for (const outcome of ['rc', 'k', 'v', 'n', 'result', 'error']) {
    delete (line as Record<string, unknown>)[outcome]
  }
  return line as Line
}

async function replay(file: string, side: Side): Promise<void> {
  const [, ...lines] = readFileSync(file, 'utf8').trimEnd().split('\n')
  assert.ok(lines.length >= 500)
  const play = asKamailio(side)
  for (const [index, text] of lines.entries()) {
    const line: Line = JSON.parse(text)
    assert.deepEqual(await play(operationOf(line)), line, `line ${index + 2}`)
  }
}

describe('the traces recorded with a real Kamailio', () => {
  it('are there', () => assert.equal(TRACES.length, 9))

  describe('replay against the engine', () => {
    for (const file of TRACES) it(basename(file), () => replay(file, engineSide()))
  })

  describe('replay through a flow', () => {
    let nodeRed: NodeRed
    before(async () => {
      nodeRed = await NodeRed.start({ flows: FLOW })
    })
    after(() => nodeRed.stop())
    for (const file of TRACES) it(basename(file), () => replay(file, flowSide(nodeRed)))
  })
})
