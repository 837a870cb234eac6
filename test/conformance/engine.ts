/** What every engine must do. Each one runs this suite with its own factory. */
import assert from 'node:assert/strict'
import {
  type Addmode,
  type Dbmode,
  type Engine,
  type ErrorCode,
  type MaybePromise,
  MqueueError,
  parseDefinitions,
  type QueueDefinition,
  type Supports,
} from '../../src/index.ts'
import { drain } from '../support/drain.ts'

const definedAs = (
  name: string,
  size = 0,
  addmode: Addmode = 0,
  dbmode: Dbmode = 0,
): QueueDefinition => ({ name, size, addmode, dbmode })

export { definedAs as defined }

/** Tries an assertion until it holds. */
export async function eventually(assertion: () => Promise<void>, timeout = 45_000): Promise<void> {
  const deadline = Date.now() + timeout
  for (;;) {
    try {
      return await assertion()
    } catch (error) {
      if (Date.now() > deadline) throw error
    }
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

async function failsWith(code: ErrorCode, operate: () => MaybePromise<unknown>): Promise<void> {
  await assert.rejects(
    async () => operate(),
    (error) => error instanceof MqueueError && error.code === code,
  )
}

/** In what engines differ, each within what an engine may do. */
export interface Traits {
  /** Whether what is in a queue outlives its definition. By default it does with dbmode 4. */
  readonly outlives?: boolean
  /** Whether a definition replaces another one only where it was edited later. */
  readonly newestCounts?: boolean
  /** What the engine can do. By default that is everything. */
  readonly supports?: Pick<Supports, 'add'>
  /** Puts an item into a queue, where the engine itself cannot: as whoever fills its queues does. */
  readonly fill?: (queue: string, key: string, value: unknown) => Promise<unknown>
}

let edits = Date.now()

/** What a definition needs to count, whatever was defined before. */
export function edited({ newestCounts = false }: Traits): { edited?: number } {
  return newestCounts ? { edited: ++edits } : {}
}

/** @param dbmode the dbmode of all queues */
export function conformsAsEngine(
  name: string,
  make: () => MaybePromise<Engine>,
  dbmode: Dbmode = 0,
  traits: Traits = {},
): void {
  const { outlives = dbmode === 4, supports = { add: true }, fill } = traits
  const defined = (queue: string, size = 0, addmode: Addmode = 0) => ({
    ...definedAs(queue, size, addmode, dbmode),
    ...edited(traits),
  })

  describe(`${name} as an engine`, () => {
    let engine: Engine
    beforeEach(async () => {
      engine = await make()
      assert.equal(engine.supports.add, supports.add)
    })
    afterEach(() => engine.close())

    /** Takes all items of a queue, as `key=value`. */
    async function drained(queue: string): Promise<string[]> {
      const items: string[] = []
      for await (const { key, value, size } of drain(engine, queue)) {
        assert.equal(await engine.size(queue), size)
        items.push(`${key}=${value}`)
      }
      return items
    }

    /** Puts an item into a queue, and has the engine know of it. */
    async function put(queue: string, key: string, value: unknown): Promise<void> {
      if (fill === undefined) await engine.add(queue, key, value)
      else {
        await fill(queue, key, value)
        await engine.size(queue)
      }
    }

    async function addAll(queue: string, items: string): Promise<void> {
      for (const item of items.split(' ').filter(Boolean)) {
        await put(queue, item.slice(0, 1), item.slice(1))
      }
    }

    describe('fetching', () => {
      it('returns items in the order in which they were added', async () => {
        await engine.define([defined('q')])
        await addAll('q', 'a1 b2 a3')
        assert.deepEqual(await drained('q'), ['a=1', 'b=2', 'a=3'])
      })

      it('returns nothing from an empty queue', async () => {
        await engine.define([defined('q')])
        assert.equal(await engine.fetch('q'), undefined)
        await put('q', 'k', 1)
        await engine.fetch('q')
        assert.equal(await engine.fetch('q'), undefined)
      })

      it('tells the size that is left', async () => {
        await engine.define([defined('q')])
        await addAll('q', 'a1 b2')
        assert.deepEqual({ ...(await engine.fetch('q')) }, { key: 'a', value: '1', size: 1 })
      })

      it('leaves an item where it is when its inspection throws', async () => {
        for (const addmode of [0, 1] as const) {
          await engine.define([defined('q', 0, addmode)])
          await addAll('q', 'a1 b2')
          const seen: string[] = []
          const refuse = ({ key }: { key: string }) => {
            seen.push(key)
            throw new Error('refused')
          }
          await assert.rejects(async () => engine.fetch('q', { inspect: refuse }), /refused/)
          assert.equal(
            (await engine.fetch('q', { inspect: ({ key }) => seen.push(key) }))?.key,
            'a',
          )
          assert.deepEqual(seen, ['a', 'a'])
          assert.deepEqual(await drained('q'), ['b=2'])
          assert.equal(await engine.fetch('q', { inspect: refuse }), undefined)
        }
      })

      it('keeps queues apart', async () => {
        // A database may take "q" and "Q" for one table.
        const other = dbmode === 0 ? 'Q' : 'r'
        await engine.define([defined('q'), defined(other)])
        await addAll('q', 'a1')
        await addAll(other, 'b2')
        assert.deepEqual(await drained(other), ['b=2'])
        assert.deepEqual(await drained('q'), ['a=1'])
      })
    })

    /** What needs that items are added, or that a bound and an addmode count. */
    const itAdds = supports.add ? it : () => {}
    const describeAdds = supports.add ? describe : () => {}

    describeAdds('adding with a1 b2 c3 queued', () => {
      const cases: [size: number, addmode: Addmode, add: string, left: string, dropped?: string][] =
        [
          [3, 0, 'b4', 'b2 c3 b4', 'a1 overflow'],
          [3, 1, 'b4', 'a1 b2 c3', 'b4 duplicate'],
          [3, 2, 'b4', 'a1 c3 b4', 'b2 replaced'],
          [3, 0, 'a4', 'b2 c3 a4', 'a1 overflow'],
          [3, 1, 'a4', 'a1 b2 c3', 'a4 duplicate'],
          [3, 2, 'a4', 'b2 c3 a4', 'a1 replaced'],
          [3, 0, 'd4', 'b2 c3 d4', 'a1 overflow'],
          [3, 1, 'd4', 'b2 c3 d4', 'a1 overflow'],
          [3, 2, 'd4', 'b2 c3 d4', 'a1 overflow'],
          [0, 0, 'b4', 'a1 b2 c3 b4'],
          [0, 1, 'b4', 'a1 b2 c3', 'b4 duplicate'],
          [0, 2, 'b4', 'a1 c3 b4', 'b2 replaced'],
          [0, 0, 'c4', 'a1 b2 c3 c4'],
          [0, 1, 'c4', 'a1 b2 c3', 'c4 duplicate'],
          [0, 2, 'c4', 'a1 b2 c4', 'c3 replaced'],
        ]
      for (const [size, addmode, add, left, dropped] of cases) {
        it(`size ${size}, addmode ${addmode}: ${add} leaves ${left}`, async () => {
          await engine.define([defined('q', size, addmode)])
          await addAll('q', 'a1 b2 c3')
          const result = await engine.add('q', add.slice(0, 1), add.slice(1))
          const { key, value, reason } = result.dropped ?? {}
          assert.equal(dropped, result.dropped && `${key}${value} ${reason}`)
          assert.equal(result.size, left.split(' ').length)
          const items = (await drained('q')).map((item) => item.replace('=', ''))
          assert.equal(items.join(' '), left)
        })
      }

      it('knows a key no longer once its item is fetched', async () => {
        for (const addmode of [1, 2] as const) {
          await engine.define([defined('q', 0, addmode)])
          await addAll('q', 'a1')
          await drained('q')
          assert.equal((await engine.add('q', 'a', '2')).dropped, undefined)
          assert.deepEqual(await drained('q'), ['a=2'])
        }
      })

      it('compares keys by every character', async () => {
        const keys = ['', 'a', 'A', 'a ', 'a\0b', 'a\0c', '\u00e9', 'e\u0301', '__proto__']
        await engine.define([defined('q', 0, 1)])
        for (const key of keys) await engine.add('q', key, key)
        assert.equal(await engine.size('q'), keys.length)
        for (const key of keys) {
          assert.equal((await engine.add('q', key, 'again')).dropped?.reason, 'duplicate')
        }
        assert.deepEqual(
          await drained('q'),
          keys.map((key) => `${key}=${key}`),
        )
      })
    })

    describe('sizes', () => {
      it('are given by name in the order of the definitions', async () => {
        await engine.define([defined('z'), defined('__proto__'), defined('a')])
        await addAll('z', 'a1 b2')
        await addAll('__proto__', 'a1')
        assert.deepEqual(
          [...(await engine.sizes())],
          [
            ['z', 2],
            ['__proto__', 1],
            ['a', 0],
          ],
        )
      })
    })

    describe('a changed definition', () => {
      it('that is the same leaves the items alone', async () => {
        await engine.define([defined('q', 3, 2)])
        await addAll('q', 'a1 b2')
        assert.deepEqual(await engine.define([defined('q', 3, 2)]), [])
        assert.deepEqual(await drained('q'), ['a=1', 'b=2'])
      })

      itAdds('with a smaller size drops the oldest items', async () => {
        await engine.define([defined('q')])
        await addAll('q', 'a1 b2 c3')
        const [dropped] = await engine.define([defined('q', 1)])
        assert.equal(dropped?.queue, 'q')
        assert.deepEqual(
          dropped?.items.map(({ key, reason }) => `${key} ${reason}`),
          ['a overflow', 'b overflow'],
        )
        assert.deepEqual(await drained('q'), ['c=3'])
      })

      itAdds('with a larger size keeps everything', async () => {
        await engine.define([defined('q', 2)])
        await addAll('q', 'a1 b2')
        await engine.define([defined('q', 3)])
        await addAll('q', 'c3 d4')
        assert.deepEqual(await drained('q'), ['b=2', 'c=3', 'd=4'])
      })

      itAdds('with another addmode adds again in order what is there', async () => {
        const items = 'a1 b2 a3 c4'
        for (const [addmode, left] of [
          [1, ['a=1', 'b=2', 'c=4']],
          [2, ['b=2', 'a=3', 'c=4']],
        ] as const) {
          await engine.define([defined('q')])
          await addAll('q', items)
          await engine.define([defined('q', 0, addmode)])
          assert.equal((await engine.add('q', 'c', '5')).size, 3)
          await engine.define([defined('q')])
          const kept = await drained('q')
          assert.deepEqual(kept, addmode === 1 ? left : ['b=2', 'a=3', 'c=5'])
        }
      })

      it('moves a queue in the order of the sizes', async () => {
        await engine.define([defined('a'), defined('b')])
        await engine.define([defined('b'), defined('a')])
        assert.deepEqual([...(await engine.sizes()).keys()], ['b', 'a'])
      })

      it('that leaves a queue out deletes it', async () => {
        await engine.define([defined('q'), defined('r')])
        await addAll('q', 'a1')
        await engine.define([defined('r')])
        await failsWith('MQ_UNKNOWN_QUEUE', () => engine.size('q'))
        await engine.define([defined('q')])
        // What is in a database or a server outlives the definition.
        assert.equal(await engine.size('q'), outlives ? 1 : 0)
      })
    })

    describe('a bad definition', () => {
      const rows = () => [
        { name: 'good', size: 2, dbmode, ...edited(traits) },
        { name: 'bad', size: 'many', dbmode, ...edited(traits) },
      ]

      it('leaves the good ones working', async () => {
        const { definitions, errors } = parseDefinitions(rows())
        await engine.define(definitions, errors)
        await addAll('good', 'a1')
        assert.equal(await engine.size('good'), 1)
        assert.deepEqual([...(await engine.sizes()).keys()], ['good'])
      })

      it('is what an operation on its queue reports', async () => {
        const { definitions, errors } = parseDefinitions(rows())
        await engine.define(definitions, errors)
        for (const operate of [
          () => engine.add('bad', 'k', 'v'),
          () => engine.fetch('bad'),
          () => engine.size('bad'),
          () => engine.definition('bad'),
        ]) {
          await failsWith('MQ_INVALID_DEFINITION', operate)
        }
        await failsWith('MQ_UNKNOWN_QUEUE', () => engine.size('other'))
      })

      it('that concerns the whole list is what every operation reports', async () => {
        await engine.define([defined('q')])
        await addAll('q', 'a1')
        const { definitions, errors } = parseDefinitions('no list')
        await engine.define(definitions, errors)
        await failsWith('MQ_INVALID_DEFINITION', () => engine.size('q'))
        await failsWith('MQ_INVALID_DEFINITION', () => engine.sizes())
        await failsWith('MQ_UNKNOWN_QUEUE', () => engine.size(''))
        await engine.define([defined('q')])
        assert.equal(await engine.size('q'), 1)
      })

      itAdds('keeps the items of its queue, and of any left out, until all are good', async () => {
        await engine.define([defined('good'), defined('bad'), defined('renamed')])
        await addAll('bad', 'a1 b2')
        await addAll('renamed', 'c3')
        const { definitions, errors } = parseDefinitions(rows())
        await engine.define(definitions, errors)
        await engine.define(definitions, errors)
        await engine.define([defined('good'), defined('bad', 1), defined('renamed')])
        assert.deepEqual(await drained('bad'), ['b=2'])
        assert.deepEqual(await drained('renamed'), ['c=3'])
      })
    })

    it('knows the definitions', async () => {
      const definition = defined('q', 5, 2)
      await engine.define([definition])
      assert.deepEqual(engine.definition('q'), definition)
      assert.throws(() => engine.definition('r'), { code: 'MQ_UNKNOWN_QUEUE' })
    })

    it('answers an unknown queue with an error that names it, however long its name', async () => {
      await engine.define([])
      for (const queue of ['r', '', '__proto__', 'x'.repeat(1_000_000)]) {
        await failsWith('MQ_UNKNOWN_QUEUE', () => engine.add(queue, 'k', 'v'))
        await failsWith('MQ_UNKNOWN_QUEUE', () => engine.fetch(queue))
      }
      await assert.rejects(
        async () => engine.size('x'.repeat(1_000_000)),
        (error: Error) => error.message.includes('xxx') && error.message.length < 300,
      )
    })

    describe('watching', () => {
      const turn = () => new Promise((resolve) => setTimeout(resolve, 5))

      it('calls the listeners of a queue after its changes, and no others', async () => {
        await engine.define([defined('q'), defined('r')])
        const called: string[] = []
        engine.watch('q', () => called.push('q'))
        engine.watch('r', () => called.push('r'))
        engine.watch(undefined, () => called.push('all'))
        for (const operate of [
          () => put('q', 'k', 'v'),
          () => engine.fetch('q'),
          () => engine.define([defined('q', 1), defined('r')]),
          () => engine.define([defined('r')]),
        ]) {
          called.length = 0
          await operate()
          await eventually(async () => assert.ok(called.includes('q') && called.includes('all')))
        }
        called.length = 0
        await put('r', 'k', 'v')
        await eventually(async () => assert.ok(called.includes('r')))
        assert.ok(!called.includes('q'))
      })

      itAdds('calls them after a full queue has dropped an item, and counts those', async () => {
        for (const addmode of [0, 1, 2] as const) {
          await engine.define([defined('q', 2, addmode)])
          const before = engine.overflowed?.('q') as number
          for (const key of 'ab') await engine.add('q', `${addmode}${key}`, 1)
          const filled = engine.overflowed?.('q') as number
          assert.equal(filled, addmode === 0 ? 0 : before + 2)
          const seen: (number | undefined)[] = []
          const end = engine.watch('q', () => seen.push(engine.overflowed?.('q')))
          await engine.add('q', `${addmode}c`, 1)
          assert.equal(engine.overflowed?.('q'), filled + 1)
          await eventually(async () => assert.equal(seen.at(-1), filled + 1))
          end()
        }
        assert.equal(engine.overflowed?.('nope'), 0)
      })

      it('calls them at most four times a second, and after the last change', async () => {
        await engine.define([defined('q')])
        const seen: number[] = []
        engine.watch('q', () => seen.push(engine.known('q')))
        const from = performance.now()
        let added = 0
        while (performance.now() - from < 1_000 || seen.length < 2) {
          await put('q', 'k', ++added)
          if (added % 50 === 0) await turn()
        }
        const seconds = (performance.now() - from) / 1_000
        assert.ok(seen.length <= 4 * seconds + 1, `${seen.length} calls in ${seconds} s`)
        await eventually(async () => assert.equal(seen.at(-1), added))
      })

      it('ends when it is ended', async () => {
        await engine.define([defined('q')])
        let [ended, others] = [0, 0]
        const listener = () => {
          ended++
        }
        const [first, second] = [engine.watch('q', listener), engine.watch('q', listener)]
        engine.watch('q', () => {
          others++
        })
        first()
        await put('q', 'k', 'v')
        await eventually(async () => assert.ok(others > 0))
        assert.equal(ended, 1)
        second()
        const before = others
        await put('q', 'k', 'v')
        await eventually(async () => assert.ok(others > before))
        assert.equal(ended, 1)
      })
    })

    describe('a fetch whose asker is gone', () => {
      it('takes nothing, and fails with MQ_CLOSED', async () => {
        await engine.define([defined('q')])
        await addAll('q', 'a1 b2')
        const gone = new AbortController()
        gone.abort()
        await failsWith('MQ_CLOSED', () => engine.fetch('q', { signal: gone.signal }))
        assert.equal(await engine.size('q'), 2)
        const there = new AbortController()
        assert.equal((await engine.fetch('q', { signal: there.signal }))?.key, 'a')
      })

      it('gets no answer either when there is nothing', async () => {
        await engine.define([defined('q')])
        const gone = new AbortController()
        // With a journal both wait for the commit of the first add.
        const adding = put('q', 'a', '1')
        const fetches = [1, 2].map(async () => engine.fetch('q', { signal: gone.signal }))
        gone.abort()
        const outcomes = await Promise.allSettled(fetches)
        const statuses = new Set(outcomes.map(({ status }) => status))
        assert.equal(statuses.size, 1)
        await adding
        assert.equal(await engine.size('q'), statuses.has('rejected') ? 1 : 0)
      })

      it('puts back what was taken too late, where it was', async () => {
        for (const addmode of [0, 1, 2] as const) {
          await engine.define([defined('q', 0, addmode)])
          await addAll('q', 'a1 b2 c3')
          const gone = new AbortController()
          const reason = new MqueueError('MQ_CLOSED', 'gone')
          const fetches = [1, 2].map(async () => engine.fetch('q', { signal: gone.signal }))
          gone.abort(reason)
          const outcomes = await Promise.allSettled(fetches)
          const failed = outcomes.filter(({ status }) => status === 'rejected')
          for (const outcome of failed) {
            assert.equal((outcome as PromiseRejectedResult).reason, reason)
          }
          const left = ['a=1', 'b=2', 'c=3'].slice(outcomes.length - failed.length)
          assert.deepEqual(await drained('q'), left)
        }
      })
    })

    it('knows the size without asking', async () => {
      await engine.define([defined('q')])
      await addAll('q', 'a1 b2')
      assert.equal(engine.known('q'), 2)
      assert.throws(() => engine.known('r'), { code: 'MQ_UNKNOWN_QUEUE' })
    })

    it('answers everything with an error once it is closed', async () => {
      await engine.define([defined('q')])
      await put('q', 'k', 'v')
      await engine.close()
      for (const operate of [
        () => engine.add('q', 'k', 'v'),
        () => engine.fetch('q'),
        () => engine.size('q'),
        () => engine.sizes(),
        () => engine.definition('q'),
        () => engine.define([defined('q')]),
      ]) {
        await failsWith('MQ_CLOSED', operate)
      }
    })
  })
}
