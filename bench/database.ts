/** The databases that are measured. */
import { LocalEngine, type Report } from '../src/index.ts'
import { DATABASES, type TestDatabase } from '../test/support/databases.ts'
import { type Limit, notMeasured } from './report.ts'

const quiet: Report = { info() {}, warn() {}, error: console.error }

/** Does something with an engine on its own database, and ends both. */
export async function onDatabase<T>(
  kind: string,
  work: (engine: LocalEngine, database: TestDatabase) => Promise<T>,
): Promise<T> {
  const database = await DATABASES.find(({ name }) => name === kind)?.make()
  if (database === undefined) throw new Error(`There is no database ${kind}.`)
  const engine = new LocalEngine(database.location, quiet)
  try {
    return await work(engine, database)
  } finally {
    await engine.close()
    await database.drop()
  }
}

/** Whether a database is there. Where it is not, the figure is reported as not measured. */
export async function isThere(kind: string, figure: string, limit: Limit): Promise<boolean> {
  if (await DATABASES.find(({ name }) => name === kind)?.isThere()) return true
  notMeasured(figure, `To measure it, start ${kind} on 127.0.0.1.`, limit)
  return false
}

export const journaled = (name: string) => ({ name, size: 0, addmode: 0, dbmode: 4 }) as const
