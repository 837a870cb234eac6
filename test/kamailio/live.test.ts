import assert from 'node:assert/strict'
import { requires } from '../support/required.ts'
import { asKamailio } from './as-kamailio.ts'
import { engineSide } from './engine-side.ts'
import type { Line } from './operation.ts'
import { playSeed } from './record.ts'
import { kamailioVersion, Rig } from './rig.ts'

const SEEDS = 100
const OPERATIONS = 500

describe('the engine beside a real Kamailio', function () {
  this.timeout(300_000)
  requires(kamailioVersion() !== undefined, 'apt-get install kamailio kamailio-json-modules')

  it(`does the same on ${SEEDS} random seeds of ${OPERATIONS} operations`, async () => {
    const first = Math.floor(Math.random() * 1e9)
    const rig = await Rig.start()
    try {
      for (let seed = first; seed < first + SEEDS; seed++) {
        const own = asKamailio(engineSide())
        const expected: Line[] = []
        // Kamailio's answer decides how long a queue is fetched, so it is played first.
        const play = async (operation: Parameters<typeof own>[0]) => {
          const line = await rig.play(operation)
          expected.push(line)
          assert.deepEqual(await own(operation), line, `seed ${seed}, operation ${expected.length}`)
          return line
        }
        for await (const _ of playSeed(play, seed, OPERATIONS, seed % 4 === 0));
        assert.ok(expected.length >= OPERATIONS)
      }
    } finally {
      await rig.stop()
    }
  })
})
