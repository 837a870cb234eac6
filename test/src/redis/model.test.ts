/** Queues in Redis against queues in memory, step by step over random definitions and operations. */
import assert from 'node:assert/strict'
import fc from 'fast-check'
import {
  type DroppedItem,
  LocalEngine,
  MqueueError,
  parseDefinitions,
  type QueueDefinitionInput,
} from '../../../src/index.ts'
import type { LeasingEngine } from '../../../src/leasing.ts'
import { RedisEngine } from '../../../src/redis/engine.ts'
import { MovedClock } from '../../support/moved-clock.ts'
import { ownPrefixes, REDIS_URL } from '../../support/shared-redis.ts'

const SEQUENCES = 200
const STEPS = 30

/** All times are whole numbers of these, in ms; it is more than there are steps. */
const UNIT = 1_000

type Name = 'q' | 'dead'
type End = 'acknowledge' | 'release' | 'reject' | 'retry' | 'extend'
type Step =
  | { do: 'add' | 'remove'; queue: Name; key: string }
  | { do: 'fetch' | 'clear' | 'pause' | 'resume'; queue: Name }
  | { do: 'take'; queue: Name; count: number; units: number }
  | { do: End; which: readonly number[]; units: number | undefined }
  | { do: 'move'; units: number }
  | { do: 'releaseAll' }
  | { do: 'define'; definitions: readonly QueueDefinitionInput[] }

const constant = <const T>(value: T) => fc.constant(value)
const queue = fc.constantFrom<Name>('q', 'q', 'q', 'dead')
const key = fc.constantFrom('a', 'b', 'c')
const which = fc.uniqueArray(fc.nat(4), { minLength: 1, maxLength: 3 })

const common = {
  addmode: fc.constantFrom(0, 1, 2),
  size: fc.constantFrom(0, 0, 1, 2, 4),
  whenFull: fc.constantFrom('drop', 'refuse'),
}
const definitions = fc.tuple(
  fc.record({
    name: constant('q'),
    ...common,
    attempts: fc.constantFrom(0, 1, 2),
    retryDelay: fc.constantFrom('0', '1', '0,1,2'),
    deadLetter: fc.constantFrom('', 'dead'),
    maxInFlight: fc.constantFrom(0, 0, 1, 3),
  }),
  fc.record({ name: constant('dead'), ...common }),
)
const weighted = <T>(weight: number, arbitrary: fc.Arbitrary<T>) => ({ weight, arbitrary })
const step: fc.Arbitrary<Step> = fc.oneof(
  weighted(8, fc.record({ do: constant('add'), queue, key })),
  weighted(2, fc.record({ do: constant('fetch'), queue })),
  weighted(
    6,
    fc.record({
      do: constant('take'),
      queue,
      count: fc.integer({ min: 1, max: 3 }),
      units: fc.constantFrom(0, 1, 2, 5),
    }),
  ),
  weighted(
    5,
    fc.record({
      do: fc.constantFrom<End>('acknowledge', 'release', 'reject', 'extend'),
      which,
      units: constant(2),
    }),
  ),
  weighted(
    4,
    fc.record({ do: constant('retry'), which, units: fc.constantFrom(undefined, 0, 1, 3) }),
  ),
  weighted(4, fc.record({ do: constant('move'), units: fc.integer({ min: 1, max: 3 }) })),
  weighted(1, fc.record({ do: fc.constantFrom('pause', 'resume', 'resume', 'clear'), queue })),
  weighted(1, fc.record({ do: constant('remove'), queue, key })),
  weighted(1, fc.record({ do: constant('releaseAll') })),
  weighted(1, fc.record({ do: constant('define'), definitions })),
)

/** One or several engines with the same queues, and what is known of them. Each step is done by the next one. */
class Side {
  readonly #engines: readonly LeasingEngine[]
  #turn = 0
  /** Every lease there was, the newest first. */
  readonly leases: [queue: Name, lease: string][] = []
  readonly told: string[] = []
  readonly #ends = new Map<LeasingEngine, (() => void)[]>()

  constructor(...engines: LeasingEngine[]) {
    this.#engines = engines
  }

  get engine(): LeasingEngine {
    return this.#engines[this.#turn] as LeasingEngine
  }

  /** Lets the next engine go on. */
  next(): void {
    this.#turn = (this.#turn + 1) % this.#engines.length
  }

  async close(): Promise<void> {
    for (const engine of this.#engines) await engine.close()
  }

  /** Has all engines define the queues. */
  async begin(inputs: readonly QueueDefinitionInput[]): Promise<void> {
    for (const _ of this.#engines) {
      await this.define(inputs, 0)
      this.next()
    }
  }

  async define(inputs: readonly QueueDefinitionInput[], edited: number): Promise<void> {
    const { engine } = this
    const { definitions, errors } = parseDefinitions(inputs.map((one) => ({ ...one, edited })))
    assert.deepEqual(errors, [])
    const dropped = await engine.define(definitions)
    for (const end of this.#ends.get(engine) ?? []) end()
    const ends = (['q', 'dead'] as const).map((name) =>
      engine.onDropped(name, '', (item) => this.#tell(name, item)),
    )
    this.#ends.set(engine, ends)
    for (const { queue, items } of dropped) for (const item of items) this.#tell(queue, item)
  }

  #tell(queue: string, { key, value, reason }: DroppedItem): void {
    this.told.push(`${queue} ${key} ${value} ${reason}`)
  }

  /** Does a step, and returns its answer. */
  async play(one: Step, value: number): Promise<unknown> {
    const { engine } = this
    switch (one.do) {
      case 'add':
        return engine.add(one.queue, one.key, value)
      case 'remove':
        return engine.remove(one.queue, one.key)
      case 'fetch':
        return engine.fetch(one.queue)
      case 'clear':
      case 'pause':
      case 'resume':
        return engine[one.do](one.queue)
      case 'take':
        return this.#take(one.queue, one.count, one.units)
      case 'move':
        return undefined
      case 'releaseAll':
        return engine.releaseAll()
      case 'define':
        return this.define(one.definitions, value)
      default:
        return this.#end(one.do, one.which, one.units)
    }
  }

  async #take(queue: Name, count: number, units: number): Promise<unknown> {
    // What is given up by one queue and what comes back to the other one at the same time have no order.
    const length = queue === 'q' ? units : 1_000 * units
    const lease = units === 0 ? {} : { lease: length * UNIT }
    const taken = await this.engine.take(queue, { count, ...lease })
    return taken.map(({ lease, ...item }) => {
      if (lease !== undefined) this.leases.unshift([queue, lease])
      return item
    })
  }

  async #end(how: End, which: readonly number[], units: number | undefined): Promise<unknown> {
    const [queue] = this.leases[which[0] as number] ?? []
    if (queue === undefined) return undefined
    const leases = which.flatMap((index) => {
      const [where, lease] = this.leases[index] ?? []
      return where === queue ? [lease as string] : []
    })
    const { engine } = this
    if (how === 'extend') return engine.extend(queue, leases, 1_000 * UNIT)
    if (how !== 'retry') return engine[how](queue, leases)
    const ms = units === undefined ? undefined : units * UNIT
    return engine.retry(queue, leases, queue === 'q' ? ms : 0)
  }

  /** All that can be seen of it, except times. */
  async seen(): Promise<unknown> {
    const { engine } = this
    const queues = (['q', 'dead'] as const).map(async (name) => {
      // What is due comes back first.
      const asked = [engine.size(name), engine.stats(name), engine.peek(name, 100)] as const
      const [, { oldest: _, ...stats }, peeked] = await Promise.all(asked)
      const items = peeked.map(({ age: _, id: _id, ...item }) => plain(item))
      return { name, stats, items, leased: engine.leased(name), isPaused: engine.isPaused(name) }
    })
    return { queues: await Promise.all(queues), told: this.told.toSorted() }
  }
}

/** What is undefined is as good as absent. */
function plain(value: unknown): unknown {
  return value === undefined ? undefined : JSON.parse(JSON.stringify(value))
}

async function outcome(answer: Promise<unknown>): Promise<unknown> {
  try {
    return plain(await answer)
  } catch (error) {
    if (error instanceof MqueueError && error.code !== 'MQ_UNAVAILABLE') return error.code
    throw error
  }
}

/** What was handed out when keys were not unique has no place in Redis when they are, so they stay as they are. */
function keepingPlaces(
  { definitions }: Extract<Step, { do: 'define' }>,
  engine: LeasingEngine,
): Extract<Step, { do: 'define' }> {
  const kept = definitions.map((one) => {
    const name = one.name as string
    return engine.leased(name) === 0 ? one : { ...one, addmode: engine.definition(name).addmode }
  })
  return { do: 'define', definitions: kept }
}

describe('queues in Redis', () => {
  const freshPrefix = ownPrefixes()

  /** @param count the processes that share the queues in Redis */
  async function play(
    count: number,
    first: readonly QueueDefinitionInput[],
    steps: readonly Step[],
  ): Promise<void> {
    const clock = new MovedClock()
    const place = { redisUrl: REDIS_URL, prefix: freshPrefix() }
    const memory = new Side(new LocalEngine(undefined, undefined, clock))
    // Items are distinguished by when they came, where those of several processes come back together.
    let ticks = 0
    const engines = Array.from({ length: count }, () => {
      return new RedisEngine(place, undefined, clock, () => clock.now() + ticks)
    })
    const redis = new Side(...engines)
    const sides = [memory, redis] as const
    try {
      for (const side of sides) await side.begin(first)
      for (const [index, given] of steps.entries()) {
        ticks++
        const one = given.do === 'define' ? keepingPlaces(given, memory.engine) : given
        const [expected, answer] = await Promise.all(
          sides.map((side) => outcome(side.play(one, index + 1))),
        )
        assert.deepEqual(answer, expected, `step ${index}, ${one.do}`)
        const units = one.do === 'move' ? one.units : 0
        for (let unit = 0; unit < units; unit++) {
          clock.move(UNIT)
          // What comes back at different times comes back in their order.
          for (const name of ['q', 'dead']) await redis.engine.size(name)
        }
        // What one has done the other sees.
        redis.next()
        const [inMemory, inRedis] = await Promise.all(sides.map((side) => side.seen()))
        assert.deepEqual(inRedis, inMemory, `after step ${index}, ${one.do}`)
      }
    } finally {
      for (const side of sides) await side.close()
    }
  }

  const sequence = (one: fc.Arbitrary<Step>) =>
    fc.array(one, { minLength: STEPS, maxLength: STEPS, size: 'max' })

  it(`are as queues in memory over ${SEQUENCES} times ${STEPS} steps`, async () => {
    const property = fc.asyncProperty(definitions, sequence(step), (first, steps) =>
      play(1, first, steps),
    )
    await fc.assert(property, { numRuns: SEQUENCES })
  }).timeout(300_000)

  it('are so for two processes that take turns', async () => {
    // That releases the leases of one process alone.
    const shared = step.filter((one) => one.do !== 'releaseAll')
    const property = fc.asyncProperty(definitions, sequence(shared), (first, steps) =>
      play(2, first, steps),
    )
    await fc.assert(property, { numRuns: SEQUENCES / 2 })
  }).timeout(300_000)
})
