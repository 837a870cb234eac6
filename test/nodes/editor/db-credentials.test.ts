// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references as Node-RED writes them
import assert from 'node:assert/strict'
import { splitDbUrl } from '../../../nodes/editor/db-credentials.ts'

describe('a user and a password in the address of a database', () => {
  for (const [dbUrl, url, user, password] of [
    ['mysql://kamailio:secret@db.example/mq', 'mysql://db.example/mq', 'kamailio', 'secret'],
    ['postgres://me@db.example:5432/mq', 'postgres://db.example:5432/mq', 'me', ''],
    ['postgres://me:p%40ss%25@db.example/mq', 'postgres://db.example/mq', 'me', 'p@ss%'],
    // As people write it where nothing asks them to escape it.
    ['mysql://me:p@ss#w/rd?:%@db.example/mq', 'mysql://db.example/mq', 'me', 'p@ss#w/rd?:%'],
    [' mysql://:secret@db.example/mq ', 'mysql://db.example/mq', '', 'secret'],
  ] as const) {
    it(`are taken out of ${dbUrl}`, () =>
      assert.deepEqual(splitDbUrl(dbUrl), { url, user, password }))
  }

  for (const dbUrl of [
    '',
    '${DB_URL}',
    'sqlite:a@b.db',
    'mysql://db.example/mq',
    'mysql://db.example/m@q',
    'postgres://db.example/mq?application_name=a@b',
    'db.example',
  ]) {
    it(`are not found in ${JSON.stringify(dbUrl)}`, () =>
      assert.equal(splitDbUrl(dbUrl), undefined))
  }
})
