/** The user and the password of a database, and where they must not be seen. */
import assert from 'node:assert/strict'
import { rmSync } from 'node:fs'
import { LocalEngine } from '../../../src/index.ts'
import { defined } from '../../conformance/engine.ts'
import { onEachDatabase, Reports, type TestDatabase } from '../../support/databases.ts'
import { config, probe, TAB } from '../../support/flows.ts'
import { makeUserDir, NodeRed } from '../../support/node-red.ts'

const PASSWORD = 'p@ss:/w%rd\'"?#'
/** Roles belong to the whole server. */
const USER = `mqueue-clerk-${process.pid}`

onEachDatabase('a user and a password', (database, { name }) => {
  if (name === 'SQLite') return

  const grant = {
    PostgreSQL: (own: string) => [
      `create role "${USER}" login password '${PASSWORD.replaceAll("'", "''")}'`,
      `grant all on database ${own} to "${USER}"`,
      `grant all on schema public to "${USER}"`,
    ],
    MariaDB: (own: string) => [
      `create user "${USER}"@'127.0.0.1' identified by '${PASSWORD.replaceAll("'", "''")}'`,
      `grant all on ${own}.* to "${USER}"@'127.0.0.1'`,
    ],
  }[name as 'MariaDB']
  const revoke = {
    PostgreSQL: [`drop owned by "${USER}" cascade`, `drop role "${USER}"`],
    MariaDB: [`drop user "${USER}"@'127.0.0.1'`],
  }[name as 'MariaDB']

  const address = (one: TestDatabase) => new URL(one.location.url as string)
  beforeEach(async () => {
    for (const text of grant(address(database()).pathname.slice(1))) await database().query(text)
  })
  afterEach(async () => {
    for (const text of revoke) await database().query(text)
  })

  const bare = () => {
    const url = address(database())
    url.username = ''
    return url.href
  }
  const inUrl = (password: string) => {
    const url = address(database())
    url.username = encodeURIComponent(USER)
    url.password = encodeURIComponent(password)
    return url.href
  }

  async function whoIs(location: { url: string; user?: string; password?: string }) {
    const engine = new LocalEngine({ ...database().location, ...location }, new Reports())
    await engine.define([defined('q', 0, 0, 4)])
    try {
      await engine.add('q', 'k', 'v')
      const sessions =
        name === 'PostgreSQL'
          ? `select usename as name from pg_stat_activity where application_name like 'mqueue %'`
          : 'select user as name from information_schema.processlist where db = database()'
      return (await database().query(sessions)).map((row) => row.name)
    } finally {
      await engine.close()
    }
  }

  it('come from the credentials or the URL, the credentials first', async () => {
    assert.ok((await whoIs({ url: bare(), user: USER, password: PASSWORD })).includes(USER))
    assert.ok((await whoIs({ url: inUrl(PASSWORD) })).includes(USER))
    const url = inUrl('wrong').replace(USER, 'nobody')
    assert.ok((await whoIs({ url, user: USER, password: PASSWORD })).includes(USER))
  })

  it('stand in no log, error, status or flow', async () => {
    const userDir = makeUserDir()
    const credentials = { user: 'mqueue-stranger', password: `${PASSWORD}-wrong` }
    // PostgreSQL trusts everybody from here but whom it does not know.
    const flows = [
      TAB,
      { ...config([{ name: 'q', dbmode: 4 }], { dbUrl: bare() }), credentials },
      ...probe({ id: 'add', type: 'mq-add', queue: 'q' }),
      { id: 'status', type: 'status', z: 'tab', scope: null, wires: [['show']], x: 1, y: 1 },
      { id: 'show', type: 'debug', z: 'tab', console: true, complete: 'true', x: 1, y: 1 },
    ]
    const red = await NodeRed.start({ userDir, flows: [TAB] })
    try {
      await red.deploy(flows)
      const { error } = await red.ask('add', { payload: 1 })
      assert.equal(error?.code, 'MQ_UNAVAILABLE')
      assert.match(error?.message ?? '', /the user and the password/)
      await red.logged(/unavailable/)
      const exported = await (await fetch(`${red.url}/flows`)).text()
      const seen = `${JSON.stringify(error)}${red.log}${exported}`
      for (const secret of [credentials.user, PASSWORD, encodeURIComponent(PASSWORD)]) {
        assert.ok(!seen.includes(secret), secret)
      }
    } finally {
      await red.stop({ keep: true })
      rmSync(userDir, { recursive: true })
    }
  })
})
