/** A database that answers and refuses every write, and a connection that is cut while nothing is under way. */
import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { LocalEngine } from '../../../src/index.ts'
import { Connection } from '../../../src/sql/connection.ts'
import { defined, eventually } from '../../conformance/engine.ts'
import { onEachDatabase, Reports } from '../../support/databases.ts'
import { closedAfterEach } from '../../support/engines.ts'
import { TcpProxy } from '../../support/proxy.ts'

onEachDatabase('a database that refuses writes', (database, { name }) => {
  let reports: Reports
  const engines = closedAfterEach<LocalEngine>()
  beforeEach(() => {
    reports = new Reports()
  })

  async function start(location = {}, queues = ['q']): Promise<LocalEngine> {
    const engine = new LocalEngine({ ...database().location, ...location }, reports)
    engines.push(engine)
    await engine.define(queues.map((queue) => defined(queue, 0, 0, 4)))
    return engine
  }

  /** The texts that make a table refuse what is added, with another reason each time. */
  const refuse = {
    SQLite: [
      `create trigger refuse before insert on "q" begin select raise(abort, 'no adds today'); end`,
    ],
    PostgreSQL: [
      `create function refuse() returns trigger language plpgsql as
        'begin raise exception ''no adds today''; end'`,
      'create trigger refuse before insert on "q" for each row execute function refuse()',
    ],
    MariaDB: [
      `create trigger refuse before insert on "q" for each row
        signal sqlstate '45000' set message_text = 'no adds today'`,
    ],
  }[name as 'SQLite']
  const accept = name === 'PostgreSQL' ? 'drop trigger refuse on "q"' : 'drop trigger refuse'

  /** Adds for some time, as fast as it is answered; returns how many adds reached the database. */
  async function hammer(engine: LocalEngine, time: number): Promise<number> {
    const { write } = Connection.prototype
    let writes = 0
    Connection.prototype.write = function (...args) {
      writes++
      return write.apply(this, args)
    }
    try {
      for (const end = performance.now() + time; performance.now() < end; ) {
        await assert.rejects(async () => engine.add('q', 'k', 'v'), { code: 'MQ_UNAVAILABLE' })
        await sleep(5)
      }
      return writes
    } finally {
      Connection.prototype.write = write
    }
  }

  const said = (level: string) => reports.said.filter((text) => text.startsWith(level))

  /** Adds until one is taken, and looks at what was said. */
  async function worksAgain(engine: LocalEngine): Promise<void> {
    assert.deepEqual(said('info'), [])
    await eventually(async () => void (await engine.add('q', 'k', 'after')))
    assert.deepEqual(said('info'), ['info: Queue "q" works again.'])
  }

  it('is reported once, tried ever less often, and reported as working when a write has worked', async () => {
    const engine = await start()
    await engine.add('q', 'k', 'before')
    for (const text of refuse) await database().query(text)
    const writes = await hammer(engine, 1_500)
    assert.ok(writes >= 2 && writes <= 6, `${writes} writes`)
    assert.equal(said('error').length, 1, reports.said.slice(0, 9).join('\n'))
    assert.match(said('error')[0] as string, /no adds today/)
    await database().query(accept)
    await worksAgain(engine)
    assert.equal(said('error').length, 1, reports.said.join('\n'))
    // It is reported again when it comes again, and tried at once.
    for (const text of name === 'PostgreSQL' ? refuse.slice(1) : refuse)
      await database().query(text)
    assert.ok((await hammer(engine, 1_000)) >= 2)
    assert.equal(said('error').length, 2, reports.said.join('\n'))
  })

  it('for another reason each time is reported once', async () => {
    const engine = await start()
    const key = name === 'MariaDB' ? '"key"(9)' : '"key"'
    await database().query(`create unique index once on "q" (${key})`)
    for (const key of ['a', 'b']) await engine.add('q', key, 'v')
    const refused = { code: 'MQ_UNAVAILABLE' }
    for (const end = performance.now() + 1_000; performance.now() < end; ) {
      for (const key of ['a', 'b']) {
        await assert.rejects(async () => engine.add('q', key, 'v'), refused)
        await sleep(5)
      }
    }
    assert.equal(said('error').length, 1, reports.said.slice(0, 9).join('\n'))
    assert.deepEqual(said('info'), [])
  })

  if (name === 'SQLite') return

  it('since the account may only read is reported once, and works when it may write', async () => {
    const clerk = `clerk_${process.pid}_${name.toLowerCase()}`
    const own = new URL(database().location.url as string).pathname.slice(1)
    const first = await start({}, ['q', 'other'])
    await first.add('q', 'k', 'before')
    await first.close()
    const grants = {
      PostgreSQL: [
        [
          `create role ${clerk} login password 'p'`,
          `grant usage on schema public to ${clerk}`,
          `grant select on all tables in schema public to ${clerk}`,
          `grant all on all sequences in schema public to ${clerk}`,
        ],
        [`grant insert, delete on "q" to ${clerk}`],
        [`drop owned by ${clerk}`, `drop role ${clerk}`],
      ],
      MariaDB: [
        [
          `create user ${clerk}@'127.0.0.1' identified by 'p'`,
          `grant select on ${own}.* to ${clerk}@'127.0.0.1'`,
        ],
        [`grant insert, delete on ${own}.* to ${clerk}@'127.0.0.1'`],
        [`drop user ${clerk}@'127.0.0.1'`],
      ],
    }[name as 'MariaDB'] as [string[], string[], string[]]
    const [read, write, remove] = grants
    for (const text of read) await database().query(text)
    try {
      // The other one keeps a connection that was made before the account could write.
      const engine = await start({ user: clerk, password: 'p' }, ['q', 'other'])
      await hammer(engine, 500)
      assert.equal(said('error').length, 1, reports.said.slice(0, 9).join('\n'))
      for (const text of write) await database().query(text)
      await worksAgain(engine)
      await engine.close()
    } finally {
      for (const text of remove) await database().query(text)
    }
  })

  it('but had only its idle connection cut is not an error, and what comes meanwhile waits', async () => {
    const proxy = new TcpProxy(Number(new URL(database().location.url as string).port))
    await proxy.start()
    const url = new URL(database().location.url as string)
    url.port = String(proxy.port)
    try {
      const engine = await start({ url: url.href }, ['q', 'other'])
      await engine.add('q', 'k', 'before')
      proxy.delay = 20
      for (let cuts = 0; cuts < 3; cuts++) {
        proxy.cut()
        // The cut is noticed, and the way to a new connection is long.
        await eventually(async () => assert.equal(proxy.connections, 1))
        await engine.add('q', 'k', cuts)
        assert.equal(await engine.size('other'), 0)
      }
      assert.deepEqual(reports.said, [])
      assert.equal(await engine.size('q'), 4)
      await engine.close()
    } finally {
      await proxy.stop()
    }
  })
})
