import { LocalEngine } from '../../../src/index.ts'
import { leasesItems } from '../../conformance/consumers.ts'
import { onEachDatabase, Reports } from '../../support/databases.ts'

leasesItems(
  'LocalEngine without a database',
  (clock) => new LocalEngine(undefined, undefined, clock),
)

onEachDatabase('LocalEngine', (database) => {
  for (const dbmode of [1, 4]) {
    leasesItems(
      `LocalEngine with dbmode ${dbmode}`,
      (clock) => new LocalEngine(database().location, new Reports(), clock),
      dbmode,
    )
  }
})
