/** What a journal promises while it is being written to. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { promisify } from 'node:util'
import { type Dbmode, LocalEngine, MqueueError } from '../../../src/index.ts'
import { Connection } from '../../../src/sql/connection.ts'
import { defined, eventually } from '../../conformance/engine.ts'
import { onEachDatabase, Reports } from '../../support/databases.ts'
import { drained } from '../../support/drain.ts'
import { closedAfterEach } from '../../support/engines.ts'

onEachDatabase('a journal', (database, { name }) => {
  const engines = closedAfterEach<LocalEngine>()

  async function start(queues = ['q'], dbmode: Dbmode = 4): Promise<LocalEngine> {
    const engine = new LocalEngine(database().location, new Reports())
    engines.push(engine)
    await engine.define(queues.map((queue) => defined(queue, 0, 0, dbmode)))
    return engine
  }

  const keysOf = async (engine: LocalEngine) =>
    (await drained(engine)).map(({ key }) => key).join('')

  /** Calls a function around every write, until the returned one is called. */
  function around(write: (original: Connection['write']) => Connection['write']): () => void {
    const { write: original } = Connection.prototype
    Connection.prototype.write = write(original)
    return () => {
      Connection.prototype.write = original
    }
  }

  it('writes a large burst as several transactions, and answers each as it is written', async () => {
    const engine = await start()
    const sizes: number[] = []
    let answered = 0
    const stop = around(
      (write) =>
        function (this: Connection, changes, timeout) {
          sizes.push(changes.reduce((sum, { added }) => sum + added.length, 0))
          if (sizes.length > 1) assert.ok(answered > 0, 'the first ones know already')
          return write.call(this, changes, timeout)
        },
    )
    try {
      const adds = Array.from({ length: 25_000 }, async (_, i) => {
        await engine.add('q', `${i}`, i)
        answered++
      })
      await Promise.all(adds)
    } finally {
      stop()
    }
    assert.ok(sizes.length >= 3 && sizes.every((size) => size <= 10_000), `${sizes}`)
    assert.equal(await engine.size('q'), 25_000)
  })

  it('writes long values by their length', async () => {
    const engine = await start()
    let writes = 0
    const stop = around(
      (write) =>
        function (this: Connection, ...args) {
          writes++
          return write.apply(this, args)
        },
    )
    try {
      const long = 'x'.repeat(1_000_000)
      await Promise.all(Array.from({ length: 20 }, async () => engine.add('q', 'k', long)))
    } finally {
      stop()
    }
    assert.ok(writes >= 3, `${writes} writes`)
    assert.equal(await engine.size('q'), 20)
  })

  it('keeps order and answers while changes of all kinds go to several transactions', async () => {
    const engine = await start()
    const results: Promise<unknown>[] = []
    const expected: number[] = []
    for (let i = 0; i < 15_000; i++) {
      results.push(Promise.resolve(engine.add('q', 'k', i)))
      expected.push(i)
      if (i % 3 === 0) {
        const first = expected.shift()
        const fetched = Promise.resolve(engine.fetch('q'))
        results.push(fetched.then((item) => assert.equal(item?.value, first)))
      }
    }
    await Promise.all(results)
    const values = (await database().query('select val from "q" order by id')).map(({ val }) => val)
    assert.deepEqual(values, expected.map(String))
  })

  it('does what waits for it to open in the order in which it was asked', async () => {
    for (const dbmode of [1, 4] as const) {
      await database().wipe()
      const engine = new LocalEngine(database().location, new Reports())
      engines.push(engine)
      const defining = engine.define([defined('q', 0, 0, dbmode)])
      const done: number[] = []
      const results: Promise<unknown>[] = []
      for (let i = 0; i < 50; i++) {
        results.push(Promise.resolve(engine.add('q', 'k', i)).then(() => done.push(i)))
        // Some are asked while what is needed is loaded, some while the queue is opened, some behind.
        if (i % 10 === 9) await new Promise(setImmediate)
        if (i === 25) await defining
      }
      await Promise.all(results)
      const order = Array.from({ length: 50 }, (_, i) => i)
      assert.deepEqual(done, order)
      assert.deepEqual(
        (await drained(engine)).map(({ value }) => value),
        order,
      )
    }
  })

  it('answers with the sizes that are, where one table is refused and others are not', async () => {
    const engine = await start(['q', 'other', 'last'])
    await engine.add('q', 'a', 'a')
    const key = name === 'MariaDB' ? '"key"(9)' : '"key"'
    await database().query(`create unique index once on "q" (${key})`)
    const refused = assert.rejects(async () => engine.add('q', 'a', 'again'))
    const adds = [engine.add('other', 'k', 1), engine.add('last', 'k', 1)]
    const sizes = await engine.sizes()
    assert.deepEqual(
      sizes,
      new Map([
        ['other', 1],
        ['last', 1],
      ]),
    )
    await refused
    await Promise.all(adds)
  })

  it('takes an item back whose asker went while the connection was lost behind its commit', async () => {
    const engine = await start()
    for (const key of 'abc') await engine.add('q', key, key)
    const gone = new AbortController()
    const stop = around(
      (write) =>
        async function (this: Connection, ...args) {
          await write.apply(this, args)
          gone.abort()
          this.lose(new Error('cut'))
        },
    )
    try {
      await assert.rejects(async () => engine.fetch('q', { signal: gone.signal }), {
        code: 'MQ_CLOSED',
      })
    } finally {
      stop()
    }
    await eventually(async () => assert.equal(await engine.size('q'), 3))
    assert.equal(await keysOf(engine), 'abc')
  })

  for (const to of [0, 1, 3] as const) {
    it(`keeps an item that comes back while the queue goes over to dbmode ${to}`, async () => {
      const engine = await start()
      for (const key of 'abc') await engine.add('q', key, key)
      const gone = new AbortController()
      const fetching = assert.rejects(async () => engine.fetch('q', { signal: gone.signal }), {
        code: 'MQ_CLOSED',
      })
      gone.abort()
      await engine.define([defined('q', 0, 0, to)])
      await fetching
      assert.equal(await keysOf(engine), 'abc')
      await eventually(async () =>
        assert.deepEqual(await database().query('select * from "q"'), []),
      )
    })
  }

  it('keeps an item that comes back while the queue goes over to another database', async () => {
    const engine = await start()
    for (const key of 'abc') await engine.add('q', key, key)
    const gone = new AbortController()
    const fetching = assert.rejects(async () => engine.fetch('q', { signal: gone.signal }), {
      code: 'MQ_CLOSED',
    })
    gone.abort()
    const { directory } = database().location
    engine.relocate({
      ...database().location,
      url: `sqlite:${join(directory, 'elsewhere.sqlite')}`,
    })
    await engine.define([defined('q', 0, 0, 4)])
    await fetching
    assert.equal(await keysOf(engine), 'abc')
  })

  it('keeps an item that comes back while the process stops', async () => {
    const engine = await start()
    for (const key of 'abc') await engine.add('q', key, key)
    const gone = new AbortController()
    const fetching = assert.rejects(async () => engine.fetch('q', { signal: gone.signal }), {
      code: 'MQ_CLOSED',
    })
    gone.abort()
    await engine.save()
    await fetching
    assert.equal(await keysOf(await start()), 'abc')
  })

  it('lets the process of a program that waits for it save before it ends', async () => {
    const index = join(import.meta.dirname, '../../../src/index.ts')
    const script = `
      import { LocalEngine } from ${JSON.stringify(index)}
      const engine = new LocalEngine(${JSON.stringify(database().location)})
      await engine.define([{ name: 'q', size: 0, addmode: 0, dbmode: 1 }])
      for (let i = 0; i < 5; i++) await engine.add('q', 'k', i)
      await engine.save()
      console.log('saved')`
    const args = ['--disable-warning=ExperimentalWarning', '--input-type=module', '--eval', script]
    const { stdout } = await promisify(execFile)(process.execPath, args)
    assert.equal(stdout, 'saved\n')
    assert.equal((await database().query('select * from "q"')).length, 5)
  })

  if (name === 'SQLite') {
    it('refuses adds at once when very much waits, and loses nothing of what it took', async () => {
      const engine = await start()
      const path = (database().location.url as string).slice('sqlite:'.length)
      const other = new DatabaseSync(path)
      other.exec('begin immediate')
      const value = 'x'.repeat(1_000_000)
      const outcomes = Array.from({ length: 300 }, async (_, i) => engine.add('q', `${i}`, value))
      const settled = Promise.allSettled(outcomes)
      const error = await outcomes.at(-1)?.catch((cause) => cause)
      assert.ok(error instanceof MqueueError)
      assert.equal(error.code, 'MQ_UNAVAILABLE')
      assert.match(error.message, /changes wait for the database .* try again later/)
      other.close()
      const taken = (await settled).filter(({ status }) => status === 'fulfilled').length
      assert.ok(taken >= 256 && taken < 300, `${taken}`)
      assert.equal(await engine.size('q'), taken)
      assert.equal((await engine.add('q', 'after', 1)).size, taken + 1)
    })

    it('of many queues is opened in few steps, without a file for each', async () => {
      const queues = Array.from({ length: 3_000 }, (_, i) => `queue-${i}`)
      let steps = 0
      const { transaction, withoutTransaction } = Connection.prototype
      const counted = (step: typeof transaction) =>
        function (this: Connection, ...args: Parameters<typeof transaction>) {
          steps++
          return step.apply(this, args) as never
        }
      Connection.prototype.transaction = counted(transaction)
      Connection.prototype.withoutTransaction = counted(withoutTransaction)
      try {
        assert.equal((await (await start(queues)).sizes()).size, 3_000)
      } finally {
        Object.assign(Connection.prototype, { transaction, withoutTransaction })
      }
      // One reads a queue, and a few open the tables of all.
      assert.ok(steps < queues.length + 100, `${steps} steps`)
      const files = readdirSync(database().location.directory)
      assert.ok(files.length < 10, `${files.length} files`)
    })
  }
})
