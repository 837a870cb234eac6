/** What becomes of leases when the engine stops or the process dies, with every dbmode. */
import assert from 'node:assert/strict'
import { LocalEngine, parseDefinitions, type QueueDefinitionInput } from '../../../src/index.ts'
import { Connection } from '../../../src/sql/connection.ts'
import { onEachDatabase, Reports } from '../../support/databases.ts'
import { closedAfterEach } from '../../support/engines.ts'
import { MovedClock } from '../../support/moved-clock.ts'

onEachDatabase('leases that are stored', (database) => {
  const engines = closedAfterEach<LocalEngine>()
  let reports: Reports

  beforeEach(() => {
    reports = new Reports()
  })

  async function start(dbmode: number, ...inputs: QueueDefinitionInput[]): Promise<LocalEngine> {
    const engine = new LocalEngine(database().location, reports, new MovedClock())
    engines.push(engine)
    const all = inputs.length > 0 ? inputs : [{ name: 'q' }]
    const { definitions, errors } = parseDefinitions(all.map((one) => ({ dbmode, ...one })))
    assert.deepEqual(errors, [])
    await engine.define(definitions)
    return engine
  }

  const seen = async (engine: LocalEngine, queue = 'q') =>
    (await engine.peek(queue, 99)).map(({ key, attempt }) => key + attempt).join(' ')

  const lease = (engine: LocalEngine, count = 1) => engine.take('q', { count, lease: 1_000 })

  /** Ends an engine as the end of a process would, without any good order. */
  async function crash(engine: LocalEngine): Promise<void> {
    await engine.close()
  }

  /** Does something while the database refuses every change. */
  async function refusing(work: () => Promise<void>): Promise<void> {
    const { write } = Connection.prototype
    Connection.prototype.write = async () => {
      throw new Error('refused for the test')
    }
    try {
      await work()
    } finally {
      Connection.prototype.write = write
    }
  }

  /** Waits until a queue that has failed is open again. */
  async function usable(engine: LocalEngine): Promise<void> {
    for (;;) {
      try {
        await engine.size('q')
        return
      } catch {
        await new Promise((resolve) => setTimeout(resolve, 10))
      }
    }
  }

  for (const [dbmode, left] of [
    [1, 'a0 b0 c0'],
    [4, 'a0 b0 c0'],
  ] as const) {
    it(`are released at a stop, in front and not counted (dbmode ${dbmode})`, async () => {
      const engine = await start(dbmode)
      for (const key of 'abc') await engine.add('q', key, key)
      await lease(engine, 2)
      await engine.save()
      await engine.close()
      assert.equal(await seen(await start(dbmode)), left)
    })
  }

  it('are counted after a crash, in front (dbmode 4), until there is no attempt left', async () => {
    const inputs = [{ name: 'q', attempts: 2, deadLetter: 'dead' }, { name: 'dead' }]
    let engine = await start(4, ...inputs)
    for (const key of 'abc') await engine.add('q', key, key)
    for (const attempts of [1, 2]) {
      const taken = await lease(engine, 2)
      assert.deepEqual(
        taken.map(({ key, attempt }) => [key, attempt]),
        [
          ['a', attempts],
          ['b', attempts],
        ],
      )
      await crash(engine)
      engine = await start(4, ...inputs)
      assert.equal(await seen(engine), `a${attempts} b${attempts} c0`)
    }
    assert.deepEqual(
      (await lease(engine)).map(({ key }) => key),
      ['c'],
    )
    assert.equal(await seen(engine, 'dead'), 'a0 b0')
    await crash(engine)
    engine = await start(4, ...inputs)
    const dead = await engine.take('dead', { count: 2, lease: 1_000 })
    assert.deepEqual(
      dead.map(({ key, reason, from, attempt }) => [key, reason, from, attempt]),
      ['a', 'b'].map((key) => [key, 'attempts', 'q', 1]),
    )
  })

  it('that were acknowledged are gone after a crash, those retried and released are not', async () => {
    let engine = await start(4, { name: 'q', retryDelay: 100 })
    for (const key of 'abcd') await engine.add('q', key, key)
    const [a, b, c] = (await lease(engine, 3)).map((taken) => taken.lease as string)
    await engine.acknowledge('q', [a as string])
    await engine.retry('q', [b as string])
    await engine.release('q', [c as string])
    await crash(engine)
    engine = await start(4)
    assert.equal(await seen(engine), 'b1 c0 d0')
  })

  it('of a table that lacks the columns count in memory, and that is said once', async () => {
    const columns = '"key" varchar(64) not null, val varchar(64) not null, val_type varchar(16)'
    await database().query(`create table "q" (id integer primary key, ${columns})`)
    const engine = await start(4)
    for (const key of 'ab') await engine.add('q', key, key)
    const taken = await lease(engine, 2)
    await engine.retry(
      'q',
      taken.map((one) => one.lease as string),
      0,
    )
    assert.equal(await seen(engine), 'a1 b1')
    const said = reports.said.filter((text) => /no columns attempts and dead_letter/.test(text))
    assert.equal(said.length, 1)
    await crash(engine)
    assert.equal(await seen(await start(4)), 'a0 b0')
  })

  it('hold while the journal is opened again, and end with items that are gone', async () => {
    const engine = await start(4)
    for (const key of 'abc') await engine.add('q', key, key)
    const [a, b] = (await lease(engine, 2)).map((one) => one.lease as string)
    await refusing(async () => {
      await assert.rejects(async () => engine.add('q', 'd', 'd'))
    })
    await usable(engine)
    assert.equal(await seen(engine), 'c0')
    assert.deepEqual(await engine.acknowledge('q', [a as string]), [true])
    await engine.retry('q', [b as string], 0)
    assert.equal(await seen(engine), 'b1 c0')
    await crash(engine)
    assert.equal(await seen(await start(4)), 'b1 c0')
  })

  it('are released also while the database refuses, and the items are loaded again', async () => {
    const engine = await start(4)
    for (const key of 'abc') await engine.add('q', key, key)
    await engine.take('q', { lease: 1_000, owner: 'one' })
    await engine.take('q', { lease: 1_000, owner: 'two' })
    await refusing(async () => {
      await assert.rejects(async () => engine.add('q', 'd', 'd'))
      engine.releaseAll('one')
    })
    await usable(engine)
    assert.equal(await seen(engine), 'a1 c0')
    assert.equal(engine.leased('q'), 1)
    await refusing(async () => {
      await assert.rejects(async () => engine.add('q', 'd', 'd'))
      engine.releaseAll()
    })
    await usable(engine)
    assert.equal(await seen(engine), 'a1 b1 c0')
  })

  it('that could not be stored are none: the items wait again, counted or not', async () => {
    const engine = await start(4)
    await engine.add('q', 'a', 'a')
    await refusing(async () => {
      await assert.rejects(async () => lease(engine))
    })
    await usable(engine)
    assert.equal(engine.leased('q'), 0)
    assert.equal(await seen(engine), 'a0')
  })

  it('move an item to its dead letter queue in one transaction', async () => {
    const inputs = [{ name: 'q', deadLetter: 'dead' }, { name: 'dead' }, { name: 'other' }]
    const engine = await start(4, ...inputs)
    for (const key of 'ab') await engine.add('q', key, key)
    const leases = (await lease(engine, 2)).map((one) => one.lease as string)
    const written: string[][] = []
    const { write } = Connection.prototype
    Connection.prototype.write = function (this: Connection, changes, timeout) {
      written.push(changes.map(({ table }) => table.queue))
      return write.call(this, changes, timeout)
    }
    // A burst that fills a transaction by itself stands before the move.
    const burst = Array.from({ length: 25_000 }, (_, i) => engine.add('dead', `${i}`, i))
    const moved = engine.reject('q', leases)
    await Promise.all([...burst, moved])
    Connection.prototype.write = write
    const together = written.filter((tables) => tables.includes('q'))
    assert.equal(together.length, 1)
    assert.ok(together[0]?.includes('dead'), `${written}`)
    assert.equal(await engine.size('dead'), 25_002)
    assert.equal(await engine.size('q'), 0)
  })

  for (const dbmode of [0, 1, 4]) {
    it(`a renamed queue keeps what it holds (dbmode ${dbmode})`, async () => {
      const first = await start(dbmode, { name: 'old', id: 'row' }, { name: 'other', id: 'o' })
      for (const key of 'abc') await first.add('old', key, key)
      await first.add('other', 'x', 1)
      const renamed = [
        { name: 'new', id: 'row' },
        { name: 'other', id: 'o' },
      ]
      const parsed = parseDefinitions(renamed.map((one) => ({ dbmode, ...one })))
      await first.define(parsed.definitions)
      assert.equal(await seen(first, 'new'), 'a0 b0 c0')
      assert.equal(await seen(first, 'other'), 'x0')
      await first.add('new', 'd', 'd')
      await assert.rejects(async () => first.size('old'), /no queue "old"/)
      if (dbmode === 0) return
      await first.save()
      await first.close()
      const next = await start(dbmode, ...renamed)
      assert.equal(await seen(next, 'new'), 'a0 b0 c0 d0')
      if (dbmode !== 4) return
      assert.deepEqual(await database().query('select id from "old"'), [])
    })
  }

  it('two queues whose names are swapped keep what they hold', async () => {
    for (const dbmode of [0, 4]) {
      const engine = await start(dbmode, { name: 'one', id: '1' }, { name: 'two', id: '2' })
      await engine.add('one', 'a', 1)
      await engine.add('two', 'b', 1)
      const swapped = [
        { name: 'two', id: '1', dbmode },
        { name: 'one', id: '2', dbmode },
      ]
      await engine.define(parseDefinitions(swapped).definitions)
      assert.equal(await seen(engine, 'two'), 'a0', `dbmode ${dbmode}`)
      assert.equal(await seen(engine, 'one'), 'b0', `dbmode ${dbmode}`)
      const redefined = [
        { name: 'three', id: '1', dbmode },
        { name: 'two', id: '3', dbmode },
      ]
      await engine.define(parseDefinitions(redefined).definitions)
      assert.equal(await seen(engine, 'three'), 'a0', `dbmode ${dbmode}`)
      assert.equal(await seen(engine, 'two'), '', `dbmode ${dbmode}`)
      await engine.close()
      await database().wipe()
    }
  })

  for (const dbmode of [1, 4]) {
    it(`a full queue that refuses keeps its oldest when it is loaded (dbmode ${dbmode})`, async () => {
      const full = { name: 'q', size: 3, whenFull: 'refuse' }
      const first = await start(dbmode)
      for (const key of 'abcde') await first.add('q', key, key)
      // A smaller size drops nothing of what is there.
      const { definitions } = parseDefinitions([{ ...full, dbmode }])
      await first.define(definitions)
      assert.equal(await first.size('q'), 5)
      await first.save()
      await first.close()
      const next = await start(dbmode, full)
      assert.equal(await seen(next), 'a0 b0 c0')
      assert.match(reports.said.join('\n'), /dropped because of its size or addmode: 2/)
      assert.equal((await next.add('q', 'f', 'f')).dropped?.reason, 'full')
      // What is left out is kept, and comes when there is room at a start: with dbmode 1 before the others.
      await next.fetch('q')
      await next.fetch('q')
      await next.save()
      await next.close()
      assert.equal(await seen(await start(dbmode, full)), dbmode === 4 ? 'c0 d0 e0' : 'd0 e0 c0')
    })
  }
})
