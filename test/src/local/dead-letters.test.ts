/** Items that are given up: each is in its queue, in its dead letter queue, or reported as dropped, whatever fails. */
import assert from 'node:assert/strict'
import { LocalEngine, parseDefinitions, type QueueDefinitionInput } from '../../../src/index.ts'
import { Connection } from '../../../src/sql/connection.ts'
import { onEachDatabase, Reports } from '../../support/databases.ts'
import { closedAfterEach } from '../../support/engines.ts'
import { MovedClock } from '../../support/moved-clock.ts'

onEachDatabase('a dead letter', (database) => {
  const engines = closedAfterEach<LocalEngine>()
  let reports: Reports
  let clock: MovedClock

  beforeEach(() => {
    reports = new Reports()
    clock = new MovedClock()
  })

  async function start(...inputs: QueueDefinitionInput[]): Promise<LocalEngine> {
    const engine = new LocalEngine(database().location, reports, clock)
    engines.push(engine)
    await define(engine, ...inputs)
    return engine
  }

  async function define(engine: LocalEngine, ...inputs: QueueDefinitionInput[]): Promise<void> {
    const { definitions, errors } = parseDefinitions(inputs)
    assert.deepEqual(errors, [])
    await engine.define(definitions)
  }

  const leased = async (engine: LocalEngine, count = 1) =>
    (await engine.take('q', { count, lease: 60_000 })).map(({ lease }) => lease as string)

  const keys = async (engine: LocalEngine, queue: string) =>
    (await engine.peek(queue, 99)).map(({ key }) => key).join('')

  const rows = async (queue: string) =>
    (await database().query(`select "key" from "${queue}" order by id`))
      .map(({ key }) => key)
      .join('')

  /** Does something while every write that concerns a queue is refused. */
  async function refusing(queue: string, work: () => Promise<void>): Promise<void> {
    const { write } = Connection.prototype
    Connection.prototype.write = async function (this: Connection, changes, timeout) {
      if (changes.some(({ table }) => table.queue === queue))
        throw new Error('refused for the test')
      return write.call(this, changes, timeout)
    }
    try {
      await work()
    } finally {
      Connection.prototype.write = write
    }
  }

  async function eventually(check: () => Promise<void>): Promise<void> {
    for (const deadline = Date.now() + 45_000; ; ) {
      try {
        await check()
        return
      } catch (error) {
        if (Date.now() > deadline) throw error
        clock.move(1_000)
        await new Promise((resolve) => setTimeout(resolve, 20))
      }
    }
  }

  for (const refused of ['q', 'dead']) {
    it(`stands in one table when a change of "${refused}" that is under way is refused`, async () => {
      const queues = [
        { name: 'q', dbmode: 4, deadLetter: 'dead' },
        { name: 'dead', dbmode: 4 },
      ]
      const engine = await start(...queues)
      await engine.add('q', 'a', 'a')
      const leases = await leased(engine)
      await refusing(refused, async () => {
        // Its commit is under way when the item is given up.
        const doomed = engine.add(refused, 'x', 'x')
        await new Promise(setImmediate)
        const moved = engine.reject('q', leases)
        await Promise.allSettled([doomed, moved])
      })
      await eventually(async () => {
        const both = (await keys(engine, 'q')) + (await keys(engine, 'dead'))
        assert.equal(both.length + engine.leased('q'), 1)
      })
      assert.equal(((await rows('q')) + (await rows('dead'))).replace('x', ''), 'a')
    })
  }

  for (const dbmode of [0, 1]) {
    it(`of a queue in memory waits until its journal has it (dbmode ${dbmode})`, async () => {
      const engine = await start(
        { name: 'q', dbmode, deadLetter: 'dead' },
        { name: 'dead', dbmode: 4 },
      )
      await engine.add('q', 'a', 'a')
      const leases = await leased(engine)
      await refusing('dead', async () => {
        assert.deepEqual(await engine.reject('q', leases), [true])
        await assert.rejects(async () => engine.add('dead', 'x', 'x'))
      })
      await eventually(async () => assert.equal(await keys(engine, 'dead'), 'a'))
      assert.equal(await rows('dead'), 'a')
      assert.equal(engine.leased('q'), 0)
      const [dead] = await engine.take('dead', { lease: 1_000 })
      assert.deepEqual([dead?.reason, dead?.from], ['rejected', 'q'])
    })
  }

  it('that its queue can never keep is dropped, and told', async () => {
    const engine = await start({ name: 'q', deadLetter: 'dead' }, { name: 'dead', dbmode: 4 })
    await engine.add('q', 'a', () => {})
    assert.deepEqual(await engine.reject('q', await leased(engine)), [true])
    assert.equal(engine.leased('q'), 0)
    assert.match(reports.said.join('\n'), /Queue "q": an item was dropped: it was rejected/)
  })

  it('whose queue cannot be used now waits for it, which is said once, and is released as it was', async () => {
    const engine = await start({ name: 'q', deadLetter: 'dead' }, { name: 'dead' })
    for (const key of 'ab') await engine.add('q', key, key)
    // The definition of the dead letter queue is bad for the moment.
    const parsed = parseDefinitions([
      { name: 'q', deadLetter: 'dead' },
      { name: 'dead', size: -1 },
    ])
    await engine.define(parsed.definitions, parsed.errors)
    await engine.reject('q', await leased(engine, 2))
    clock.move(20_000)
    assert.equal(engine.leased('q'), 2)
    assert.equal(
      reports.said.filter((text) => /wait for their dead letter queue/.test(text)).length,
      1,
    )
    engine.releaseAll()
    const [a] = await engine.take('q', { lease: 1_000 })
    assert.deepEqual([a?.key, a?.attempt, a?.reason], ['a', 2, undefined])
    await engine.reject('q', [a?.lease as string])
    await define(engine, { name: 'q' }, { name: 'dead' })
    clock.move(20_000)
    assert.equal(engine.leased('q'), 0)
    assert.match(reports.said.join('\n'), /an item was dropped: it was rejected/)
  })

  it('keeps its reason and its attempts when the dbmode or the address changes', async () => {
    const queues = (dbmode: number) => [
      { name: 'q', dbmode, deadLetter: 'dead' },
      { name: 'dead', dbmode },
    ]
    const engine = await start(...queues(0))
    for (const key of 'ab') await engine.add('q', key, key)
    const [a, b] = await leased(engine, 2)
    await engine.retry('q', [a as string], 0)
    await engine.reject('q', [b as string])
    const now = async () => {
      const [one] = await engine.peek('q', 1)
      const [dead] = await engine.peek('dead', 1)
      return [one?.key, one?.attempt, dead?.key, dead?.reason, dead?.from]
    }
    const whole = ['a', 1, 'b', 'rejected', 'q']
    assert.deepEqual(await now(), whole)
    for (const dbmode of [4, 0, 1, 4, 3]) {
      await define(engine, ...queues(dbmode))
      assert.deepEqual(await now(), whole, `dbmode ${dbmode}`)
    }
    await define(engine, ...queues(1))
    engine.rescue()
    await engine.close()
    const next = await start(...queues(4))
    const [dead] = await next.take('dead', { lease: 1_000 })
    assert.deepEqual([dead?.key, dead?.reason, dead?.from], ['b', 'rejected', 'q'])
    assert.equal((await next.peek('q', 1))[0]?.attempt, 1)
    assert.deepEqual(await next.fetch('q'), { key: 'a', value: 'a', size: 0 })
  })

  it('whose report fails does not end the process', async () => {
    const engine = await start({ name: 'q', attempts: 1 })
    engine.onDropped('q', '', () => {
      throw new Error('not now')
    })
    await engine.add('q', 'a', 'a')
    await leased(engine)
    clock.move(60_000)
    assert.match(reports.said.join('\n'), /cannot be reported: not now/)
    assert.equal(engine.leased('q'), 0)
  })
})
