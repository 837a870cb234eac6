/** Every call to the database failing in turn, before it is made and after. */
import assert from 'node:assert/strict'
import { type Dbmode, LocalEngine } from '../../../src/index.ts'
import { defined, eventually } from '../../conformance/engine.ts'
import { onEachDatabase, Reports } from '../../support/databases.ts'
import { drained } from '../../support/drain.ts'
import { type Fault, Faults } from '../../support/faults.ts'

onEachDatabase('a failing call', (database, { name }) => {
  const start = (dbmode: Dbmode): [LocalEngine, Promise<unknown>] => {
    const engine = new LocalEngine(database().location, new Reports())
    return [engine, Promise.resolve(engine.define([defined('q', 0, 0, dbmode)]))]
  }
  const inTable = async () =>
    (await database().query('select val from "q" order by id')).map(({ val }) => val)

  const item = (i: number) => ({ i, list: [1.5, 2], at: new Date(i) })

  const valuesOf = async (engine: LocalEngine) => (await drained(engine)).map(({ value }) => value)

  /** Runs a scenario with each call failing, until there are no more calls. */
  async function withEachCall(
    test: { title: string } | undefined,
    fault: Fault,
    scenario: (arm: () => Faults) => Promise<void>,
  ): Promise<void> {
    for (let nth = 1; ; nth++) {
      await database().wipe()
      let faults: Faults | undefined
      try {
        await scenario(() => {
          faults = Faults.arm(name, nth, fault)
          return faults
        })
      } catch (error) {
        throw new Error(`call ${nth} ${fault}`, { cause: error })
      } finally {
        faults?.disarm()
      }
      if (faults?.struck !== true) {
        assert.ok(nth > 10, `only ${nth - 1} calls`)
        if (test !== undefined) test.title += ` (${nth - 1} calls struck)`
        return
      }
    }
  }

  for (const fault of ['refused', 'unanswered'] as const) {
    it(`that is ${fault} leaves memory and table of a journaled queue the same`, async function () {
      this.timeout(180_000)
      await withEachCall(this.test, fault, async (arm) => {
        const faults = arm()
        const [engine, defining] = start(4)
        await defining
        const expected: unknown[] = []
        let errors = 0
        for (let i = 0; i < 4; i++) {
          // Not JSON, and written in more than one way.
          const hard = { name: `${i}b`, list: [1.5, 2], at: new Date(i) }
          const adding = [`${i}a`, hard].map(async (value) => {
            await engine.add('q', 'k', value)
            expected.push(value)
          })
          const fetching = (async () => {
            const item = await engine.fetch('q')
            assert.deepEqual(item?.value, expected.shift())
          })()
          for (const outcome of await Promise.allSettled([...adding, fetching])) {
            if (outcome.status === 'fulfilled') continue
            assert.equal(outcome.reason.code, 'MQ_UNAVAILABLE', outcome.reason.message)
            errors++
          }
          if (errors > 0) await eventually(async () => void (await engine.size('q')))
        }
        faults.disarm()
        assert.equal((await inTable()).length, expected.length)
        assert.equal(await engine.size('q'), expected.length)
        await engine.close()
        const [next, opening] = start(4)
        await opening
        assert.deepEqual(await valuesOf(next), expected)
        await next.close()
      })
    })

    it(`that is ${fault} loses and doubles nothing of what is loaded and saved`, async function () {
      this.timeout(180_000)
      await withEachCall(this.test, fault, async (arm) => {
        const [first, filling] = start(3)
        await filling
        for (let i = 0; i < 5; i++) await first.add('q', 'k', `row ${i}`)
        await first.save()
        const faults = arm()
        const [engine, loading] = start(1)
        await loading
        await eventually(async () => assert.equal(await engine.size('q'), 5))
        for (let i = 0; i < 3; i++) await engine.add('q', 'k', item(i))
        assert.equal((await engine.fetch('q'))?.value, 'row 0')
        await engine.save()
        faults.disarm()
        const [next, opening] = start(1)
        await opening
        const left = ['row 1', 'row 2', 'row 3', 'row 4', item(0), item(1), item(2)]
        assert.deepEqual(await valuesOf(next), left)
        await next.close()
      })
    })
  }
})
