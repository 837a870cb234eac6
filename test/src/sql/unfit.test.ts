/** Tables that a queue cannot be kept in, or not every text. */
import assert from 'node:assert/strict'
import { LocalEngine, MqueueError } from '../../../src/index.ts'
import { defined } from '../../conformance/engine.ts'
import { onEachDatabase, Reports } from '../../support/databases.ts'

onEachDatabase('a table', (database, { name }) => {
  if (name === 'SQLite') return

  async function start(dbmode: 1 | 4, queue = 'q') {
    const engine = new LocalEngine(database().location, new Reports())
    await engine.define([defined(queue, 0, 0, dbmode)])
    return engine
  }

  async function refuses(says: RegExp, queue = 'q'): Promise<void> {
    for (const dbmode of [1, 4] as const) {
      const engine = await start(dbmode, queue)
      try {
        await assert.rejects(
          async () => engine.add(queue, 'k', 'v'),
          (error) => error instanceof MqueueError && says.test(error.message),
        )
      } finally {
        await engine.close()
      }
    }
  }

  if (name === 'PostgreSQL') {
    it('with a name that PostgreSQL would cut is not made', () =>
      refuses(/PostgreSQL keeps 63 characters/, 'x'.repeat(64)))

    it('that is a foreign table or an index is none', async () => {
      await database().query('create table other (a int); create index "q" on other (a)')
      await refuses(/not a table/)
    })

    it('with a text that is padded is reported', async () => {
      await database().query('create table "q" (id int primary key, "key" char(9), val text)')
      await refuses(/its column "key" has the type character\(9\); it must be a text/)
    })

    it('without a sequence, or with identities, gets rows all the same', async () => {
      for (const id of ['bigint primary key', 'bigint generated always as identity primary key']) {
        await database().wipe()
        await database().query(`create table "q" (id ${id}, "key" varchar, val varchar)`)
        const engine = await start(4)
        for (let i = 0; i < 3; i++) await engine.add('q', 'k', 'v')
        await engine.close()
        assert.equal((await database().query('select * from "q"')).length, 3)
      }
    })
  } else {
    it('whose engine knows no transactions is reported', async () => {
      await database().query(
        'create table "q" (id int primary key, "key" text, val text) engine = MyISAM',
      )
      await refuses(/engine is MyISAM.*InnoDB/)
    })

    it('keeps what its character set holds, and refuses the rest by itself', async () => {
      const cases = [
        ['latin1', 'é', '漢'],
        ['utf8mb3', 'é', '😀'],
      ] as const
      for (const [charset, good, bad] of cases) {
        await database().wipe()
        await database().query(`create table "q" (id int primary key, "key" varchar(9), val tinytext)
          default charset = ${charset}`)
        const engine = await start(4)
        assert.equal((await engine.add('q', good, good)).size, 1)
        await assert.rejects(async () => engine.add('q', 'k', bad), /utf8mb4/)
        await assert.rejects(async () => engine.add('q', 'k', 'x'.repeat(256)), /at most 255 bytes/)
        await assert.rejects(
          async () => engine.add('q', 'x'.repeat(10), 'v'),
          /at most 9 characters/,
        )
        await engine.close()
      }
    })

    it('refuses what no packet would carry', async () => {
      const engine = await start(4)
      await assert.rejects(
        async () => engine.add('q', 'k', 'x'.repeat(20_000_000)),
        /It does not fit into column "val".* bytes/,
      )
      await engine.add('q', 'k', 'x'.repeat(5_000_000))
      await engine.close()
    })
  }
})
