/** Leases against the simplest model of them, over random operations and a clock that the test moves. */
import assert from 'node:assert/strict'
import fc from 'fast-check'
import { type Addmode, LocalEngine, parseDefinitions } from '../../../src/index.ts'
import { onEachDatabase } from '../../support/databases.ts'
import { type Item, LEASE, LeasesModel, type Setting } from '../../support/leases-model.ts'
import { MovedClock } from '../../support/moved-clock.ts'

type Step =
  | { do: 'add'; key: string }
  | { do: 'take'; count: number }
  | { do: 'ack' | 'release' | 'reject' | 'extend'; which: number }
  | { do: 'retry'; which: number; delay: number }
  | { do: 'pass'; ms: number }
  | { do: 'releaseAll' | 'crash' | 'stop' }

const which = fc.nat(5)
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({ do: fc.constant('add' as const), key: fc.constantFrom(...'abc') }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('take' as const),
      count: fc.integer({ min: 1, max: 3 }),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constantFrom('ack', 'release', 'reject', 'extend'), which }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('retry' as const),
      which,
      delay: fc.constantFrom(0, 300, 1_500),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('pass' as const),
      ms: fc.integer({ min: 1, max: 1_200 }),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ do: 'releaseAll' as const }) },
)
const restart: fc.Arbitrary<Step> = fc.record({ do: fc.constantFrom('crash', 'stop') })
const setting: fc.Arbitrary<Setting> = fc.record({
  addmode: fc.constantFrom<Addmode>(0, 1, 2),
  size: fc.constantFrom(0, 1, 3),
  attempts: fc.constantFrom(0, 1, 3),
  refuses: fc.boolean(),
})

/** An engine, and how another one follows it where the process that it is in is said to end. */
interface Rig {
  readonly dbmode: number
  start(clock: MovedClock): LocalEngine
}

describe('leases', () => {
  it('are as the simplest model of them, whatever comes after what', async () => {
    const start = (clock: MovedClock) => new LocalEngine(undefined, undefined, clock)
    await fc.assert(
      fc.asyncProperty(setting, fc.array(step, { maxLength: 60 }), (made, steps) =>
        play({ dbmode: 0, start }, made, steps),
      ),
      { numRuns: 2_000 },
    )
  }).timeout(180_000)
})

onEachDatabase('leases of a journal', (database) => {
  it('are as the simplest model of them, over crashes and stops too', async () => {
    const start = (clock: MovedClock) => new LocalEngine(database().location, undefined, clock)
    const steps = fc.array(fc.oneof({ weight: 10, arbitrary: step }, restart), { maxLength: 60 })
    await fc.assert(
      fc
        .asyncProperty(setting, steps, (made, those) => play({ dbmode: 4, start }, made, those))
        .afterEach(() => database().wipe()),
      { numRuns: 150, interruptAfterTimeLimit: 60_000 },
    )
  }).timeout(180_000)
})

async function play(rig: Rig, made: Setting, steps: readonly Step[]): Promise<void> {
  const { addmode, size, attempts, refuses } = made
  const clock = new MovedClock()
  const { dbmode } = rig
  const whenFull = refuses ? 'refuse' : 'drop'
  const q = { name: 'q', addmode, size, dbmode, attempts, whenFull, deadLetter: 'dead' }
  const { definitions } = parseDefinitions([q, { name: 'dead', dbmode }])
  const begin = async () => {
    const begun = rig.start(clock)
    await begun.define(definitions)
    return begun
  }
  let engine = await begin()
  let isFirst = true
  const model = new LeasesModel(made)
  let value = 0
  for (const one of steps) {
    const lease = 'which' in one ? model.out[one.which]?.lease : undefined
    if (one.do === 'add') {
      await engine.add('q', one.key, ++value)
      model.add(one.key, value)
    } else if (one.do === 'take') {
      const taken = await engine.take('q', { count: one.count, lease: LEASE })
      const expected = model.take(
        one.count,
        taken.map((item) => item.lease as string),
      )
      assert.deepEqual(
        taken.map((item) => [item.value, item.attempt]),
        expected.map((item) => [item.value, item.attempts]),
      )
    } else if (one.do === 'pass') {
      clock.move(one.ms)
      model.pass(one.ms)
    } else if (one.do === 'releaseAll') {
      engine.releaseAll()
      model.releaseAll()
    } else if (one.do === 'crash' || one.do === 'stop') {
      if (one.do === 'stop') {
        await engine.save()
        model.releaseAll()
      }
      await engine.close()
      engine = await begin()
      isFirst = false
      model.restart()
    } else if (lease === undefined) {
      assert.deepEqual(await engine.acknowledge('q', ['gone']), [false])
    } else if (one.do === 'extend') {
      assert.deepEqual(await engine.extend('q', [lease], LEASE), [true])
      const held = model.out.find((other) => other.lease === lease)
      if (held !== undefined) held.ends = model.now + LEASE
    } else {
      const item = model.end(lease) as Item
      if (one.do === 'ack') await engine.acknowledge('q', [lease])
      else if (one.do === 'reject') {
        await engine.reject('q', [lease])
        model.dead.push(item.value)
      } else if (one.do === 'release') {
        await engine.release('q', [lease])
        item.attempts--
        model.comeBack([item])
      } else if (one.do === 'retry') {
        await engine.retry('q', [lease], one.delay)
        model.retry(item, one.delay)
      }
      assert.deepEqual(await engine.acknowledge('q', [lease]), [false])
    }
    assert.deepEqual(
      (await engine.peek('q', 99)).map((item) => [item.value, item.attempt]),
      model.waiting.map((item) => [item.value, item.attempts]),
    )
    const { leased, dropped, added } = await engine.stats('q')
    assert.equal(leased, model.out.length + model.delayed.length)
    const dead = (await engine.peek('dead', 99)).map((item) => item.value)
    assert.deepEqual(new Set(dead), new Set(model.dead))
    assert.equal(dead.length, model.dead.length)
    // What was counted is gone with the process that counted.
    if (!isFirst) continue
    const sum = Object.values(dropped).reduce((all, count) => all + count, 0)
    assert.equal(sum, model.dropped + model.dead.length)
    assert.equal(added, value)
  }
  await engine.close()
}
