import assert from 'node:assert/strict'
import type { Driver } from '../../../../src/sql/drivers/driver.ts'
import { openMysql } from '../../../../src/sql/drivers/mysql.ts'
import { MysqlSession } from '../../../../src/sql/drivers/mysql-session.ts'
import { conformsAsDriver } from '../../../conformance/driver.ts'
import { eventually } from '../../../conformance/engine.ts'
import { onDatabase } from '../../../support/databases.ts'

onDatabase('MariaDB', 'the driver', (database, kind) => {
  conformsAsDriver(database, kind, ({ location }, options) =>
    openMysql(location.url as string, options),
  )

  describe('a lock of the same owner', () => {
    const { query } = MysqlSession.prototype
    const drivers: Driver[] = []
    afterEach(async () => {
      MysqlSession.prototype.query = query
      for (const driver of drivers.splice(0)) await driver.close()
    })

    async function open(): Promise<Driver> {
      const options = { owner: `mqueue test ${process.pid}`, onLost: () => {} }
      const driver = await openMysql(database().location.url as string, options)
      driver.hold(true)
      drivers.push(driver)
      return driver
    }

    for (const moment of ['select is_used_lock', 'kill']) {
      it(`is taken where its session ends by itself just before "${moment}"`, async () => {
        const [lost, next] = [await open(), await open()]
        await lost.create(['q'])
        await lost.lock(['q'])
        MysqlSession.prototype.query = async function (text) {
          if (!text.startsWith(moment)) return query.call(this, text)
          lost.destroy()
          await eventually(async () => {
            const idle = await database().query(
              `select * from information_schema.processlist where db = database() and command = 'Sleep'`,
            )
            assert.equal(idle.length, 1, 'only the one that is left')
          })
          return query.call(this, text)
        }
        assert.deepEqual(await next.lock(['q']), new Set(['q']))
      })
    }
  })
})
