/** What every engine does, done by the one whose queues are in a real Kamailio. */
import { KamailioEngine } from '../../../src/index.ts'
import { conformsAsEngine, type Traits } from '../../conformance/engine.ts'
import { kamailioVersion, Rig } from '../../kamailio/rig.ts'
import { Reports } from '../../support/databases.ts'
import { requires } from '../../support/required.ts'

const NAMES = ['q', 'Q', 'r', 'z', 'a', 'b', '__proto__', 'good', 'bad', 'renamed']

describe('KamailioEngine', () => {
  requires(kamailioVersion() !== undefined, 'apt-get install kamailio kamailio-json-modules')
  let rig: Rig
  before(async () => {
    rig = await Rig.start({ queues: NAMES.map((name) => `name=${name}`) })
  })
  after(() => rig?.stop())

  async function make(): Promise<KamailioEngine> {
    for (const q of NAMES) while ((await rig.play({ op: 'fetch', q })).rc > 0);
    return new KamailioEngine({ rpcUrl: rig.url }, new Reports())
  }

  const traits: Traits = {
    outlives: true,
    supports: { add: false },
    fill: (q, key, value) => rig.play({ op: 'add', q, key, val: String(value) }),
  }
  conformsAsEngine('KamailioEngine', make, 0, traits)
})
