import { LocalEngine } from '../../../src/index.ts'
import { conformsAsEngine } from '../../conformance/engine.ts'
import { onEachDatabase, Reports } from '../../support/databases.ts'

onEachDatabase('LocalEngine', (database) => {
  const make = () => new LocalEngine(database().location, new Reports())
  conformsAsEngine('with dbmode 0', make, 0)
  conformsAsEngine('with dbmode 1', make, 1)
  conformsAsEngine('with dbmode 4', make, 4)
})
