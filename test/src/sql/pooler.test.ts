/** PostgreSQL behind a PgBouncer. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { LocalEngine, type MqueueError } from '../../../src/index.ts'
import { Unusable } from '../../../src/sql/drivers/driver.ts'
import { openPostgres } from '../../../src/sql/drivers/postgres.ts'
import { defined, eventually } from '../../conformance/engine.ts'
import { Reports } from '../../support/databases.ts'
import { requires } from '../../support/required.ts'
import { HAS_PGBOUNCER, PgBouncer, PostgresServer } from '../../support/servers.ts'

const SHARED = /each transaction in another session.*pool_mode = session/

describe('PostgreSQL behind a pooler', () => {
  requires(HAS_PGBOUNCER, 'as root: apt-get install postgresql pgbouncer')

  let server: PostgresServer
  let directory: string
  const engines: LocalEngine[] = []
  let poolers: PgBouncer[] = []
  before(async function () {
    this.timeout(180_000)
    server = await PostgresServer.start()
  })
  after(async () => {
    await server?.stop()
  })
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'mqueue-pooler-'))
  })
  afterEach(async () => {
    for (const engine of engines.splice(0)) await engine.close()
    for (const pooler of poolers) await pooler.stop()
    poolers = []
    await server.query('drop table if exists "q"')
    rmSync(directory, { recursive: true })
  })

  async function pool(...settings: string[]): Promise<PgBouncer> {
    const pooler = await PgBouncer.start(server, settings)
    poolers.push(pooler)
    return pooler
  }

  async function start(url: string, reports = new Reports()): Promise<LocalEngine> {
    const engine = new LocalEngine({ url, directory, id: `${engines.length}` }, reports)
    engines.push(engine)
    await engine.define([defined('q', 0, 0, 4)])
    return engine
  }

  const refused = (engine: LocalEngine) =>
    assert.rejects(
      async () => engine.size('q'),
      ({ code, message }: MqueueError) => code === 'MQ_UNAVAILABLE' && SHARED.test(message),
    )

  /** The advisory locks that sessions of the server have. */
  const locks = () => server.query(`select * from pg_locks where locktype = 'advisory'`)

  for (const settings of [
    ['pool_mode = transaction'],
    ['pool_mode = transaction', 'default_pool_size = 1'],
    ['pool_mode = transaction', 'server_round_robin = 1', 'min_pool_size = 2'],
    ['pool_mode = transaction', 'server_round_robin = 1', 'min_pool_size = 3'],
    ['pool_mode = statement'],
  ]) {
    it(`that has ${settings.join(', ')} is refused with the reason, and no lock stays behind`, async () => {
      const { url } = await pool(...settings)
      const reports = new Reports()
      const [one, two] = [await start(url, reports), await start(url)]
      await refused(one)
      await refused(two)
      assert.deepEqual(await locks(), [])
      assert.equal(reports.said.length, 1, reports.said.join('\n'))
      const direct = await start(server.url())
      assert.equal((await direct.add('q', 'k', 'v')).size, 1)
    })
  }

  it('that has pool_mode = session works, and one queue has one process', async () => {
    const { url } = await pool('pool_mode = session')
    const one = await start(url)
    for (const value of [1, 2]) await one.add('q', 'k', value)
    await Promise.all([3, 4].map(async (value) => one.add('q', 'k', value)))
    const two = await start(url)
    await assert.rejects(async () => two.size('q'), { code: 'MQ_STORE_LOCKED' })
    assert.equal((await one.fetch('q'))?.value, 1)
    await one.close()
    await eventually(async () => assert.equal(await two.size('q'), 3))
    assert.equal((await two.fetch('q'))?.value, 2)
    await two.close()
    await eventually(async () => assert.deepEqual(await locks(), []))
  })

  it('that has pool_mode = session and no session to spare works', async () => {
    const { url } = await pool('pool_mode = session', 'default_pool_size = 1')
    const engine = await start(url)
    assert.equal((await engine.add('q', 'k', 'v')).size, 1)
  })

  describe('that begins to give the session away', () => {
    let pooler: PgBouncer
    let intruder: pg.Client
    beforeEach(async () => {
      pooler = await pool('pool_mode = session', 'admin_users = postgres')
      intruder = new pg.Client(pooler.url)
      await intruder.connect()
    })
    afterEach(() => intruder.end())

    /** Has another client take the session that was used last, and keep it. */
    async function intrude(use: () => Promise<unknown>): Promise<void> {
      await pooler.command('set pool_mode = transaction')
      await use()
      await intruder.query('begin')
    }

    it('is given up before an item is taken twice', async () => {
      const reports = new Reports()
      const engine = await start(pooler.url, reports)
      for (const value of [1, 2, 3]) await engine.add('q', 'k', value)
      await intrude(async () => assert.equal((await engine.fetch('q'))?.value, 1))
      await assert.rejects(async () => engine.fetch('q'), SHARED)
      await refused(engine)
      await intruder.query('rollback')
      await refused(engine)
      assert.equal((await server.query('select * from "q"')).length, 2)
      assert.equal(reports.said.length, 1, reports.said.join('\n'))
      await pooler.command('set pool_mode = session')
      await eventually(async () => assert.equal((await engine.fetch('q'))?.value, 2))
    })

    it('is given up before a table is locked in a session of others, or released there', async () => {
      const options = { owner: 'mqueue pooler', onLost: () => {} }
      const driver = await openPostgres(pooler.url, options)
      driver.hold(true)
      await driver.create(['q', 'p'])
      assert.deepEqual(await driver.lock(['q']), new Set(['q']))
      await intrude(() => driver.describe(['q']))
      await assert.rejects(driver.lock(['p']), Unusable)
      await driver.unlock(['q'])
      assert.equal((await locks()).length, 1)
      await driver.close()
      await server.query('drop table "p"')
    })
  })
})
