/**
 * One measurement of the store, in a process of its own: `node store-process.ts <case> <directory>`. Tells
 * the parent process `{figure}`.
 */
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { StoredEngine } from '../src/index.ts'
import { DATABASES } from '../test/support/databases.ts'
import { LINE } from './flow-figures.ts'

const [name = '', argument = ''] = process.argv.slice(2)
const ITEMS = 1_000_000
const quiet = { info() {}, warn: console.error, error: console.error }

/** Batches of 1,000 inserts and 1,000 deletes as bare as they can be, as durable as the journal: pairs/s. */
function bareLoop(payload: string): number {
  const database = new DatabaseSync(join(argument, 'bare.sqlite'))
  database.exec('pragma journal_mode = wal; pragma synchronous = full')
  database.exec('create table q (id integer primary key, key text, val text, val_type text)')
  const insert = database.prepare('insert into q values (?, ?, ?, ?)')
  const remove = database.prepare('delete from q where id = ?')
  let id = 0
  const round = () => {
    database.exec('begin immediate')
    for (let i = 0; i < 1_000; i++) insert.run(++id, 'call', payload, null)
    database.exec('commit')
    database.exec('begin immediate')
    for (let i = 0; i < 1_000; i++) remove.run(id - 999 + i)
    database.exec('commit')
  }
  for (let i = 0; i < 50; i++) round()
  const from = performance.now()
  for (let i = 0; i < 200; i++) round()
  return 200_000 / ((performance.now() - from) / 1000)
}

/** The same through a journaled queue: pairs/s. */
async function journal(payload: string): Promise<number> {
  const location = {
    url: `sqlite:${join(argument, 'journal.sqlite')}`,
    directory: argument,
    id: '',
  }
  const engine = new StoredEngine(location, quiet)
  await engine.define([{ name: 'q', size: 0, addmode: 0, dbmode: 4 }])
  const round = async () => {
    const adds = []
    for (let i = 0; i < 1_000; i++) adds.push(engine.add('q', 'call', payload))
    await Promise.all(adds)
    const fetches = []
    for (let i = 0; i < 1_000; i++) fetches.push(engine.fetch('q'))
    await Promise.all(fetches)
  }
  for (let i = 0; i < 50; i++) await round()
  const from = performance.now()
  for (let i = 0; i < 200; i++) await round()
  const seconds = (performance.now() - from) / 1000
  await engine.close()
  return 200_000 / seconds
}

/** Saves a million items and loads them: seconds of each. */
async function saveAndLoad(kind: string): Promise<{ save: number; load: number }> {
  const database = await DATABASES.find(({ name: one }) => one === kind)?.make()
  if (database === undefined) throw new Error(`no database ${kind}`)
  const definition = { name: 'q', size: 0, addmode: 0, dbmode: 1 } as const
  const engine = new StoredEngine(database.location, quiet)
  await engine.define([definition])
  for (let i = 0; i < ITEMS; i++) engine.add('q', `key ${i}`, `${LINE} ${i}`)
  const from = performance.now()
  await engine.save()
  const saved = performance.now()
  await engine.define([definition])
  const loaded = performance.now()
  if ((await engine.size('q')) !== ITEMS) throw new Error('items are missing')
  await engine.close()
  await database.drop()
  return { save: (saved - from) / 1000, load: (loaded - saved) / 1000 }
}

const LOOPS = { bare: bareLoop, journal } as const
const result =
  name in LOOPS
    ? { byClock: await LOOPS[name as keyof typeof LOOPS](LINE) }
    : await saveAndLoad(name)
process.send?.(result, () => process.exit())
