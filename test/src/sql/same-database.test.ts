/** A journal that goes over to another address, which may be one of the same database: nothing is lost or doubled. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, linkSync, mkdirSync, readdirSync, rmSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { StoreLocation } from '../../../src/address.ts'
import { type Dbmode, LocalEngine } from '../../../src/index.ts'
import { Connection } from '../../../src/sql/connection.ts'
import { defined, eventually } from '../../conformance/engine.ts'
import { DATABASES, onEachDatabase, Reports } from '../../support/databases.ts'
import { drain } from '../../support/drain.ts'
import { closedAfterEach } from '../../support/engines.ts'

const CHILD = join(import.meta.dirname, '../../support/moving.ts')

onEachDatabase('an address of the same database', (database, { name }) => {
  let reports: Reports
  const engines = closedAfterEach<LocalEngine>()
  beforeEach(() => {
    reports = new Reports()
  })

  const urlOf = () => database().location.url as string
  /** The database of the suite by another address. */
  function otherAddress(): StoreLocation {
    const { directory } = database().location
    const link = join(directory, 'link.sqlite')
    if (name === 'SQLite' && !existsSync(link)) symlinkSync('queues.sqlite', link)
    const url = {
      SQLite: `sqlite:${link}`,
      PostgreSQL: `${urlOf().replace('127.0.0.1', 'localhost')}?keepalives=1`,
      MariaDB: `${urlOf().replace('127.0.0.1', 'localhost')}?connectTimeout=4000`,
    }[name]
    return { ...database().location, url }
  }
  /** Another database. */
  const elsewhere = () => ({
    ...database().location,
    url: `sqlite:${join(database().location.directory, 'elsewhere.sqlite')}`,
  })

  async function start(dbmode: Dbmode, location = database().location, items = '') {
    const engine = new LocalEngine(location, reports)
    engines.push(engine)
    await engine.define([defined('q', 0, 0, dbmode)])
    for (const item of items) await engine.add('q', item, item)
    return engine
  }
  async function keysOf(engine: LocalEngine): Promise<string> {
    await eventually(async () => void (await engine.size('q')))
    let keys = ''
    for await (const { key } of drain(engine)) keys += key
    return keys
  }
  const rescueFiles = () =>
    readdirSync(database().location.directory).filter((file) => file.endsWith('.rescue.jsonl'))

  async function foundAt(location: StoreLocation, dbmode: Dbmode = 4): Promise<string> {
    const engine = await start(dbmode, location)
    const keys = await keysOf(engine)
    await engine.close()
    return keys
  }

  it('is found out where the rows could not be removed', async () => {
    const { transaction } = Connection.prototype
    for (const dbmode of [0, 1, 3, 4] as const) {
      await database().wipe()
      const engine = await start(4, database().location, 'abc')
      Connection.prototype.transaction = async () => {
        Connection.prototype.transaction = transaction
        throw new Error('refused')
      }
      engine.relocate(otherAddress(), reports)
      await engine.define([defined('q', 0, 0, dbmode)])
      assert.equal(Connection.prototype.transaction, transaction)
      assert.match(reports.said.join('\n'), /stays there as well: refused/)
      await eventually(async () => assert.equal(await engine.size('q'), 3))
      await engine.save()
      await engine.close()
      const left = dbmode === 0 ? '' : 'abc'
      assert.equal(await foundAt(otherAddress(), dbmode === 3 ? 1 : 4), left, `4 to ${dbmode}`)
      assert.deepEqual(rescueFiles(), [])
    }
  })

  it('is found out where the connection is lost while the rows are removed', async () => {
    const { transaction } = Connection.prototype
    for (const isMade of [false, true]) {
      for (const dbmode of [0, 1, 3, 4] as const) {
        await database().wipe()
        const engine = await start(4, database().location, 'abc')
        Connection.prototype.transaction = async function (...args) {
          Connection.prototype.transaction = transaction
          if (isMade) await transaction.apply(this, args)
          this.lose(new Error('lost'))
          return transaction.apply(this, args) as never
        }
        engine.relocate(otherAddress(), reports)
        await engine.define([defined('q', 0, 0, dbmode)])
        await eventually(async () => assert.equal(await engine.size('q'), 3))
        await engine.save()
        await engine.close()
        const left = dbmode === 0 ? '' : 'abc'
        const what = `4 to ${dbmode}, ${isMade ? 'removed' : 'not removed'}`
        assert.equal(await foundAt(otherAddress(), dbmode === 3 ? 1 : 4), left, what)
      }
    }
  })

  it('is waited for while the rescue file cannot be written, and nothing is doubled', async () => {
    const engine = await start(4, database().location, 'abc')
    const draft = join(database().location.directory, 'test.q.rescue.jsonl.draft')
    mkdirSync(join(draft, 'in the way'), { recursive: true })
    engine.relocate(otherAddress(), reports)
    await engine.define([defined('q', 0, 0, 4)])
    await assert.rejects(async () => engine.size('q'), { code: 'MQ_UNAVAILABLE' })
    rmSync(draft, { recursive: true })
    assert.equal(await keysOf(engine), 'abc')
    await engine.close()
    assert.equal(await foundAt(database().location), '')
  })

  /**
   * Runs a process that moves a queue from the database to another address, and kills itself before a step of it.
   *
   * @returns whether there was such a step
   */
  async function moveUntil(step: number, to: StoreLocation): Promise<boolean> {
    const args = [CHILD, JSON.stringify({ from: database().location, to, step })]
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'inherit', 'inherit'] })
    const [code, signal] = await once(child, 'exit')
    assert.ok(signal === 'SIGKILL' || code === 0, `ended with ${code}`)
    return signal === 'SIGKILL'
  }

  /** A server notices only later that a process is gone. */
  async function connectionsAreOver(): Promise<void> {
    const others = {
      PostgreSQL:
        'select pid from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()',
      MariaDB:
        'select id from information_schema.processlist where db = database() and id <> connection_id()',
    }[name]
    if (others === undefined) return
    while ((await database().query(others)).length > 0) await sleep(5)
  }

  // The steps to another database are shared out among the kinds.
  const kinds = DATABASES.map((kind) => kind.name)
  for (const [where, to, first, stride] of [
    ['the same database', otherAddress, 1, 1],
    ['another database', elsewhere, 1 + kinds.indexOf(name), kinds.length],
  ] as const) {
    it(`gets every item once from a process that is killed at any step (${where})`, async function () {
      this.timeout(240_000)
      for (let step: number = first; ; step += stride) {
        await database().wipe()
        const isKilled = await moveUntil(step, to())
        await connectionsAreOver()
        const found = await foundAt(to())
        // What was not on its way yet is where it was.
        const left = found === '' ? await foundAt(database().location) : ''
        assert.equal(found + left, 'abc', `killed at step ${step}`)
        assert.deepEqual(rescueFiles(), [])
        if (isKilled) continue
        assert.ok(step > 15, `only ${step - 1} steps`)
        if (this.test) this.test.title += ` (${step - 1} steps)`
        return
      }
    })
  }

  if (name === 'PostgreSQL') {
    it('is known by its text where the server does not tell what database it is', async () => {
      const role = `mqueue_${randomBytes(6).toString('hex')}`
      await database().query(`create role ${role} login; grant all on schema public to ${role};
        revoke execute on function pg_control_system() from public`)
      const url = urlOf().replace('postgres@', `${role}@`)
      const location = { ...database().location, url }
      try {
        const engine = await start(4, location, 'abc')
        // It is handed over to an address of the same text, and its rows stay.
        const { transaction } = Connection.prototype
        Connection.prototype.transaction = async () => {
          Connection.prototype.transaction = transaction
          throw new Error('refused')
        }
        engine.relocate({ ...location, url: `${url}?keepalives=1` }, reports)
        await engine.define([defined('q', 0, 0, 4)])
        assert.equal(Connection.prototype.transaction, transaction)
        assert.equal(await keysOf(engine), 'abc')
        await engine.close()
      } finally {
        await database().query(`drop owned by ${role} cascade; drop role ${role}`)
      }
    })
  }

  if (name === 'SQLite') {
    it('may be a hard link: one process has the journal at a time', async () => {
      const engine = await start(4, database().location, 'abc')
      const { directory } = database().location
      mkdirSync(join(directory, 'other'))
      linkSync(join(directory, 'queues.sqlite'), join(directory, 'other', 'linked.sqlite'))
      const url = `sqlite:${directory}/other/linked.sqlite`
      const script = `
        import { LocalEngine } from ${JSON.stringify(import.meta.resolve('../../../src/index.ts'))}
        const engine = new LocalEngine(${JSON.stringify({ directory: join(directory, 'other'), id: 'other', url })})
        await engine.define([{ name: 'q', size: 0, addmode: 0, dbmode: 4 }])
        try { console.log(await engine.size('q')) } catch ({ code }) { console.log(code) }
        await engine.close()`
      const args = ['--input-type=module', '--eval', script]
      const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
      const [said] = await once(child.stdout, 'data')
      assert.equal(String(said), 'MQ_STORE_LOCKED\n')
      assert.equal(await keysOf(engine), 'abc')
    })
  }
})
