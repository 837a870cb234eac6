/** A server that has no room left. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { LocalEngine } from '../../../src/index.ts'
import { defined, eventually } from '../../conformance/engine.ts'
import { Reports } from '../../support/databases.ts'
import { requires } from '../../support/required.ts'
import { HAS_POSTGRES, PostgresServer } from '../../support/servers.ts'

describe('a database that is full', () => {
  requires(HAS_POSTGRES, 'as root: apt-get install postgresql')

  let server: PostgresServer
  let directory: string
  before(async function () {
    this.timeout(180_000)
    server = await PostgresServer.start()
    directory = mkdtempSync(join(tmpdir(), 'mqueue-full-'))
  })
  after(async () => {
    await server?.stop()
    if (directory !== undefined) rmSync(directory, { recursive: true })
  })

  it('refuses what has no room, says so once, and works when there is some', async function () {
    this.timeout(180_000)
    const reports = new Reports()
    await server.limitFiles(17 * 2 ** 20)
    const engine = new LocalEngine({ url: server.url(), directory, id: 'test' }, reports)
    await engine.define([defined('q', 0, 0, 4)])
    // It is not made shorter on the way to the disk.
    const long = randomBytes(700_000).toString('base64')
    const add = async () => engine.add('q', 'k', long)
    let added = 0
    const fill = async () => {
      for (; added < 100; added++) await add()
    }
    await assert.rejects(fill(), { code: 'MQ_UNAVAILABLE' })
    for (const end = performance.now() + 500; performance.now() < end; ) {
      await assert.rejects(add(), { code: 'MQ_UNAVAILABLE' })
      await sleep(5)
    }
    assert.equal(reports.said.length, 1, reports.said.slice(0, 9).join('\n'))
    assert.match(reports.said[0] as string, /could not extend file/)
    await server.limitFiles('unlimited')
    await eventually(async () => void (await add()))
    assert.equal(reports.said.length, 2, reports.said.slice(0, 9).join('\n'))
    assert.equal(reports.said[1], 'info: Queue "q" works again.')
    assert.equal(await engine.size('q'), added + 1)
    const [row] = await server.query('select count(*) as count from q')
    assert.equal(Number(row?.count), added + 1)
    await engine.close()
  })
})
