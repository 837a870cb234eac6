import { openPostgres } from '../../../../src/sql/drivers/postgres.ts'
import { conformsAsDriver } from '../../../conformance/driver.ts'
import { onDatabase } from '../../../support/databases.ts'

onDatabase('PostgreSQL', 'the driver', (database, kind) => {
  conformsAsDriver(database, kind, ({ location }, options) =>
    openPostgres(location.url as string, options),
  )
})
