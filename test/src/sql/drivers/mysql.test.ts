import { openMysql } from '../../../../src/sql/drivers/mysql.ts'
import { conformsAsDriver } from '../../../conformance/driver.ts'
import { onDatabase } from '../../../support/databases.ts'

onDatabase('MariaDB', 'the driver', (database, kind) => {
  conformsAsDriver(database, kind, ({ location }, options) =>
    openMysql(location.url as string, options),
  )
})
