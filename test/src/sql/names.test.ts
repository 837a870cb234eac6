/** Names that a database folds, shares or reads as more than a name. */
import assert from 'node:assert/strict'
import type { StoreLocation } from '../../../src/address.ts'
import { LocalEngine, MqueueError } from '../../../src/index.ts'
import { defined } from '../../conformance/engine.ts'
import { onDatabase, onKind, Reports } from '../../support/databases.ts'
import { drained } from '../../support/drain.ts'
import { closedAfterEach } from '../../support/engines.ts'
import { ownMariadb } from '../../support/own-mariadb.ts'

function opener(location: () => StoreLocation) {
  const engines = closedAfterEach<LocalEngine>()
  return async (queues: string[], more: Partial<StoreLocation> = {}) => {
    const engine = new LocalEngine({ ...location(), ...more }, new Reports())
    engines.push(engine)
    await engine.define(queues.map((queue) => defined(queue, 0, 0, 4)))
    return engine
  }
}

const refuses = (engine: LocalEngine, queue: string, says: RegExp) =>
  assert.rejects(
    async () => engine.add(queue, 'k', 'v'),
    (error) => error instanceof MqueueError && says.test(error.message),
  )

onDatabase('MariaDB', 'two tables whose names differ in case', (database) => {
  const open = opener(() => database().location)

  it('are two queues, also when they are opened together', async () => {
    for (const queues of [
      ['Q', 'q'],
      ['q', 'Q'],
      ['q', 'other', 'Q'],
    ]) {
      for (const size of [1, 2]) {
        const engine = await open(queues)
        for (const queue of queues) assert.equal((await engine.add(queue, 'k', queue)).size, size)
        await engine.close()
      }
      await database().wipe()
    }
  })
})

for (const [name, ...queues] of [
  ['SQLite', 'calls', 'Calls'],
  ['PostgreSQL', 'calls', 'Calls', 'public.calls'],
] as const) {
  onDatabase(name, 'a table of several names', (database) => {
    const open = opener(() => database().location)

    it('is locked under all of them', async () => {
      for (const queue of queues) {
        const engine = await open([queue])
        await engine.add(queue, 'k', 'v')
        for (const name of queues) {
          const other = await open([name])
          await refuses(other, name, /another process/)
          await other.close()
        }
        await engine.close()
      }
    })
  })
}

onKind(ownMariadb('MariaDB', '--lower-case-table-names=1'), 'one case for all', (database) => {
  const open = opener(() => database().location)

  it('is one lock, whatever the case of the table and of the database', async () => {
    const engine = await open(['Calls', 'other'])
    await engine.add('Calls', 'k', 'v')
    const url = database().location.url?.replace('mqueue_test', 'MQUEUE_TEST')
    for (const [queue, more] of [
      ['calls', {}],
      ['CALLS', { url }],
    ] as const) {
      const other = await open([queue, 'more'], more)
      await refuses(other, queue, /another process/)
      await other.close()
    }
    await engine.close()
    assert.equal((await drained(await open(['calls']), 'calls')).length, 1)
  })
})

onDatabase('PostgreSQL', 'the table of a queue', (database) => {
  const open = opener(() => database().location)
  const make = (table: string, more = '') =>
    database().query(`create ${more} table ${table} (id serial primary key,
      "key" varchar not null, val varchar not null); insert into ${table} values (1, 'k', 'v')`)

  for (const queue of ['Calls', 'sip.incoming', 'public.calls']) {
    it(`"${queue}" that was made with quotes is used on, until there is Kamailio's as well`, async () => {
      await make(`"${queue}"`)
      const engine = await open([queue])
      assert.equal((await engine.add(queue, 'k', 'v')).size, 2)
      await engine.close()
      await database().query('create schema if not exists sip')
      await make(queue)
      const names = queue.includes('.') ? queue : 'public.calls'
      await refuses(await open([queue]), queue, new RegExp(`two tables, ${names}.*"${queue}"`))
      await database().query(`drop table "${queue}"`)
      assert.equal((await drained(await open([queue]), queue)).length, 1)
      await database().query('drop schema sip cascade')
    })
  }

  it('is not mistaken for another table that is not a queue', async () => {
    await database().query('create table "Calls" (id int, name text)')
    const engine = await open(['Calls'])
    assert.equal((await engine.add('Calls', 'k', 'v')).size, 1)
    assert.equal((await database().query('select * from calls')).length, 1)
  })

  it('in no schema says what to do', async () => {
    await refuses(
      await open(['sip.incoming']),
      'sip.incoming',
      /schema "sip" does not exist; make it/,
    )
  })

  it('in a schema that may not be used takes no other queue down', async () => {
    await database().query('create schema sip')
    await make('sip.calls')
    const user = `mqueue_user_${process.pid}`
    await database().query(`create role ${user} login; grant all on schema public to ${user}`)
    try {
      const url = database().location.url?.replace('postgres@', `${user}@`) as string
      const engine = await open(['sip.calls', 'q'], { url })
      assert.equal((await engine.add('q', 'k', 'v')).size, 1)
      await refuses(engine, 'sip.calls', /schema that may not be used; grant usage/)
      await engine.close()
    } finally {
      await database().query(`drop schema sip cascade; drop owned by ${user}; drop role ${user}`)
    }
  })
})
