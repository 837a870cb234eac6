/** A queue that goes over from one storage to another, while the next thing happens already. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as wait } from 'node:timers/promises'
import type { StoreLocation } from '../../../src/address.ts'
import {
  type Addmode,
  type Dbmode,
  LocalEngine,
  type MaybePromise,
  type QueueDefinition,
} from '../../../src/index.ts'
import { Connection } from '../../../src/sql/connection.ts'
import { defined, eventually } from '../../conformance/engine.ts'
import { onEachDatabase, Reports } from '../../support/databases.ts'
import { drain, drained } from '../../support/drain.ts'

/** How long anything may take, in ms. */
const LIMIT = 15_000
/** So many that they are written and removed in several parts. */
const MANY = 25_000

/** Waits for something, but fails when it takes too long. */
async function within<T>(what: string, promise: MaybePromise<T>): Promise<T> {
  const inTime = new AbortController()
  const late = wait(LIMIT, undefined, inTime).then(() => assert.fail(`${what} does not settle`))
  try {
    return await Promise.race([promise, late])
  } finally {
    inTime.abort()
    late.catch(() => {})
  }
}

async function turns(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await new Promise(setImmediate)
}

onEachDatabase('a hand-over', (database, { name }) => {
  let reports: Reports
  const engines: LocalEngine[] = []
  const { transaction, write } = Connection.prototype
  beforeEach(() => {
    reports = new Reports()
  })
  afterEach(async function () {
    Object.assign(Connection.prototype, { transaction, write })
    const closing = engines.splice(0).map((engine) => within('close', engine.close()))
    // The tests that come next must run all the same.
    if (this.currentTest?.isFailed()) await Promise.allSettled(closing)
    else await Promise.all(closing)
  })

  /** The location of the suite's database, which is A, or of another one. */
  function at(place: string): StoreLocation {
    const { location } = database()
    if (place === 'A') return location
    return { ...location, url: `sqlite:${join(location.directory, `${place}.sqlite`)}` }
  }
  function process(more: Partial<StoreLocation> = {}): LocalEngine {
    const engine = new LocalEngine({ ...at('A'), ...more }, reports)
    engines.push(engine)
    return engine
  }
  async function start(dbmode: Dbmode, items = ''): Promise<LocalEngine> {
    const engine = process()
    await engine.define([defined('q', 0, 0, dbmode)])
    for (const item of items) await engine.add('q', item, item)
    return engine
  }
  const works = (engine: LocalEngine, queue = 'q') =>
    eventually(async () => void (await within('size', engine.size(queue))), LIMIT)
  async function keysOf(engine: LocalEngine): Promise<string> {
    await works(engine)
    let keys = ''
    for await (const { key, value } of drain(engine)) {
      assert.equal(value, key)
      keys += key
    }
    return keys
  }
  /** What a process finds that begins now, at one place. */
  async function foundBy(location: StoreLocation, dbmode: Dbmode): Promise<string> {
    const next = process(location)
    await within('define', next.define([defined('q', 0, 0, dbmode)]))
    const keys = await keysOf(next)
    await within('close', next.close())
    return keys
  }
  const filesLike = (pattern: RegExp) =>
    readdirSync(database().location.directory)
      .filter((file) => pattern.test(file))
      .map((file) => join(database().location.directory, file))
  const rescueFiles = () => filesLike(/rescue\.jsonl$/)
  const keysInTable = async () =>
    (await database().query('select "key" from "q" order by id')).map(({ key }) => String(key))
  const inTable = async () => (await keysInTable()).join('')
  function keysInFiles(): string[] {
    const lines = rescueFiles().flatMap((file) => readFileSync(file, 'utf8').split('\n'))
    return lines.filter(Boolean).flatMap((line) => JSON.parse(line).key ?? [])
  }
  /** Makes the next write that brings a row fail. */
  function refuseNextRow(): void {
    Connection.prototype.write = function (...args) {
      if (args[0].every(({ added }) => added.length === 0)) return write.apply(this, args)
      Connection.prototype.write = write
      return Promise.reject(new Error('refused'))
    }
  }
  /** Calls a function as soon as the next transaction is committed. */
  function onCommit(act: () => MaybePromise<void>): void {
    Connection.prototype.transaction = async function (...args) {
      Connection.prototype.transaction = transaction
      const result = await transaction.apply(this, args)
      await act()
      return result as never
    }
  }

  for (const [what, from, ...steps] of [
    ['4 at A, at B, at C', 4, [4, 'B'], [4, 'C']],
    ['4 at A, at B, at A', 4, [4, 'B'], [4, 'A']],
    ['0, 4 at A, 4 at B', 0, [4, 'A'], [4, 'B']],
    ['4, 0, 4', 4, [0, 'A'], [4, 'A']],
    ['0, 4, 0, 4', 0, [4, 'A'], [0, 'A'], [4, 'A']],
  ] as [string, Dbmode, ...[Dbmode, string][]][]) {
    it(`of several at once (${what}) ends open, with every item once`, async function () {
      this.timeout(180_000)
      for (const between of [0, 1, 3]) {
        await database().wipe()
        const engine = await start(from, 'abc')
        const defining: MaybePromise<unknown>[] = []
        for (const [dbmode, place] of steps) {
          engine.relocate(at(place))
          defining.push(engine.define([defined('q', 0, 0, dbmode)]))
          await turns(between)
        }
        await works(engine)
        await within('define', Promise.all(defining))
        assert.equal(await engine.size('q'), 3)
        await within('add', engine.add('q', 'd', 'd'))
        await within('save', engine.save())
        await within('close', engine.close())
        const last = steps.at(-1)?.[1] as string
        assert.equal(await foundBy(at(last), 4), 'abcd', `${between} turns between`)
        for (const place of ['A', 'B', 'C']) {
          if (place !== last) assert.equal(await foundBy(at(place), 4), '', place)
        }
        assert.deepEqual(rescueFiles(), [])
      }
    })
  }

  for (const to of [1, 3] as const) {
    it(`from 4 to ${to} and a stop at once keeps everything for the next process`, async () => {
      for (const before of [0, 1, 2, 4, 8]) {
        await database().wipe()
        const engine = await start(4, 'abc')
        const defining = engine.define([defined('q', 0, 0, to)])
        await turns(before)
        await within('save', engine.save())
        engine.rescue()
        const kept = new Set([...(await keysInTable()), ...keysInFiles()])
        assert.deepEqual([...kept].sort(), ['a', 'b', 'c'], `${before} turns before the stop`)
        await within('define', defining)
        await within('close', engine.close())
        assert.equal(await foundBy(at('A'), 1), 'abc', `${before} turns before the stop`)
      }
    })
  }

  /** Leaves what a process leaves that ends just when it has removed the rows of a journal. */
  async function endWhenRemoved(to: Dbmode): Promise<void> {
    const engine = await start(4, 'abc')
    let rescued: [path: string, text: string][] = []
    onCommit(async () => {
      engine.rescue()
      rescued = rescueFiles().map((path) => [path, readFileSync(path, 'utf8')])
      for (const [path] of rescued) rmSync(path)
      assert.equal(await inTable(), '')
    })
    await within('define', engine.define([defined('q', 0, 0, to)]))
    // The process is taken to have ended there: what it still has is gone.
    await within('close', engine.close())
    assert.equal(await inTable(), '')
    assert.deepEqual(rescueFiles(), [])
    assert.equal(rescued.length, 1)
    for (const [path, text] of rescued) writeFileSync(path, text)
  }

  for (const to of [1, 3] as const) {
    it(`from 4 to ${to} that ends when the rows are removed leaves a rescue file`, async () => {
      await endWhenRemoved(to)
      assert.deepEqual(keysInFiles(), ['a', 'b', 'c'])
      assert.equal(await foundBy(at('A'), 1), 'abc')
      assert.deepEqual(rescueFiles(), [])
    })
  }

  it('leaves a rescue file that is loaded where another program took its ids', async () => {
    await endWhenRemoved(1)
    await database().query(`insert into "q" (id, "key", val) values (1, 'x', 'x')`)
    const keys = await foundBy(at('A'), 4)
    assert.deepEqual([...keys].sort(), ['a', 'b', 'c', 'x'])
    assert.deepEqual(rescueFiles(), [])
  })

  for (const addmode of [0, 1] as const) {
    const value = 'x'.repeat(100)
    const newest = Array.from({ length: 10 }, (_, i) => `k${MANY - 10 + i}`)
    async function startFull(mode: Addmode): Promise<LocalEngine> {
      const engine = process()
      await engine.define([defined('q', 0, mode)])
      for (let i = 0; i < MANY; i++) engine.add('q', `k${i}`, value)
      return engine
    }
    const definition = (dbmode: Dbmode, size: number): QueueDefinition[] => [
      defined('q', size, addmode, dbmode),
    ]

    it(`of a queue made smaller, 0 to 4, keeps the newest (addmode ${addmode})`, async function () {
      this.timeout(180_000)
      const engine = await startFull(addmode)
      const defining = engine.define(definition(4, 0))
      const isBeingWritten = () => filesLike(/draft$/).some((file) => statSync(file).size > 0)
      while (!isBeingWritten()) {
        assert.ok(rescueFiles().length === 0, 'it is written already')
        await turns(1)
      }
      await within('define', engine.define(definition(4, 10)))
      await within('define', defining)
      await works(engine)
      assert.equal(await engine.size('q'), 10)
      await eventually(async () => assert.deepEqual(await keysInTable(), newest))
      assert.doesNotMatch(reports.said.join('\n'), /^error/m)
      assert.deepEqual(
        (await drained(engine)).map(({ key }) => key),
        newest,
      )
    })

    it(`of a queue made smaller, 4 to 0, keeps the newest (addmode ${addmode})`, async function () {
      this.timeout(180_000)
      const engine = await startFull(addmode)
      await within('define', engine.define(definition(4, 0)))
      await works(engine)
      assert.equal((await keysInTable()).length, MANY)
      let smaller: MaybePromise<unknown>
      Connection.prototype.transaction = function (work, timeout) {
        // After the first part of the rows.
        const between = (progressed: () => void) => () => {
          progressed()
          smaller ??= engine.define(definition(0, 10))
        }
        return transaction.call(
          this,
          (driver, progressed) => work(driver, between(progressed)),
          timeout,
        ) as never
      }
      await within('define', engine.define(definition(0, 0)))
      assert.notEqual(smaller, undefined)
      await within('define', smaller)
      await works(engine)
      assert.deepEqual(
        (await drained(engine)).map(({ key }) => key),
        newest,
      )
      await eventually(async () => assert.equal(await inTable(), ''))
      assert.doesNotMatch(reports.said.join('\n'), /^error/m)
    })
  }

  /** Asks for an item and goes; calls a function before the item comes back. */
  async function fetchAndGo(engine: LocalEngine, meanwhile: () => void): Promise<void> {
    const gone = new AbortController()
    const fetching = engine.fetch('q', { signal: gone.signal }) as Promise<unknown>
    const failing = fetching.then(
      () => assert.fail('it was fetched'),
      ({ code }) => {
        meanwhile()
        assert.equal(code, 'MQ_CLOSED')
      },
    )
    gone.abort()
    await within('fetch', failing)
  }

  it('of an item that comes back and is refused keeps the item', async () => {
    const engine = await start(4, 'abc')
    refuseNextRow()
    await fetchAndGo(engine, () => {})
    await eventually(async () => assert.match(reports.said.join(), /refused/))
    assert.equal(await keysOf(engine), 'abc')
    assert.deepEqual(rescueFiles(), [])
  })

  it('of a deleted queue whose change is refused leaves other journals working', async () => {
    const engine = process()
    const [q, r] = [defined('q', 0, 0, 4), defined('r', 0, 0, 4)]
    await engine.define([q, r])
    await engine.add('q', 'a', 'a')
    const key = name === 'MariaDB' ? '"key"(9)' : '"key"'
    await database().query(`create unique index once on "q" (${key})`)
    const refused = assert.rejects(async () => engine.add('q', 'a', 'again'))
    await within('define', engine.define([r]))
    await within('add', refused)
    let size = 0
    const add = async () => {
      const added = await within('add', engine.add('r', 'k', 'v'))
      assert.equal(added.size, ++size)
    }
    await add()
    for (let i = 0; i < 3; i++) {
      // Another queue uses the connection and releases it.
      await within('define', engine.define([r, defined('s', 0, 0, 1)]))
      await works(engine, 's')
      await add()
      await within('define', engine.define([r]))
      await add()
    }
    await within('close', engine.close())
    assert.equal((await database().query('select * from "r"')).length, size)
    assert.equal(await inTable(), 'a')
  })

  for (const before of [0, 1, 5]) {
    it(`to a new address while a journal opens (${before} turns) takes all along`, async () => {
      await (await start(4, 'abc')).close()
      const engine = process()
      const opening = engine.define([defined('q', 0, 0, 4)])
      await turns(before)
      engine.relocate(at('B'))
      await within('define', engine.define([defined('q', 0, 0, 4)]))
      await within('define', opening)
      assert.equal(await keysOf(engine), 'abc')
      await eventually(async () => assert.equal(await inTable(), ''))
      assert.deepEqual(rescueFiles(), [])
    })
  }

  it('to a new address after a commit that was refused takes all along', async () => {
    const engine = await start(4, 'abc')
    refuseNextRow()
    const refused = assert.rejects(async () => engine.add('q', 'd', 'd'))
    engine.relocate(at('B'))
    await within('define', engine.define([defined('q', 0, 0, 4)]))
    await within('add', refused)
    assert.equal(await keysOf(engine), 'abc')
    await eventually(async () => assert.equal(await inTable(), ''))
    assert.deepEqual(rescueFiles(), [])
  })

  it('of a deleted queue to a locked table counts its items, and leaves no file', async () => {
    await start(4)
    const engine = process({ id: 'other' })
    await engine.define([defined('q')])
    for (const key of 'abc') await engine.add('q', key, key)
    await within('define', engine.define([defined('q', 0, 0, 4)]))
    await assert.rejects(async () => engine.size('q'), { code: 'MQ_STORE_LOCKED' })
    assert.equal(engine.unstored('q'), 3)
    assert.equal(rescueFiles().length, 1)
    await within('define', engine.define([]))
    await eventually(async () => assert.deepEqual(rescueFiles(), []))
    assert.equal(engine.unstored('q'), 0)
  })

  if (name === 'SQLite') {
    it('of an item that comes back while the file is held keeps the item', async () => {
      const engine = await start(4, 'abc')
      const { url } = database().location
      const other = new DatabaseSync((url as string).slice('sqlite:'.length))
      try {
        await fetchAndGo(engine, () => other.exec('begin immediate'))
        // It is held until the journal has lost its timeout.
        await eventually(async () => assert.match(reports.said.join(), /locked/))
      } finally {
        other.close()
      }
      assert.equal(await keysOf(engine), 'abc')
      assert.deepEqual(rescueFiles(), [])
    })
  }
})
