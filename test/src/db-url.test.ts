import assert from 'node:assert/strict'
import { parseDbUrl } from '../../src/db-url.ts'
import { MqueueError } from '../../src/index.ts'

describe('parseDbUrl', () => {
  it('reads what each kind of address says', () => {
    for (const blank of ['', '  ']) assert.deepEqual(parseDbUrl(blank), { kind: 'default' })
    for (const [text, path] of [
      ['sqlite:queues.db', 'queues.db'],
      ['sqlite:///var/queues.db', '/var/queues.db'],
      [' sqlite:/C:/queues.db ', 'C:/queues.db'],
    ] as const) {
      assert.deepEqual(parseDbUrl(text), { kind: 'sqlite', path })
    }
    for (const [text, kind, host] of [
      ['postgres://db.example:5432/mq', 'postgres', 'db.example:5432'],
      ['postgresql://db.example/mq', 'postgres', 'db.example'],
      ['mysql://user:p%40ss@db.example/mq', 'mysql', 'db.example'],
      ['mariadb://db.example/mq', 'mysql', 'db.example'],
    ] as const) {
      const parsed = parseDbUrl(text)
      assert.ok('url' in parsed)
      assert.deepEqual([parsed.kind, parsed.url.host, parsed.database], [kind, host, 'mq'])
    }
  })

  for (const [text, rule] of [
    ['db.example', 'dbUrl'],
    ['http://db.example/mq', 'dbUrl'],
    ['sqlite:', 'dbFile'],
    ['sqlite::memory:', 'dbFile'],
    ['postgres://db.example', 'dbServer'],
    ['mysql:///mq', 'dbServer'],
    ['mysql://u:50%secret@db.example/mq', 'dbPercent'],
  ] as const) {
    it(`refuses ${text} without telling what is secret`, () => {
      assert.throws(
        () => parseDbUrl(text),
        (error) =>
          error instanceof MqueueError && error.rule === rule && !error.message.includes('secret'),
      )
    })
  }
})
