/** What draining a queue of a running Kamailio costs, and what those cost it who wait for items. */
import { setTimeout as sleep } from 'node:timers/promises'
import { Front } from '../../test/kamailio/front.ts'
import { kamailioVersion, Rig } from '../../test/kamailio/rig.ts'
import { NodeRed } from '../../test/support/node-red.ts'
import { pollingFlow } from '../flows.ts'
import { measure, ratios, run } from '../measure.ts'
import type { Drained, KamailioSubject } from '../processes/kamailio-drain.ts'
import { notMeasured, report } from '../report.ts'

const ITEMS = 10_000
const CONSUMERS = 20
const IDLE_SECONDS = 30
/** Makes the script of the Kamailio fill the queue. */
const FILL = `
	case "fill":
		$var(n) = $(rb{param.value,n}{s.int});
		$var(i) = 0;
		while ($var(i) < $var(n)) {
			mq_add("q", "key-$var(i)", "INVITE sip:+49896364@example.or");
			$var(i) = $var(i) + 1;
		}
		break;`

export default async function measureKamailio(rounds: number): Promise<void> {
  if (kamailioVersion() === undefined) {
    const advice = 'To measure them: apt-get install kamailio kamailio-json-modules'
    notMeasured('queues of a Kamailio', advice, { max: 0 })
    return
  }
  const names = ['q', ...Array.from({ length: CONSUMERS }, (_, i) => `q${i}`)]
  const queues = names.map((name) => `name=${name}`)
  const rig = await Rig.start({ queues, script: FILL })
  try {
    await measureDrain(rounds, rig)
    await measureIdle(rig)
  } finally {
    await rig.stop()
  }
}

async function measureDrain(rounds: number, { port }: Rig): Promise<void> {
  const drain = (subject: KamailioSubject) => () =>
    run<Drained>('kamailio-drain.ts', { port, count: ITEMS, subject })
  const { engine, bare } = await measure(rounds, { engine: drain('engine'), bare: drain('bare') })
  const rates = (results: Drained[], by: keyof Drained) => results.map((one) => one[by])
  const figure = 'Kamailio, 10,000 items drained: rate against a bare loop'
  const by = (of: keyof Drained) => ratios(rates(engine, of), rates(bare, of))
  report(figure, by('byProcessor'), 'x', { min: 0.8 })
  report(`${figure}, by the clock`, by('byClock'), 'x')
  report('Kamailio, 10,000 items drained, by the clock', rates(engine, 'byClock'), 'items/s')
}

/** One round, since it lasts by the clock. */
async function measureIdle(rig: Rig): Promise<void> {
  const front = await Front.start(() => rig.port)
  const red = await NodeRed.start({ flows: pollingFlow(front.url, CONSUMERS) })
  try {
    // The first looks, when the nodes begin.
    await sleep(3_000)
    const before = front.calls.length
    await sleep(IDLE_SECONDS * 1_000)
    const calls = (front.calls.length - before) / IDLE_SECONDS
    const figure = `${CONSUMERS} mq-consume wait on empty queues of a Kamailio, poll 1`
    report(figure, [calls], 'requests/s', { max: 1.05 })
  } finally {
    await red.stop()
    await front.stop()
  }
}
