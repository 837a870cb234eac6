/** What every engine with leases does with them, whatever its queues are stored in. */
import assert from 'node:assert/strict'
import {
  type Clock,
  type DroppedItem,
  type LeasingEngine,
  type MaybePromise,
  MqueueError,
  parseDefinitions,
  type QueueDefinitionInput,
  sendBack,
  type Taken,
} from '../../src/index.ts'
import { MovedClock } from '../support/moved-clock.ts'
import { edited, type Traits } from './engine.ts'

type Make = (clock: Clock) => MaybePromise<LeasingEngine>

const keysOf = (taken: readonly { key: string }[]) => taken.map(({ key }) => key).join('')
const leasesOf = (taken: readonly Taken[]) => taken.map(({ lease }) => lease as string)

/** Whether a promise is settled by now, after all that is under way at once. */
async function isPending(promise: Promise<unknown>): Promise<boolean> {
  const pending = Symbol('pending')
  const none = new Promise((resolve) => setImmediate(() => resolve(pending)))
  return (await Promise.race([promise.catch(() => {}), none])) === pending
}

/**
 * The suite.
 *
 * @param make makes an engine that goes by a clock
 * @param dbmode of all its queues
 */
export function leasesItems(what: string, make: Make, dbmode = 0, traits: Traits = {}): void {
  describe(`the leases of ${what}`, () => {
    let engine: LeasingEngine
    let clock: MovedClock

    beforeEach(async () => {
      clock = new MovedClock()
      engine = await make(clock)
    })

    afterEach(async () => {
      await engine.close()
    })

    /** Defines queues, and fills the first one with an item for each letter. */
    async function start(keys: string, ...inputs: QueueDefinitionInput[]): Promise<void> {
      await define(...inputs)
      for (const key of keys) await engine.add('q', key, key)
    }

    async function define(...inputs: QueueDefinitionInput[]): Promise<void> {
      const own = { dbmode, ...edited(traits) }
      const { definitions, errors } = parseDefinitions(inputs.map((one) => ({ ...own, ...one })))
      assert.deepEqual(errors, [])
      await engine.define(definitions)
    }

    const lease = (count = 1, options = {}) =>
      engine.take('q', { count, lease: 60_000, ...options })

    /** Waits until what was asked for before is done, and what was due is reported. */
    const isSettled = () => engine.size('q')

    /** The keys of all that waits, in order. */
    const waiting = async (queue = 'q') => keysOf(await engine.peek(queue, 1_000))

    it('hand the oldest items out, which wait no more', async () => {
      await start('abc', { name: 'q' })
      const taken = await lease(2)
      assert.equal(keysOf(taken), 'ab')
      assert.deepEqual(
        taken.map(({ attempt }) => attempt),
        [1, 1],
      )
      assert.equal(await engine.size('q'), 1)
      assert.equal(engine.leased('q'), 2)
      assert.equal(new Set(leasesOf(taken)).size, 2)
    })

    it('end for good when they are acknowledged, once', async () => {
      await start('ab', { name: 'q' })
      const leases = leasesOf(await lease(2))
      assert.deepEqual(await engine.acknowledge('q', leases), [true, true])
      assert.deepEqual(await engine.acknowledge('q', leases), [false, false])
      assert.deepEqual(await engine.retry('q', leases), [false, false])
      assert.equal(engine.leased('q'), 0)
      clock.move(100_000)
      assert.equal(await engine.size('q'), 0)
    })

    it('end by themselves: the items come back to the head, as their next attempt', async () => {
      await start('abc', { name: 'q' })
      const [first] = await lease(2)
      clock.move(59_999)
      assert.equal(await waiting(), 'c')
      clock.move(1)
      assert.equal(await waiting(), 'abc')
      assert.deepEqual(await engine.acknowledge('q', [first?.lease as string]), [false])
      assert.equal((await lease())[0]?.attempt, 2)
    })

    it('last longer when they are extended', async () => {
      await start('a', { name: 'q' })
      const leases = leasesOf(await lease())
      clock.move(50_000)
      assert.deepEqual(await engine.extend('q', leases, 60_000), [true])
      clock.move(59_000)
      assert.equal(await engine.size('q'), 0)
      clock.move(1_000)
      assert.equal(await engine.size('q'), 1)
      assert.deepEqual(await engine.extend('q', leases, 60_000), [false])
    })

    it('end with a retry: back after the delay, which may grow', async () => {
      await start('ab', { name: 'q', retryDelay: '1,5' })
      for (const delay of [1_000, 5_000, 5_000]) {
        const leases = leasesOf(await lease())
        assert.deepEqual(await engine.retry('q', leases), [true])
        assert.equal(await waiting(), 'b')
        clock.move(delay - 1)
        assert.equal(await waiting(), 'b')
        clock.move(1)
        assert.equal(await waiting(), 'ab')
      }
      const [taken] = await lease()
      assert.equal(taken?.attempt, 4)
      await engine.retry('q', [taken?.lease as string], 0)
      assert.equal(await waiting(), 'ab')
    })

    it('end with a release: back at once, not counted', async () => {
      await start('ab', { name: 'q' })
      for (let i = 0; i < 3; i++) {
        const [taken] = await lease()
        assert.equal(taken?.attempt, 1)
        assert.deepEqual(await engine.release('q', [taken?.lease as string]), [true])
        assert.equal(await waiting(), 'ab')
      }
    })

    it('come back together in order, whatever the order of the call', async () => {
      await start('abcd', { name: 'q' })
      const leases = leasesOf(await lease(3))
      await engine.release('q', leases.toReversed())
      assert.equal(await waiting(), 'abcd')
      await lease(3)
      clock.move(60_000)
      assert.equal(await waiting(), 'abcd')
    })

    it('come back to the head under addmode 0, and to the old place under 1 and 2', async () => {
      for (const [addmode, order] of [
        [0, 'bac'],
        [1, 'abc'],
        [2, 'abc'],
      ] as const) {
        await define({ name: 'q', addmode })
        await engine.clear('q')
        for (const key of 'abc') await engine.add('q', key, key)
        const [a, b] = leasesOf(await lease(2))
        await engine.release('q', [a as string])
        await engine.release('q', [b as string])
        assert.equal(await waiting(), order, `addmode ${addmode}`)
      }
    })

    it('meet their key again: addmode 1 keeps what comes back, addmode 2 what was queued', async () => {
      for (const [addmode, value, reason] of [
        [1, 'old', 'duplicate'],
        [2, 'new', 'replaced'],
      ] as const) {
        await define({ name: 'q', addmode })
        await engine.clear('q')
        const dropped: DroppedItem[] = []
        const end = engine.onDropped('q', '', (item) => dropped.push(item))
        await engine.add('q', 'k', 'old')
        const leases = leasesOf(await lease())
        await engine.add('q', 'k', 'new')
        assert.deepEqual(await engine.release('q', leases), [true])
        assert.equal((await engine.peek('q', 2))[0]?.value, value)
        assert.equal(await engine.size('q'), 1)
        assert.deepEqual(
          dropped.map((item) => item.reason),
          [reason],
        )
        end()
      }
    })

    it('meet a full queue: what comes back is the oldest and goes, or stays where the queue refuses', async () => {
      for (const [whenFull, left] of [
        ['drop', 'bc'],
        ['refuse', 'abc'],
      ] as const) {
        await define({ name: 'q', size: 2, whenFull })
        await engine.clear('q')
        for (const key of 'ab') await engine.add('q', key, key)
        const [a] = leasesOf(await lease())
        await engine.add('q', 'c', 'c')
        await engine.release('q', [a as string])
        assert.equal(await waiting(), left, whenFull)
      }
    })

    it('are never more than a queue allows, nor than an owner asks for', async () => {
      await start('abcdef', { name: 'q', maxInFlight: 3 })
      const mine = await lease(5, { owner: 'one', inFlight: 2 })
      assert.equal(keysOf(mine), 'ab')
      assert.equal(keysOf(await lease(5, { owner: 'one', inFlight: 2 })), '')
      assert.equal(keysOf(await lease(5, { owner: 'two', inFlight: 2 })), 'c')
      const next = lease(1, { owner: 'one', inFlight: 2, wait: Number.POSITIVE_INFINITY })
      assert.ok(await isPending(next as Promise<unknown>))
      await engine.acknowledge('q', leasesOf(mine).slice(0, 1))
      assert.equal(keysOf(await next), 'd')
    })

    it('go with the last attempt to the dead letter queue, which says why and whence', async () => {
      await start(
        'ab',
        { name: 'q', attempts: 2, retryDelay: 0, deadLetter: 'dead' },
        { name: 'dead' },
      )
      for (let i = 1; i <= 2; i++) {
        const [taken] = await lease()
        assert.deepEqual([taken?.key, taken?.attempt], ['a', i])
        await engine.retry('q', [taken?.lease as string])
      }
      assert.equal(await waiting(), 'b')
      await lease()
      clock.move(60_000)
      const [b] = await lease()
      clock.move(60_000)
      assert.equal(b?.attempt, 2)
      assert.equal(await waiting('dead'), 'ab')
      const [dead] = await engine.take('dead', { lease: 1_000 })
      const { key, value, attempt, reason, from } = dead as Taken
      assert.deepEqual([key, value, attempt, reason, from], ['a', 'a', 1, 'attempts', 'q'])
      assert.equal((await engine.fetch('dead'))?.key, 'b')
    })

    it('end with a reject: to the dead letter queue at once', async () => {
      await start(
        'a',
        { name: 'q', deadLetter: 'dead' },
        { name: 'dead', size: 1, whenFull: 'refuse' },
      )
      await engine.add('dead', 'full', 1)
      assert.deepEqual(await engine.reject('q', leasesOf(await lease())), [true])
      assert.equal(engine.leased('q'), 0)
      const [, dead] = await engine.take('dead', { count: 2 })
      assert.deepEqual([dead?.key, dead?.reason, dead?.from], ['a', 'rejected', 'q'])
    })

    it('end without a dead letter queue: the item is dropped, and told to its owner', async () => {
      await start('abc', { name: 'q', attempts: 1 })
      const told: string[] = []
      engine.onDropped('q', 'other', ({ key }) => told.push(`other ${key}`))
      engine.onDropped('q', 'own', ({ key, reason }) => told.push(`own ${key} ${reason}`))
      const [a] = await lease(1, { owner: 'own' })
      await lease(1, { owner: 'unknown' })
      await engine.reject('q', [a?.lease as string])
      clock.move(60_000)
      await isSettled()
      assert.deepEqual(told, ['own a rejected', 'other b'])
      assert.deepEqual((await engine.stats('q')).dropped, { rejected: 1, attempts: 1 })
    })

    it('are all released at once, or those of one owner, not counted', async () => {
      await start('abcd', { name: 'q' })
      await lease(1, { owner: 'one' })
      await lease(1, { owner: 'two' })
      const [c] = await lease(1, { owner: 'one' })
      await engine.retry('q', [c?.lease as string], 1_000_000)
      engine.releaseAll('one')
      assert.equal(await waiting(), 'ad')
      engine.releaseAll()
      assert.equal([...(await waiting())].sort().join(''), 'abcd')
      const attempts = (await engine.peek('q', 9)).map(({ key, attempt }) => key + attempt)
      assert.deepEqual(attempts.sort(), ['a0', 'b0', 'c1', 'd0'])
    })

    it('are released while they wait for their next attempt, whatever was tried with them meanwhile', async () => {
      await start('a', { name: 'q', retryDelay: 0 })
      const leases = leasesOf(await lease())
      assert.deepEqual(await engine.retry('q', leases, 1_000_000), [true])
      for (const ended of [leases, ['unknown']]) {
        assert.deepEqual(await engine.retry('q', ended), [false])
      }
      assert.equal(await waiting(), '')
      engine.releaseAll()
      assert.equal(await waiting(), 'a')
    })

    it('survive a change of the definition, and end with the queue', async () => {
      await start('ab', { name: 'q' })
      const [a] = leasesOf(await lease())
      await define({ name: 'q', size: 5, addmode: 2 })
      assert.deepEqual(await engine.acknowledge('q', [a as string]), [true])
      await lease()
      await define({ name: 'other' })
      await define({ name: 'q', dbmode: 0 })
      await isSettled()
      assert.equal(engine.leased('q'), 0)
    })

    it('serve those who wait in the order in which they asked', async () => {
      await start('', { name: 'q' })
      const forever = { wait: Number.POSITIVE_INFINITY }
      const asks = [
        engine.take('q', forever),
        lease(1, forever),
        engine.take('q', { count: 2, ...forever }),
      ] as Promise<Taken[]>[]
      for (const ask of asks) assert.ok(await isPending(ask))
      assert.equal((await engine.stats('q')).waiting, 3)
      for (const key of 'abc') await engine.add('q', key, key)
      const [a, b, c] = await Promise.all(asks)
      assert.deepEqual(
        [a, b, c].map((taken) => keysOf(taken as Taken[])),
        ['a', 'b', 'c'],
      )
      assert.equal(a?.[0]?.lease, undefined)
      assert.equal(typeof b?.[0]?.lease, 'string')
    })

    it('wait a turn where several are asked for, so that a burst comes together', async () => {
      await start('', { name: 'q' })
      const forever = { wait: Number.POSITIVE_INFINITY }
      const several = lease(3, forever)
      const one = engine.take('q', forever)
      for (const key of 'abcde') void engine.add('q', key, key)
      assert.equal(keysOf(await several), 'abc')
      assert.equal(keysOf(await one), 'd')
      assert.equal(await waiting(), 'e')
    })

    it('have the first at once where those who wait are eager, in the order of asking', async () => {
      await start('', { name: 'q' })
      const forever = { wait: Number.POSITIVE_INFINITY }
      const eager = lease(3, { ...forever, isEager: true })
      const one = engine.take('q', forever)
      for (const key of 'abc') void engine.add('q', key, key)
      assert.equal(keysOf(await eager), 'a')
      assert.equal(keysOf(await one), 'b')
      assert.equal(await waiting(), 'c')
    })

    it('end a wait with its time, with its signal and with the queue', async () => {
      await start('', { name: 'q' })
      const timed = engine.take('q', { wait: 1_000 }) as Promise<Taken[]>
      assert.ok(await isPending(timed))
      clock.move(1_000)
      assert.deepEqual(await timed, [])
      const gone = new AbortController()
      const aborted = engine.take('q', { wait: 1_000, signal: gone.signal })
      gone.abort()
      await assert.rejects(async () => aborted, closed)
      await engine.add('q', 'a', 1)
      assert.equal(await engine.size('q'), 1)
      await engine.clear('q')
      const ended = engine.take('q', { wait: 1_000 })
      const rejected = assert.rejects(async () => ended, closed)
      await engine.close()
      await rejected
    })

    it('stop while the queue is paused; adds and fetches go on', async () => {
      await start('ab', { name: 'q' })
      await engine.pause('q')
      assert.equal(engine.isPaused('q'), true)
      assert.deepEqual(await lease(), [])
      const auto = engine.take('q', { inFlight: 1, wait: Number.POSITIVE_INFINITY })
      assert.equal((await engine.fetch('q'))?.key, 'a')
      await engine.add('q', 'c', 1)
      assert.ok(await isPending(auto as Promise<unknown>))
      await define({ name: 'q', size: 9 })
      assert.equal((await engine.stats('q')).paused, true)
      await engine.resume('q')
      assert.equal(keysOf(await auto), 'b')
    })

    it('leave what is looked at where it is, and remove what is asked for', async () => {
      await start('abab', { name: 'q' })
      const seen = await engine.peek('q', 3)
      assert.equal(keysOf(seen), 'aba')
      assert.ok(seen.every(({ age, attempt }) => age >= 0 && attempt === 0))
      assert.equal(await engine.remove('q', 'a'), 2)
      assert.equal(await engine.remove('q', 'none'), 0)
      assert.equal(await waiting(), 'bb')
      await lease()
      assert.equal(await engine.clear('q'), 1)
      clock.move(60_000)
      assert.equal(await waiting(), 'b')
    })

    for (const addmode of [0, 1, 2]) {
      it(`find one item among others, and take or remove it alone (addmode ${addmode})`, async () => {
        await start('abcdef', { name: 'q', addmode })
        assert.equal(keysOf(await engine.peek('q', 2, 3)), 'de')
        assert.deepEqual(await engine.peek('q', 2, 6), [])
        const idOf = async (key: string) =>
          (await engine.peek('q', 9)).find((item) => item.key === key)?.id as string
        const [b, d, e] = [await idOf('b'), await idOf('d'), await idOf('e')]
        await engine.fetch('q')
        assert.equal((await engine.find('q', d))?.value, 'd')
        assert.equal(await engine.removeItem('q', b), true)
        assert.equal(await engine.removeItem('q', b), false)
        assert.equal(await waiting(), 'cdef')
        const taken = await lease(3, { item: d, asFetch: true })
        assert.deepEqual([keysOf(taken), taken[0]?.attempt], ['d', 0])
        assert.equal(await engine.find('q', d), undefined)
        assert.deepEqual(await lease(1, { item: d, asFetch: true }), [])
        assert.equal(await waiting(), 'cef')
        await engine.release('q', leasesOf(taken))
        assert.equal(await waiting(), addmode === 0 ? 'dcef' : 'cdef')
        const again = await lease(1, { item: e, asFetch: true })
        assert.deepEqual(await engine.acknowledge('q', leasesOf(again)), [true])
        const { fetched, acknowledged, dropped } = await engine.stats('q')
        assert.deepEqual([fetched, acknowledged, dropped], [2, 0, { removed: 1 }])
        for (const id of ['', '1', 'x-y-z', '-', '99999999999999999999-0', `${d}0`]) {
          assert.equal(await engine.find('q', id), undefined)
          assert.equal(await engine.removeItem('q', id), false)
        }
      })
    }

    it('go back from a dead letter queue to where they came from, one or all', async () => {
      await start('abcd', { name: 'q', attempts: 1, deadLetter: 'dead' }, { name: 'dead' })
      await engine.reject('q', leasesOf(await lease(3)))
      const [, b] = await engine.peek('dead', 9)
      assert.deepEqual(await sendBack(engine, 'dead', b?.id), { sent: 1, left: 0, dropped: 0 })
      assert.equal(await waiting(), 'db')
      assert.deepEqual((await sendBack(engine, 'dead', b?.id)).sent, 0)
      await engine.add('dead', 'own', 1)
      const { reason, ...counts } = await sendBack(engine, 'dead')
      assert.deepEqual(counts, { sent: 2, left: 1, dropped: 0 })
      assert.equal(reason, 'No queue gave it up.')
      assert.equal(await waiting(), 'dbac')
      assert.ok((await engine.peek('q', 9)).every(({ attempt }) => attempt === 0))
      assert.equal(await waiting('dead'), 'own')
    })

    it('stay in their dead letter queue, in order, where they cannot go back', async () => {
      const dead = { name: 'q', attempts: 1, deadLetter: 'dead', size: 3, whenFull: 'refuse' }
      await start('abc', dead, { name: 'dead' })
      await engine.reject('q', leasesOf(await lease(3)))
      for (const key of 'xy') await engine.add('q', key, 1)
      const { reason, ...counts } = await sendBack(engine, 'dead')
      assert.deepEqual(counts, { sent: 1, left: 2, dropped: 0 })
      assert.equal(reason, 'Queue "q" is full.')
      assert.deepEqual([await waiting(), await waiting('dead')], ['xya', 'bc'])
      assert.deepEqual((await engine.stats('q')).dropped, { rejected: 3 }, 'nothing was lost')
      await define({ name: 'other' }, { name: 'dead' })
      const outcome = await sendBack(engine, 'dead')
      assert.deepEqual([outcome.sent, outcome.left], [0, 2])
      assert.match(outcome.reason ?? '', /"q"/)
      assert.equal(await waiting('dead'), 'bc')
    })

    it('stay in their dead letter queue where they would push others out', async () => {
      await start('abcd', { name: 'q', deadLetter: 'dead', size: 4 }, { name: 'dead' })
      await engine.reject('q', leasesOf(await lease(4)))
      for (const key of 'xy') await engine.add('q', key, 1)
      const outcome = await sendBack(engine, 'dead')
      assert.deepEqual(outcome, { sent: 2, left: 2, dropped: 0, reason: 'Queue "q" is full.' })
      assert.deepEqual([await waiting(), await waiting('dead')], ['xyab', 'cd'])
    })

    it('are not sent back twice when a deploy returns them meanwhile', async () => {
      await start('abcde', { name: 'q', deadLetter: 'dead' }, { name: 'dead' })
      await engine.reject('q', leasesOf(await lease(5)))
      const add = engine.add.bind(engine)
      let adds = 0
      engine.add = async (...args) => {
        const added = await add(...args)
        if (++adds === 3) engine.releaseAll()
        return added
      }
      const { reason, ...counts } = await sendBack(engine, 'dead')
      assert.deepEqual(counts, { sent: 3, left: 3, dropped: 0 })
      assert.match(reason ?? '', /given back meanwhile/)
      // The one that was on its way is in both.
      assert.deepEqual([await waiting(), await waiting('dead')], ['abc', 'cde'])
      assert.equal((await sendBack(engine, 'dead')).sent, 3)
    })

    it('come back at once when something breaks while they are sent back', async () => {
      await start('abcde', { name: 'q', deadLetter: 'dead' }, { name: 'dead' })
      await engine.reject('q', leasesOf(await lease(5)))
      const add = engine.add.bind(engine)
      engine.add = (queue, key, value) => {
        if (key === 'c') throw new RangeError('no room')
        return add(queue, key, value)
      }
      await assert.rejects(async () => sendBack(engine, 'dead'), /no room/)
      assert.deepEqual([await waiting(), await waiting('dead')], ['ab', 'cde'])
    })

    it('stay what was fetched when they are kept for longer', async () => {
      await start('ab', { name: 'q' })
      const leases = leasesOf(await lease(2, { asFetch: true }))
      assert.deepEqual(await engine.extend('q', leases, 60_000), [true, true])
      await engine.acknowledge('q', leases)
      const { fetched, acknowledged } = await engine.stats('q')
      assert.deepEqual([fetched, acknowledged], [2, 0])
    })

    it('count all that comes and goes', async () => {
      await start('abcdef', { name: 'q', size: 5, attempts: 1 })
      await engine.fetch('q')
      const [b, c, d] = leasesOf(await lease(3))
      await engine.acknowledge('q', [b as string])
      await engine.reject('q', [c as string])
      await engine.remove('q', 'f')
      assert.deepEqual(await engine.extend('q', [d as string], 5_000), [true])
      const { oldest, ...stats } = await engine.stats('q')
      assert.ok(oldest !== undefined && oldest >= 0)
      const dropped = { overflow: 1, rejected: 1, removed: 1 }
      const counts = { size: 0, leased: 1, waiting: 0, paused: false, added: 6, fetched: 1 }
      assert.deepEqual(stats, { ...counts, acknowledged: 1, dropped })
    })

    it('hold no place for those who are gone', async () => {
      await start('a', { name: 'q' })
      const gone = new AbortController()
      gone.abort()
      await assert.rejects(async () => lease(1, { signal: gone.signal }), closed)
      assert.equal(await waiting(), 'a')
      assert.equal((await lease())[0]?.attempt, 1)
    })
  })

  describe(`a full queue of ${what}`, () => {
    it('refuses what would make it longer, and nothing else', async () => {
      const clock = new MovedClock()
      const engine = await make(clock)
      for (const [addmode, again] of [
        [0, 'full'],
        [1, 'duplicate'],
        [2, 'replaced'],
      ] as const) {
        const input = { name: 'q', addmode, dbmode, whenFull: 'refuse' }
        const define = async (size: number) => {
          const own = { ...input, size, ...edited(traits) }
          await engine.define(parseDefinitions([own]).definitions)
        }
        await define(2)
        await engine.clear('q')
        await engine.add('q', 'a', 1)
        await engine.add('q', 'b', 2)
        const { size, dropped } = await engine.add('q', 'c', 3)
        assert.deepEqual([size, dropped], [2, { key: 'c', value: 3, reason: 'full' }])
        assert.equal((await engine.add('q', 'a', 4)).dropped?.reason, again)
        await define(1)
        assert.equal(await engine.size('q'), 2)
        assert.equal((await engine.add('q', 'd', 5)).dropped?.reason, 'full')
      }
      await engine.close()
    })
  })
}

function closed(error: unknown): boolean {
  return error instanceof MqueueError && error.code === 'MQ_CLOSED'
}
