/** Leases against the simplest model of them, over random operations and a clock that the test moves. */
import assert from 'node:assert/strict'
import fc from 'fast-check'
import { type Addmode, LocalEngine, parseDefinitions } from '../../../src/index.ts'
import { MovedClock } from '../../support/moved-clock.ts'

interface Item {
  key: string
  value: number
  attempts: number
}

interface Setting {
  addmode: Addmode
  size: number
  attempts: number
  refuses: boolean
}

const LEASE = 1_000

/** Lists that are searched and sorted, and a value that says how old an item is. */
class Model {
  readonly setting: Setting
  now = 0
  waiting: Item[] = []
  out: { item: Item; ends: number; lease: string }[] = []
  delayed: { item: Item; ends: number }[] = []
  dead: number[] = []
  dropped = 0

  constructor(setting: Setting) {
    this.setting = setting
  }

  get isFull(): boolean {
    return this.setting.size > 0 && this.waiting.length >= this.setting.size
  }

  add(key: string, value: number): void {
    const { addmode, refuses } = this.setting
    const at = this.waiting.findIndex((item) => addmode > 0 && item.key === key)
    if (at < 0 && this.isFull && refuses) {
      this.dropped++
      return
    }
    if (at >= 0) this.dropped++
    if (at >= 0 && addmode === 1) return
    if (at >= 0) this.waiting.splice(at, 1)
    this.waiting.push({ key, value, attempts: 0 })
    if (!refuses && this.setting.size > 0 && this.waiting.length > this.setting.size) {
      this.waiting.shift()
      this.dropped++
    }
  }

  take(count: number, leases: readonly string[]): Item[] {
    const taken = this.waiting.splice(0, count)
    for (const [at, item] of taken.entries()) {
      item.attempts++
      this.out.push({ item, ends: this.now + LEASE, lease: leases[at] as string })
    }
    return taken
  }

  end(lease: string): Item | undefined {
    const at = this.out.findIndex((one) => one.lease === lease)
    return at < 0 ? undefined : this.out.splice(at, 1)[0]?.item
  }

  retry(item: Item, delay: number): void {
    if (this.isUsedUp(item)) this.dead.push(item.value)
    else if (delay > 0) this.delayed.push({ item, ends: this.now + delay })
    else this.comeBack([item])
  }

  isUsedUp({ attempts }: Item): boolean {
    return this.setting.attempts > 0 && attempts >= this.setting.attempts
  }

  comeBack(items: Item[]): void {
    const { addmode, refuses } = this.setting
    for (const item of items.sort((a, b) => b.value - a.value)) {
      const twin = this.waiting.findIndex(({ key }) => addmode > 0 && key === item.key)
      if (twin >= 0) this.dropped++
      if (twin >= 0 && addmode === 2) continue
      if (twin >= 0) this.waiting.splice(twin, 1)
      else if (this.isFull && !refuses) {
        this.dropped++
        continue
      }
      const younger = this.waiting.findIndex(({ value }) => value > item.value)
      const place = addmode === 0 ? 0 : younger < 0 ? this.waiting.length : younger
      this.waiting.splice(place, 0, item)
    }
  }

  pass(ms: number): void {
    const end = this.now + ms
    for (;;) {
      const times = [...this.out, ...this.delayed].map(({ ends }) => ends)
      const next = Math.min(...times)
      if (next > end) break
      this.now = next
      const due = this.out.filter(({ ends }) => ends <= next).map(({ item }) => item)
      const back = this.delayed.filter(({ ends }) => ends <= next).map(({ item }) => item)
      this.out = this.out.filter(({ ends }) => ends > next)
      this.delayed = this.delayed.filter(({ ends }) => ends > next)
      this.dead.push(...due.filter((item) => this.isUsedUp(item)).map(({ value }) => value))
      this.comeBack([...back, ...due.filter((item) => !this.isUsedUp(item))])
    }
    this.now = end
  }
}

type Step =
  | { do: 'add'; key: string }
  | { do: 'take'; count: number }
  | { do: 'ack' | 'release' | 'reject' | 'extend'; which: number }
  | { do: 'retry'; which: number; delay: number }
  | { do: 'pass'; ms: number }
  | { do: 'releaseAll' }

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
const setting: fc.Arbitrary<Setting> = fc.record({
  addmode: fc.constantFrom<Addmode>(0, 1, 2),
  size: fc.constantFrom(0, 1, 3),
  attempts: fc.constantFrom(0, 1, 3),
  refuses: fc.boolean(),
})

describe('leases', () => {
  it('are as the simplest model of them, whatever comes after what', async () => {
    await fc.assert(
      fc.asyncProperty(setting, fc.array(step, { maxLength: 60 }), async (made, steps) => {
        await play(made, steps)
      }),
      { numRuns: 2_000 },
    )
  }).timeout(120_000)
})

async function play(made: Setting, steps: readonly Step[]): Promise<void> {
  const { addmode, size, attempts, refuses } = made
  const clock = new MovedClock()
  const engine = new LocalEngine(undefined, undefined, clock)
  const whenFull = refuses ? 'refuse' : 'drop'
  const q = { name: 'q', addmode, size, attempts, whenFull, deadLetter: 'dead' }
  engine.define(parseDefinitions([q, { name: 'dead' }]).definitions)
  const model = new Model(made)
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
      const released = model.out.map(({ item }) => item)
      for (const item of released) item.attempts--
      const back = [...released, ...model.delayed.map(({ item }) => item)]
      model.out = []
      model.delayed = []
      model.comeBack(back)
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
    const sum = Object.values(dropped).reduce((all, count) => all + count, 0)
    assert.equal(sum, model.dropped + model.dead.length)
    assert.equal(added, value)
  }
  await engine.close()
}
