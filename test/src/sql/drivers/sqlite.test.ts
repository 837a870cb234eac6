import assert from 'node:assert/strict'
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, rmSync, statSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import {
  type Driver,
  type OpenOptions,
  UncertainCommit,
} from '../../../../src/sql/drivers/driver.ts'
import { openSqlite } from '../../../../src/sql/drivers/sqlite.ts'
import { conformsAsDriver, idsOf, madeTable, row, rows } from '../../../conformance/driver.ts'
import { onDatabase, type TestDatabase } from '../../../support/databases.ts'

const pathOf = ({ location }: TestDatabase) => (location.url as string).slice('sqlite:'.length)

onDatabase('SQLite', 'the driver', (database, kind) => {
  conformsAsDriver(database, kind, (one, options) => openSqlite(pathOf(one), true, options))
})

onDatabase('SQLite', 'the thread', (database) => {
  const drivers: Driver[] = []
  const children: ChildProcess[] = []
  afterEach(async () => {
    for (const driver of drivers.splice(0)) await driver.close()
    for (const child of children.splice(0)) child.kill('SIGKILL')
  })

  async function open(path = pathOf(database()), options: Partial<OpenOptions> = {}) {
    const driver = await openSqlite(path, true, { owner: 'test', onLost: () => {}, ...options })
    drivers.push(driver)
    return driver
  }
  const directory = () => database().location.directory
  const beside = (name: string) => join(directory(), name)
  const lockFiles = () => readdirSync(directory()).filter((file) => file.endsWith('.lock'))

  /** The longest time for which this thread did nothing else while it waited, in ms. */
  async function longestGap(waiting: Promise<unknown>): Promise<number> {
    let longest = 0
    let last = performance.now()
    const timer = setInterval(() => {
      longest = Math.max(longest, performance.now() - last)
      last = performance.now()
    }, 5)
    try {
      await waiting
    } finally {
      clearInterval(timer)
    }
    return Math.max(longest, performance.now() - last)
  }

  /** Its own process that uses the driver; the script finds `driver`, once its table "q" is there. */
  const scriptOf = (script: string) => `
    import { openSqlite } from ${JSON.stringify(import.meta.resolve('../../../../src/sql/drivers/sqlite.ts'))}
    const lost = (cause) => console.log('lost', cause.message)
    const driver = await openSqlite(${JSON.stringify(pathOf(database()))}, true, { owner: 'child', onLost: lost })
    await driver.create(['q'])
    ${script}`
  const asModule = (script: string) => ['--input-type=module', '--eval', scriptOf(script)]

  async function startLocking(): Promise<ChildProcess> {
    const script = `console.log(...await driver.lock(['q'])); setInterval(() => {}, 1000)`
    const child = spawn(process.execPath, asModule(script), {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    children.push(child)
    const [said] = await once(child.stdout as NodeJS.ReadableStream, 'data')
    assert.equal(String(said), 'q\n')
    return child
  }

  describe('while another program writes to a file', () => {
    it('holds up neither this one nor another file', async () => {
      const [busy, free] = [await open(), await open(beside('free.sqlite'))]
      const [q, p] = [await madeTable(busy, 'q'), await madeTable(free, 'p')]
      const other = new DatabaseSync(pathOf(database()))
      other.exec('begin immediate')
      const writing = busy.write([{ table: q, removed: [], added: rows(1, 3) }])
      const gap = longestGap(writing)
      for (let id = 1; id <= 20; id++) {
        await free.write([{ table: p, removed: [], added: [row(id)] }])
      }
      assert.equal(await free.count(p), 20)
      assert.equal(await Promise.race([writing, sleep(200, 'busy')]), 'busy')
      other.close()
      await writing
      // A wait for the lock in this thread would last until the write gives up, after three seconds.
      assert.ok((await gap) < 2_000, `a gap of ${await gap} ms`)
      assert.equal(await busy.count(q), 3)
    })

    it('gives up after some seconds, with nothing changed', async () => {
      const driver = await open()
      const table = await madeTable(driver, 'q')
      const other = new DatabaseSync(pathOf(database()))
      other.exec('begin immediate')
      await assert.rejects(
        driver.write([{ table, removed: [], added: [row(1)] }]),
        (error: Error) => error.message === 'database is locked',
      )
      other.close()
      await driver.write([{ table, removed: [], added: [row(2)] }])
      assert.deepEqual(idsOf(await driver.read(table, undefined, 9)), [2])
    })
  })

  it('that is slow holds up nobody here', async () => {
    const driver = await open()
    const table = await madeTable(driver, 'q')
    await database().query('create table "big" (n)')
    await database().query(`insert into "big" with recursive i(n) as
      (select 1 union all select n + 1 from i where n < 250) select n from i`)
    await database().query(`create trigger "slow" after insert on "q" begin
      select count(*) from "big" a, "big" b, "big" c where a.n + b.n + c.n < 0; end`)
    const shares: number[] = []
    // The machine may do something else for a while, though hardly each time.
    for (let id = 1; id <= 5 && shares.every((share) => share >= 0.5); id++) {
      const start = performance.now()
      const gap = await longestGap(driver.write([{ table, removed: [], added: [row(id)] }]))
      const took = performance.now() - start
      assert.ok(took > 300, `took only ${took} ms`)
      shares.push(gap / took)
    }
    assert.ok((shares.at(-1) as number) < 0.5, `nothing else was done for ${shares} of the time`)
  })

  describe('that dies', () => {
    it('loses every connection, and the next one has a new thread', async () => {
      const { postMessage } = Worker.prototype
      const workers = new Set<Worker>()
      Worker.prototype.postMessage = function (...args) {
        workers.add(this)
        return postMessage.apply(this, args as never)
      }
      const lost: string[] = []
      const path = pathOf(database())
      const one = await open(path, { onLost: () => lost.push('one') })
      await open(beside('other.sqlite'), { onLost: () => lost.push('other') })
      const table = await madeTable(one, 'q')
      await one.write([{ table, removed: [], added: [row(1)] }])
      await one.lock(['q'])
      Worker.prototype.postMessage = postMessage
      const locker = new DatabaseSync(path)
      locker.exec('begin immediate')
      const writing = assert.rejects(
        one.write([{ table, removed: [], added: [row(2)] }]),
        UncertainCommit,
      )
      for (const worker of workers) await worker.terminate()
      await writing
      locker.close()
      assert.deepEqual(lost.sort(), ['one', 'other'])
      await assert.rejects(one.count(table))
      const next = await open()
      assert.deepEqual(idsOf(await next.read(table, undefined, 9)), [1])
      assert.deepEqual(await next.lock(['q']), new Set(['q']))
    })
  })

  it('does not keep the process from ending, but what it is asked for does', () => {
    const script = `
      const { columns } = (await driver.describe(['q'])).get('q')
      const table = { name: 'q', key: columns[1], val: columns[2], typed: true }
      const row = { id: 1, key: 'k', val: 'v', val_type: null }
      driver.write([{ table, removed: [], added: [row] }]).then(() => console.log('written'))`
    const ended = spawnSync(process.execPath, asModule(script), { timeout: 10_000 })
    assert.equal(String(ended.stdout), 'written\n')
    assert.equal(ended.status, 0)
  })

  it('without SQLite in Node.js says which Node.js has it', () => {
    const args = ['--no-experimental-sqlite', ...asModule('')]
    const ended = spawnSync(process.execPath, args)
    assert.match(String(ended.stderr), /MqueueError: SQLite needs Node\.js 22\.13/)
    assert.match(String(ended.stderr), /MQ_UNAVAILABLE/)
  })

  it('makes a file that nobody else may read', async () => {
    const driver = await open()
    await madeTable(driver, 'q')
    for (const file of readdirSync(directory())) {
      assert.equal(statSync(beside(file)).mode & 0o777, 0o600, file)
    }
  })

  it('prepares 3,000 tables without a step for each', async () => {
    const driver = await open()
    const names = Array.from({ length: 3_000 }, (_, at) => `queue-${at}`)
    const times: number[] = []
    const timed = async <T>(work: Promise<T>): Promise<T> => {
      const start = performance.now()
      const result = await work
      times.push(Math.round(performance.now() - start))
      return result
    }
    // The time of the processor, since others may be using the machine.
    const before = process.cpuUsage()
    assert.equal((await timed(driver.describe(names))).size, 0)
    assert.equal((await timed(driver.create(names))).size, 0)
    assert.equal((await timed(driver.describe(names))).size, 3_000)
    assert.equal((await timed(driver.lock(names))).size, 3_000)
    const { user, system } = process.cpuUsage(before)
    console.log(`        describe, create, describe, lock: ${times.join(', ')} ms`)
    assert.ok(user + system < 3_000_000, `took ${(user + system) / 1_000} ms`)
  })

  describe('a claim', () => {
    const claims = async () =>
      (await database().query('select name from "mqueue lock" order by name')).map(
        ({ name }) => name,
      )

    it('leaves nothing before it is made, and one private file until it is closed', async () => {
      const driver = await open()
      for (const name of ['p', 'Q']) await madeTable(driver, name)
      assert.equal((await driver.describe(['mqueue lock'])).size, 0)
      assert.deepEqual(lockFiles(), [])
      assert.deepEqual(await driver.lock(['p', 'Q']), new Set(['p', 'Q']))
      assert.deepEqual(await claims(), ['p', 'q'])
      const [file, ...others] = lockFiles()
      assert.equal(others.length, 0)
      assert.equal(statSync(beside(file as string)).mode & 0o777, 0o600)
      await driver.unlock(['P'])
      assert.deepEqual(await claims(), ['q'])
      await driver.close()
      assert.deepEqual(await claims(), [])
      assert.deepEqual(lockFiles(), [])
    })

    it('ends with a connection that is ended at once', async () => {
      const driver = await open()
      await madeTable(driver, 'q')
      await driver.lock(['q'])
      driver.destroy()
      const next = await open()
      assert.deepEqual(lockFiles(), [])
      assert.deepEqual(await next.lock(['q']), new Set(['q']))
    })

    it('is one for all names of a file', async () => {
      const driver = await open()
      await madeTable(driver, 'q')
      await driver.lock(['q'])
      symlinkSync(pathOf(database()), beside('link.sqlite'))
      const other = await open(beside('link.sqlite'))
      assert.deepEqual(await other.lock(['q']), new Set())
    })

    it('that another has taken fails the writes, and nothing is changed', async () => {
      const driver = await open()
      const [p, q] = [await madeTable(driver, 'p'), await madeTable(driver, 'q')]
      await driver.lock(['p', 'q'])
      await driver.write([{ table: q, removed: [], added: [row(1)] }])
      await database().query(`update "mqueue lock" set owner = 'thief' where name = 'q'`)
      await assert.rejects(
        driver.write([
          { table: p, removed: [], added: [row(1)] },
          { table: q, removed: [1], added: [row(2)] },
        ]),
        (error: Error) =>
          !(error instanceof UncertainCommit) &&
          /another process has taken the table "q"/.test(error.message),
      )
      assert.equal(await driver.count(p), 0)
      await driver.write([{ table: p, removed: [], added: [row(1)] }])
      assert.deepEqual(idsOf(await driver.read(q, undefined, 9)), [1])
    })

    it('of a process that lives is kept, of one that was killed it is taken', async () => {
      const child = await startLocking()
      const driver = await open()
      assert.deepEqual(await driver.lock(['q']), new Set())
      assert.equal(lockFiles().length, 2)
      assert.deepEqual(await driver.lock(['q']), new Set(), 'to look does not break it')
      child.kill('SIGKILL')
      await once(child, 'exit')
      assert.deepEqual(await driver.lock(['q']), new Set(['q']))
      assert.equal(lockFiles().length, 1)
    })

    it('whose file was deleted is kept by an owner that lives', async () => {
      const child = await startLocking()
      const [file = ''] = lockFiles()
      rmSync(beside(file))
      const driver = await open()
      assert.deepEqual(await driver.lock(['q']), new Set())
      assert.ok(lockFiles().includes(file))
      child.kill('SIGKILL')
      await once(child, 'exit')
      rmSync(beside(file))
      assert.deepEqual(await driver.lock(['q']), new Set(['q']))
    })

    it('whose owner stands still while its file is deleted is taken, and it can write no more', async () => {
      const script = `
        await driver.lock(['q'])
        console.log('locked')
        process.stdin.once('data', async () => {
          const table = { name: 'q', typed: true }
          const row = { id: 1, key: 'k', val: 'v', val_type: null }
          const error = await driver.write([{ table, removed: [], added: [row] }]).catch((e) => e)
          console.log(error?.message)
          process.exit()
        })`
      const child = spawn(process.execPath, asModule(script), {
        stdio: ['pipe', 'pipe', 'inherit'],
      })
      children.push(child)
      await once(child.stdout, 'data')
      child.kill('SIGSTOP')
      for (const file of lockFiles()) rmSync(beside(file))
      const driver = await open()
      assert.deepEqual(await driver.lock(['q']), new Set(['q']))
      child.stdin.write('write\n')
      child.kill('SIGCONT')
      const [said] = await once(child.stdout, 'data')
      assert.match(String(said), /another process has taken the table "q"/)
    })
  })
})
