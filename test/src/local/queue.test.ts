import assert from 'node:assert/strict'
import fc from 'fast-check'
import { type Addmode, type DroppedItem, Queue } from '../../../src/index.ts'
import { nameOf, type QueuedItem } from '../../../src/local/items.ts'
import { defined } from '../../conformance/engine.ts'

type ModelItem = { key: string; value: number }

/** The simplest possible queue: an array that is searched and shifted. */
class Model {
  size: number
  addmode: Addmode
  items: ModelItem[] = []

  constructor(size: number, addmode: Addmode) {
    this.size = size
    this.addmode = addmode
  }

  add(key: string, value: number): Partial<DroppedItem> | undefined {
    const at = this.items.findIndex((item) => item.key === key)
    let dropped: Partial<DroppedItem> | undefined
    if (at >= 0 && this.addmode === 1) return { key, value, reason: 'duplicate' }
    if (at >= 0 && this.addmode === 2) {
      dropped = { ...(this.items.splice(at, 1)[0] as ModelItem), reason: 'replaced' }
    }
    this.items.push({ key, value })
    if (this.size > 0 && this.items.length > this.size) {
      dropped = { ...(this.items.shift() as ModelItem), reason: 'overflow' }
    }
    return dropped
  }

  redefine(size: number, addmode: Addmode): Partial<DroppedItem>[] {
    const items = this.items
    this.items = []
    this.size = size
    this.addmode = addmode
    return items.map(({ key, value }) => this.add(key, value)).filter((item) => item !== undefined)
  }
}

interface Real {
  queue: Queue<number>
}

/** Everything that must hold after any operation. */
function sameAs(model: Model, { queue }: Real): void {
  const items = [...queue].map(({ key, value }) => ({ key, value }))
  assert.deepEqual(items, model.items)
  assert.equal(queue.size, model.items.length)
  if (model.size > 0) assert.ok(queue.size <= model.size)
  if (model.addmode > 0) assert.equal(new Set(items.map(({ key }) => key)).size, items.length)
}

class Add implements fc.Command<Model, Real> {
  readonly key: string
  readonly value: number
  constructor(key: string, value: number) {
    this.key = key
    this.value = value
  }
  check = () => true
  run(model: Model, real: Real) {
    const expected = model.add(this.key, this.value)
    const { size, dropped } = real.queue.add(this.key, this.value)
    assert.deepEqual(dropped, expected)
    assert.equal(size, model.items.length)
    sameAs(model, real)
  }
  toString = () => `add ${this.key}=${this.value}`
}

class Fetch implements fc.Command<Model, Real> {
  readonly times: number
  constructor(times: number) {
    this.times = times
  }
  check = () => true
  run(model: Model, real: Real) {
    for (let i = 0; i < this.times; i++) {
      const expected = model.items.shift()
      const fetched = real.queue.fetch()
      assert.deepEqual(fetched, expected && { ...expected, size: model.items.length })
    }
    sameAs(model, real)
  }
  toString = () => `fetch ${this.times}`
}

class RemoveOne implements fc.Command<Model, Real> {
  readonly place: number
  constructor(place: number) {
    this.place = place
  }
  check = () => true
  run(model: Model, real: Real) {
    const at = this.place % Math.max(1, model.items.length)
    const item = [...real.queue][at]
    model.items.splice(at, 1)
    assert.equal(real.queue.removeItem(item === undefined ? '' : nameOf(item)), item ? 1 : 0)
    sameAs(model, real)
  }
  toString = () => `remove the one at ${this.place}`
}

class Redefine implements fc.Command<Model, Real> {
  readonly size: number
  readonly addmode: Addmode
  constructor(size: number, addmode: Addmode) {
    this.size = size
    this.addmode = addmode
  }
  check = () => true
  run(model: Model, real: Real) {
    const expected = model.redefine(this.size, this.addmode)
    const definition = defined('q', this.size, this.addmode)
    assert.deepEqual(real.queue.redefine(definition), expected)
    assert.equal(real.queue.definition, definition)
    sameAs(model, real)
  }
  toString = () => `redefine size=${this.size} addmode=${this.addmode}`
}

const anyAddmode = fc.constantFrom<Addmode>(0, 1, 2)
const anySize = fc.oneof(
  fc.constant(0),
  fc.integer({ min: 1, max: 5 }),
  fc.integer({ min: 6, max: 80 }),
)
const anyKey = fc.oneof(
  fc.constantFrom('a', 'b', 'c', '', '__proto__', 'constructor', 'A', 'a '),
  fc.string({ maxLength: 3, unit: 'binary' }),
)

describe('Queue', () => {
  it('does what the simplest model does, whatever comes in whatever order', () => {
    const commands = fc.commands(
      [
        fc.tuple(anyKey, fc.integer()).map(([key, value]) => new Add(key, value)),
        fc.tuple(anyKey, fc.integer()).map(([key, value]) => new Add(key, value)),
        fc.integer({ min: 1, max: 3 }).map((times) => new Fetch(times)),
        fc.integer({ min: 4, max: 60 }).map((times) => new Fetch(times)),
        fc.nat(200).map((place) => new RemoveOne(place)),
        fc.tuple(anySize, anyAddmode).map(([size, addmode]) => new Redefine(size, addmode)),
      ],
      { maxCommands: 200, size: 'max' },
    )
    fc.assert(
      fc.property(anySize, anyAddmode, commands, (size, addmode, run) => {
        const setup = () => ({
          model: new Model(size, addmode),
          real: { queue: new Queue<number>(defined('q', size, addmode)) },
        })
        fc.modelRun(setup, run)
      }),
      { numRuns: 300 },
    )
  })

  it('keeps order while it grows and shrinks by thousands', () => {
    for (const addmode of [0, 1, 2] as const) {
      const queue = new Queue<number>(defined('q', 0, addmode))
      let added = 0
      let fetched = 0
      for (const [adds, fetches] of [
        [5000, 10],
        [3, 4900],
        [40_000, 39_000],
        [100, 1193],
      ] as const) {
        for (let i = 0; i < adds; i++) queue.add(`k${added}`, added++)
        for (let i = 0; i < fetches; i++) assert.equal(queue.fetch()?.value, fetched++)
      }
      assert.equal(queue.size, 0)
      assert.equal(queue.fetch(), undefined)
      assert.equal(added, fetched)
    }
  })

  it('has one item taken out, and brings it back, across thousands', () => {
    for (const addmode of [0, 1, 2] as const) {
      const queue = new Queue<number>(defined('q', 0, addmode))
      for (let i = 0; i < 3_000; i++) queue.add(`k${i}`, i)
      const keys = () => [...queue].map(({ key }) => key)
      const before = keys()
      for (const place of [0, 127, 128, 255, 256, 1_500, 2_990]) {
        const item = [...queue][place] as QueuedItem<number>
        assert.equal(queue.lend(nameOf(item))?.key, before[place])
        assert.deepEqual(keys(), before.toSpliced(place, 1))
        queue.putBack({ ...item, past: undefined })
        assert.deepEqual(keys(), before)
      }
    }
  })

  it('holds 200,000 items without scanning them', function () {
    // Scanning them on each of the two million operations would take hours.
    this.timeout(300_000)
    for (const addmode of [0, 1, 2] as const) {
      const queue = new Queue<number>(defined('q', 200_000, addmode))
      for (let i = 0; i < 600_000; i++) queue.add(`k${i % 400_000}`, i)
      assert.equal(queue.size, 200_000)
      while (queue.fetch() !== undefined);
    }
  })
})
