/** Which table Kamailio takes a queue's name for: a real Kamailio and this package meet there, or say why not. */
import assert from 'node:assert/strict'
import { LocalEngine, MqueueError } from '../../src/index.ts'
import { defined } from '../conformance/engine.ts'
import {
  type DatabaseKind,
  onEachDatabase,
  onKind,
  Reports,
  type TestDatabase,
} from '../support/databases.ts'
import { drained } from '../support/drain.ts'
import { closedAfterEach } from '../support/engines.ts'
import { ownMariadb } from '../support/own-mariadb.ts'
import { requires } from '../support/required.ts'
import { hasModule, kamailioVersion, Rig } from './rig.ts'

/** Both have one table; Kamailio cannot have any, and does not start; or this package refuses the name. */
type Outcome = 'met' | 'alone' | 'refused'

/** Names of every kind that a queue may have, with what comes of them in SQLite, PostgreSQL and MariaDB. */
const NAMES: readonly [name: string, ...outcomes: [Outcome, Outcome, Outcome]][] = [
  ['calls', 'met', 'met', 'met'],
  ['Calls', 'met', 'met', 'met'],
  ['CALLS_2', 'met', 'met', 'met'],
  ['_x', 'met', 'met', 'met'],
  ['1', 'alone', 'alone', 'met'],
  ['1a', 'alone', 'alone', 'met'],
  ['select', 'alone', 'alone', 'met'],
  ['only', 'met', 'alone', 'met'],
  ['values', 'alone', 'met', 'met'],
  ['a-b', 'alone', 'alone', 'met'],
  ['A-b.C', 'alone', 'alone', 'met'],
  ['calls--x', 'refused', 'refused', 'met'],
  ['public.calls--x', 'refused', 'refused', 'met'],
  ['main.calls', 'refused', 'refused', 'met'],
  ['Main.Calls', 'refused', 'refused', 'met'],
  ['temp.calls', 'alone', 'refused', 'met'],
  ['pg_temp.calls', 'alone', 'refused', 'met'],
  ['public.Calls', 'alone', 'met', 'met'],
  ['public.Select', 'alone', 'met', 'met'],
  ['sip.calls', 'alone', 'met', 'met'],
  ['SIP.Calls', 'alone', 'met', 'met'],
  ['nowhere.calls', 'alone', 'refused', 'met'],
  ['a.1', 'alone', 'alone', 'met'],
  ['a..b', 'alone', 'alone', 'met'],
  ['calls.', 'alone', 'alone', 'met'],
  ['.calls', 'alone', 'alone', 'met'],
  ['DATABASE.public.calls', 'alone', 'met', 'met'],
  ['other.public.calls', 'alone', 'alone', 'met'],
  ['a.b.c.d', 'alone', 'alone', 'met'],
  ['x'.repeat(63), 'met', 'met', 'met'],
  ['x'.repeat(64), 'met', 'refused', 'met'],
]

/** Names that are one table. */
const SHARED: Readonly<Record<string, string[]>> = {
  SQLite: ['calls', 'Calls', 'CALLS'],
  PostgreSQL: ['calls', 'Calls', 'public.calls', 'PUBLIC.Calls', 'DATABASE.public.calls'],
  'MariaDB with one case': ['Calls', 'calls'],
}

const MODULES = ['db_sqlite', 'db_postgres', 'db_mysql']

function namesMeet(database: () => TestDatabase, { name: kind, module }: DatabaseKind): void {
  requires(
    kamailioVersion() !== undefined && hasModule(module),
    'apt-get install kamailio kamailio-json-modules kamailio-sqlite-modules kamailio-postgres-modules kamailio-mysql-modules',
  )
  const engines = closedAfterEach<LocalEngine>()

  async function start(...queues: string[]): Promise<LocalEngine> {
    const engine = new LocalEngine(database().location, new Reports())
    engines.push(engine)
    await engine.define(queues.map((queue) => defined(queue, 0, 0, 1)))
    return engine
  }

  const startKamailio = (queue: string) =>
    Rig.start({
      modules: [module],
      queues: [`name=${queue};dbmode=1`],
      dbUrl: database().kamailioUrl,
    })

  /** Sends an item to Kamailio and another one back; returns how far that went. */
  async function meet(queue: string): Promise<Outcome> {
    const engine = await start(queue)
    try {
      await engine.add(queue, 'to', 'Kamailio')
    } catch (error) {
      assert.ok(error instanceof MqueueError && error.message.length > 40)
      return 'refused'
    }
    await engine.save()
    let rig: Rig
    try {
      rig = await startKamailio(queue)
    } catch (error) {
      assert.match((error as Error).message, /db_do_query|query|mqueue/)
      assert.equal((await drained(await start(queue), queue)).length, 1)
      return 'alone'
    }
    try {
      const { rc, k, v } = await rig.play({ op: 'fetch', q: queue })
      assert.deepEqual([rc, k, v], [1, 'to', 'Kamailio'])
      await rig.play({ op: 'add', q: queue, key: 'from', val: 'Kamailio' })
    } finally {
      await rig.stop()
    }
    const [item, ...others] = await drained(await start(queue), queue)
    assert.deepEqual([item?.key, item?.value, others.length], ['from', 'Kamailio', 0])
    return 'met'
  }

  for (const [queue, ...outcomes] of NAMES) {
    const outcome = outcomes[MODULES.indexOf(module)]
    it(`${queue}: ${outcome}`, async () => {
      if (kind === 'PostgreSQL') {
        await database().query('drop schema if exists sip cascade; create schema sip')
      }
      assert.equal(await meet(queue.replace('DATABASE', nameOf(database()))), outcome)
    })
  }

  const shared = SHARED[kind]
  if (shared === undefined) return
  it(`is refused where another queue has its table already: ${shared.join()}`, async () => {
    const named = shared.map((name) => name.replace('DATABASE', nameOf(database())))
    const [first, ...others] = named as [string, ...string[]]
    const engine = await start(first, ...others)
    assert.equal((await engine.add(first, 'k', 1)).size, 1)
    for (const queue of others) {
      await assert.rejects(async () => engine.add(queue, 'k', 1), {
        code: 'MQ_INVALID_DEFINITION',
        queue,
      })
    }
  })
}

onEachDatabase('the name of a queue', namesMeet)
onKind(ownMariadb('MariaDB with one case', '--lower-case-table-names=1'), 'the name', namesMeet)

function nameOf({ location }: TestDatabase): string {
  return new URL(location.url as string).pathname.replaceAll(/[^a-z0-9_]/gi, '')
}
