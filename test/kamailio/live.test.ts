import assert from 'node:assert/strict'
import { NodeRed } from '../support/node-red.ts'
import { requires } from '../support/required.ts'
import { asKamailio, type Side } from './as-kamailio.ts'
import { engineSide } from './engine-side.ts'
import { FLOW, flowSide } from './flow-side.ts'
import type { Operation } from './operation.ts'
import { playSeed } from './record.ts'
import { kamailioVersion, Rig } from './rig.ts'

const SEEDS = 100
const FLOW_SEEDS = 8
const OPERATIONS = 500

describe('beside a real Kamailio', function () {
  this.timeout(300_000)
  requires(kamailioVersion() !== undefined, 'apt-get install kamailio kamailio-json-modules')

  /** Plays random seeds on both sides. Kamailio goes first: its answer decides how long a queue is fetched. */
  async function compare(seeds: number, makeSide: () => Side, rpcEvery: number): Promise<void> {
    const first = Math.floor(Math.random() * 1e9)
    const rig = await Rig.start()
    try {
      for (let seed = first; seed < first + seeds; seed++) {
        const own = asKamailio(makeSide())
        let played = 0
        const play = async (operation: Operation) => {
          const line = await rig.play(operation)
          assert.deepEqual(await own(operation), line, `seed ${seed}, operation ${++played}`)
          return line
        }
        for await (const _ of playSeed(play, seed, OPERATIONS, seed % rpcEvery === 0));
        assert.ok(played >= OPERATIONS)
      }
    } finally {
      await rig.stop()
    }
  }

  it(`the engine does the same on ${SEEDS} random seeds of ${OPERATIONS} operations`, () =>
    compare(SEEDS, engineSide, 4))

  it(`nodes and RPC in a flow do the same on ${FLOW_SEEDS} random seeds`, async () => {
    const nodeRed = await NodeRed.start({ flows: FLOW })
    try {
      await compare(FLOW_SEEDS, () => flowSide(nodeRed), 1)
    } finally {
      await nodeRed.stop()
    }
  })
})
