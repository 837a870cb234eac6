/** A server that takes no changes any more, and an address behind which there is another one then. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { LocalEngine } from '../../../src/index.ts'
import { defined, eventually } from '../../conformance/engine.ts'
import { Reports } from '../../support/databases.ts'
import { TcpProxy } from '../../support/proxy.ts'
import { requires } from '../../support/required.ts'
import { HAS_MARIADB, HAS_POSTGRES, MariadbServer, PostgresServer } from '../../support/servers.ts'

/** What differs between the databases. */
interface Kind {
  readonly isThere: boolean
  readonly install: string
  start(): Promise<PostgresServer | MariadbServer>
  /** The address of a database for a user whom a server that is read-only refuses. */
  url(server: PostgresServer | MariadbServer): string
  /** Makes a server take no changes, in sessions that are there as well, or take them again. */
  demote(server: PostgresServer | MariadbServer, isReadOnly: boolean): Promise<unknown>
  /** The rows of a table. */
  rows(table: string): string
}

const KINDS: Record<string, Kind> = {
  PostgreSQL: {
    isThere: HAS_POSTGRES,
    install: 'postgresql',
    start: () => PostgresServer.start(),
    url: (server) => server.url(),
    async demote(server, isReadOnly) {
      await server.query(`alter system set default_transaction_read_only = ${isReadOnly}`)
      await server.query('select pg_reload_conf()')
      await eventually(async () => {
        const [row] = await server.query('show default_transaction_read_only')
        assert.equal(row?.default_transaction_read_only, isReadOnly ? 'on' : 'off')
      })
    },
    rows: (table) => `select val from "${table}"`,
  },
  MariaDB: {
    isThere: HAS_MARIADB,
    install: 'mariadb-server',
    async start() {
      const server = await MariadbServer.start()
      await server.query(`create user clerk identified by 'p'; grant all on test.* to clerk`)
      return server
    },
    url: (server) => server.url('clerk', 'p'),
    demote: (server, isReadOnly) => server.query(`set global read_only = ${isReadOnly}`),
    rows: (table) => `select val from test.${table}`,
  },
}

for (const [name, kind] of Object.entries(KINDS)) {
  describe(`${name} that takes no changes any more`, () => {
    requires(kind.isThere, `as root: apt-get install ${kind.install}`)

    let servers: [PostgresServer | MariadbServer, PostgresServer | MariadbServer]
    let proxy: TcpProxy
    let directory: string
    let reports: Reports
    const engines: LocalEngine[] = []
    before(async function () {
      this.timeout(180_000)
      servers = [await kind.start(), await kind.start()]
    })
    after(async () => {
      for (const server of servers ?? []) await server.stop()
    })
    beforeEach(async () => {
      directory = mkdtempSync(join(tmpdir(), 'mqueue-fail-over-'))
      proxy = new TcpProxy(servers[0].port)
      await proxy.start()
      reports = new Reports()
    })
    afterEach(async () => {
      for (const engine of engines.splice(0)) await engine.close()
      await proxy.stop()
      for (const server of servers) {
        await kind.demote(server, false)
        for (const table of ['p', 'q']) {
          await server.query(kind.rows(table).replace('select val from', 'drop table if exists'))
        }
      }
      rmSync(directory, { recursive: true })
    })

    async function start(): Promise<LocalEngine> {
      const url = new URL(kind.url(servers[0]))
      url.port = String(proxy.port)
      const engine = new LocalEngine({ url: url.href, directory, id: 'test' }, reports)
      engines.push(engine)
      await engine.define(['p', 'q'].map((queue) => defined(queue, 0, 0, 4)))
      return engine
    }

    const unavailable = { code: 'MQ_UNAVAILABLE' }
    const add = async (engine: LocalEngine, queue: string) => engine.add(queue, 'k', 'v')
    const errors = () => reports.said.filter((said) => said.startsWith('error'))

    it('is left for the server that its address leads to now, by the queues that only wait as well', async () => {
      const engine = await start()
      await add(engine, 'p')
      await add(engine, 'q')
      await kind.demote(servers[0], true)
      proxy.target = servers[1].port
      await assert.rejects(add(engine, 'q'), unavailable)
      await eventually(async () => void (await add(engine, 'q')))
      await eventually(async () => void (await add(engine, 'p')))
      assert.equal((await servers[1].query(kind.rows('q'))).length, 1)
      assert.equal((await servers[1].query(kind.rows('p'))).length, 1)
      assert.equal((await servers[0].query(kind.rows('q'))).length, 1)
      assert.equal(errors().length, 1, reports.said.join('\n'))
      assert.match(errors()[0] as string, /read.only/)
      await eventually(async () => assert.equal(proxy.connections, 1))
    })

    it('is tried until it takes them, and is reported once', async () => {
      const engine = await start()
      await kind.demote(servers[0], true)
      await assert.rejects(add(engine, 'q'), unavailable)
      for (const queue of ['p', 'q']) {
        // The other one may still be about to try.
        await eventually(() => assert.rejects(add(engine, queue), unavailable))
        await assert.rejects(async () => engine.size(queue), unavailable)
      }
      assert.equal(errors().length, 1, reports.said.join('\n'))
      await kind.demote(servers[0], false)
      for (const queue of ['p', 'q']) {
        await eventually(async () => void (await add(engine, queue)))
      }
      assert.equal(errors().length, 1, reports.said.join('\n'))
    })

    it('is reported at the start', async () => {
      await kind.demote(servers[0], true)
      const engine = await start()
      await assert.rejects(async () => engine.size('q'), unavailable)
      assert.equal(errors().length, 1, reports.said.join('\n'))
      assert.match(errors()[0] as string, /read.only/)
      proxy.target = servers[1].port
      await eventually(async () => void (await add(engine, 'q')))
    })
  })
}
