// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references as Node-RED writes them
import assert from 'node:assert/strict'
import { splitDbUrl, splitRedisUrl, splitRpcUrl } from '../../../nodes/editor/url-credentials.ts'

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

describe('a user and a password in the address of a Redis', () => {
  for (const [redisUrl, url, user, password] of [
    ['redis://me:p%40ss@h:1/2', 'redis://h:1/2', 'me', 'p@ss'],
    [' rediss://:p@ss/word@h?prefix=a ', 'rediss://h?prefix=a', '', 'p@ss/word'],
    ['redis+sentinel://me:100%@a:1,[::1]:2/m/0', 'redis+sentinel://a:1,[::1]:2/m/0', 'me', '100%'],
  ] as const) {
    it(`are taken out of ${redisUrl}`, () =>
      assert.deepEqual(splitRedisUrl(redisUrl), { url, user, password }))
  }

  for (const redisUrl of ['', '${REDIS}', 'redis://h', 'redis+cluster://a:1,b:2', 'h']) {
    it(`are not found in ${JSON.stringify(redisUrl)}`, () =>
      assert.equal(splitRedisUrl(redisUrl), undefined))
  }
})

describe('a user and a password in the address of a live Kamailio', () => {
  for (const [rpcUrl, url, user, password] of [
    ['http://me:p%40ss@h:1/RPC', 'http://h:1/RPC', 'me', 'p@ss'],
    [' https://:p@ss/word@h ', 'https://h', '', 'p@ss/word'],
    ['http://me:100%@[::1]:2/RPC?a=b', 'http://[::1]:2/RPC?a=b', 'me', '100%'],
  ] as const) {
    it(`are taken out of ${rpcUrl}`, () =>
      assert.deepEqual(splitRpcUrl(rpcUrl), { url, user, password }))
  }

  for (const rpcUrl of ['', '${KAMAILIO}', 'http://h', 'https://h:1/RPC?who=a@b', 'h']) {
    it(`are not found in ${JSON.stringify(rpcUrl)}`, () =>
      assert.equal(splitRpcUrl(rpcUrl), undefined))
  }
})
