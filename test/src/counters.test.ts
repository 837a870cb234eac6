/** What a queue counts, against the history of what was done with it, on every engine and storage. */
import assert from 'node:assert/strict'
import fc from 'fast-check'
import { LocalEngine, parseDefinitions, type QueueStats, sendBack } from '../../src/index.ts'
import type { LeasingEngine } from '../../src/leasing.ts'
import { RedisEngine } from '../../src/redis/engine.ts'
import { onEachDatabase } from '../support/databases.ts'
import { ownPrefixes, REDIS_URL } from '../support/shared-redis.ts'

const QUEUES = ['q', 'dead'] as const
type Name = (typeof QUEUES)[number]

const HOUR = 3_600_000

/** One thing that is done with a queue. */
interface Step {
  readonly what: (typeof WHATS)[number]
  readonly queue: Name
  readonly key: string
  /** Which of the items or leases, by its place. */
  readonly which: number
}

const WHATS = [
  'add',
  'add',
  'add',
  'add',
  'fetch',
  'fetch for nobody',
  'lease',
  'lease',
  'acknowledge',
  'reject',
  'reject',
  'reject',
  'retry',
  'release',
  'remove',
  'remove one',
  'clear',
  'send back',
  'send one back',
  'send one back',
  'a smaller size',
] as const

const step: fc.Arbitrary<Step> = fc.record({
  what: fc.constantFrom(...WHATS),
  queue: fc.constantFrom<Name>('q', 'q', 'dead'),
  key: fc.constantFrom('a', 'b', 'c'),
  which: fc.nat(3),
})

const setting = fc.record({
  addmode: fc.constantFrom(0, 1, 2),
  size: fc.constantFrom(0, 2, 4),
  whenFull: fc.constantFrom('drop', 'refuse'),
  attempts: fc.constantFrom(0, 0, 2),
})
type Setting = typeof setting extends fc.Arbitrary<infer T> ? T : never

/** All that was ever put into a queue and taken out of it, as those who did it know. */
interface History {
  added: number
  fetched: number
  acknowledged: number
}

const sum = (counts: Readonly<Record<string, number>>) =>
  Object.values(counts).reduce((all, one) => all + one, 0)

async function play(
  engine: LeasingEngine,
  dbmode: number,
  { size, ...made }: Setting,
  steps: readonly Step[],
): Promise<void> {
  let bound = size
  let edited = 0
  const define = () => {
    const common = { dbmode, edited: ++edited, retryDelay: '0' }
    const { definitions, errors } = parseDefinitions([
      { name: 'q', ...common, ...made, size: bound, deadLetter: 'dead' },
      { name: 'dead', ...common, size: 0 },
    ])
    assert.deepEqual(errors, [])
    return engine.define(definitions)
  }
  await define()
  const histories: Record<Name, History> = {
    q: { added: 0, fetched: 0, acknowledged: 0 },
    dead: { added: 0, fetched: 0, acknowledged: 0 },
  }
  const leases: Record<Name, string[]> = { q: [], dead: [] }
  let before: Partial<Record<Name, QueueStats>> = {}

  async function act({ what, queue, key, which }: Step): Promise<void> {
    const history = histories[queue]
    const held = leases[queue]
    const lease = held[which % Math.max(1, held.length)]
    const itemAt = async () => (await engine.peek(queue, 1, which))[0]?.id
    switch (what) {
      case 'add':
        await engine.add(queue, key, which)
        history.added++
        return
      case 'fetch':
        if ((await engine.fetch(queue)) !== undefined) history.fetched++
        return
      case 'fetch for nobody': {
        const gone = new AbortController()
        const answer = (async () => engine.fetch(queue, { signal: gone.signal }))()
        gone.abort()
        await answer.then(
          (item) => {
            if (item !== undefined) history.fetched++
          },
          () => {},
        )
        return
      }
      case 'lease':
        for (const one of await engine.take(queue, { count: 1 + which, lease: HOUR })) {
          held.push(one.lease as string)
        }
        return
      case 'acknowledge': {
        const ended = await engine.acknowledge(queue, held.splice(0, which))
        history.acknowledged += ended.filter((one) => one).length
        return
      }
      case 'reject':
      case 'retry':
      case 'release':
        if (lease !== undefined) await engine[what](queue, [lease])
        return
      case 'remove':
        await engine.remove(queue, key)
        return
      case 'remove one': {
        const id = await itemAt()
        if (id === undefined) return
        const item = await engine.find(queue, id)
        assert.equal(item?.id.split('-')[1], id.split('-')[1])
        assert.equal(await engine.removeItem(queue, id), true)
        assert.equal(await engine.removeItem(queue, id), false)
        assert.equal(await engine.find(queue, id), undefined)
        return
      }
      case 'clear':
        await engine.clear(queue)
        return
      case 'send back':
      case 'send one back': {
        const [first] = what === 'send back' ? [] : await engine.peek('dead', 1, which)
        const id = first?.id
        if (what === 'send one back' && id === undefined) return
        const full = async () => (await engine.stats('q')).dropped
        const refused = await full()
        const { sent } = await sendBack(engine, 'dead', id)
        const now = await full()
        const isNew = (reason: string) => (now[reason] ?? 0) - (refused[reason] ?? 0)
        histories.dead.fetched += sent
        // What was refused there came, too, and went at once.
        histories.q.added += sent + isNew('full') + isNew('duplicate')
        return
      }
      case 'a smaller size':
        bound = 2
        await define()
    }
  }

  for (const one of steps) {
    await act(one)
    const now: Partial<Record<Name, QueueStats>> = {}
    for (const name of QUEUES) {
      // What is due comes back first.
      await engine.size(name)
      now[name] = await engine.stats(name)
    }
    const q = now.q as QueueStats
    const buried = (q.dropped.rejected ?? 0) + (q.dropped.attempts ?? 0)
    for (const name of QUEUES) {
      const {
        size: waiting,
        leased,
        added,
        fetched,
        acknowledged,
        dropped,
      } = now[name] as QueueStats
      const at = `${name} after ${JSON.stringify(one)}`
      const history = histories[name]
      assert.equal(added, history.added + (name === 'dead' ? buried : 0), `added to ${at}`)
      assert.equal(fetched, history.fetched, `fetched from ${at}`)
      assert.equal(acknowledged, history.acknowledged, `acknowledged of ${at}`)
      assert.equal(added, fetched + acknowledged + sum(dropped) + waiting + leased, at)
      assert.equal(waiting, await engine.size(name), `size of ${at}`)
      for (const [reason, count] of Object.entries(before[name]?.dropped ?? {})) {
        assert.ok((dropped[reason] ?? 0) >= count, `${reason} fell: ${at}`)
      }
    }
    before = now
  }
}

/**
 * @param make makes an engine without any items
 * @param wipe makes its place empty again
 */
function counts(
  what: string,
  dbmode: number,
  make: () => LeasingEngine,
  runs: number,
  wipe: () => Promise<void> = async () => {},
): void {
  it(`count what was done, whatever comes after what ${what}`, async () => {
    await fc.assert(
      fc.asyncProperty(
        setting,
        fc.array(step, { minLength: 30, maxLength: 60, size: 'max' }),
        async (made, steps) => {
          const engine = make()
          try {
            await play(engine, dbmode, made, steps)
          } finally {
            await engine.close()
            await wipe()
          }
        },
      ),
      { numRuns: runs, interruptAfterTimeLimit: 60_000 },
    )
  }).timeout(180_000)
}

describe('the counters of queues', () => {
  counts('in memory', 0, () => new LocalEngine(), 300)

  const freshPrefix = ownPrefixes()
  counts('in Redis', 0, () => new RedisEngine({ redisUrl: REDIS_URL, prefix: freshPrefix() }), 60)
})

onEachDatabase('the counters of queues', (database) => {
  for (const dbmode of [1, 2, 3, 4]) {
    counts(
      `with dbmode ${dbmode}`,
      dbmode,
      () => new LocalEngine(database().location),
      dbmode === 4 ? 60 : 20,
      () => database().wipe(),
    )
  }
})
