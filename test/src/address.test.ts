import assert from 'node:assert/strict'
import { parseAddress, reasonAt } from '../../src/address.ts'
import { JUNK } from '../support/junk.ts'

const isBlank = (junk: unknown) => typeof junk === 'string' && junk.trim() === ''
const at = (url?: string, more: object = {}) =>
  parseAddress({ url, directory: '/data/mqueue', id: 'a/b*', ...more })

describe('a database address', () => {
  it('that is blank is its own file, whatever the id is made of', () => {
    for (const url of [undefined, '', '  ']) {
      const { target, isOwn } = at(url)
      assert.deepEqual([target, isOwn], ['/data/mqueue/a%2Fb%2A.sqlite', true])
    }
  })

  it('of a file may be relative, absolute, or written as in Kamailio', () => {
    for (const [url, target, isOwn] of [
      ['sqlite:calls.sqlite', '/data/mqueue/calls.sqlite', true],
      ['sqlite:/var/calls.sqlite', '/var/calls.sqlite', false],
      ['sqlite:////var/calls.sqlite', '/var/calls.sqlite', false],
    ] as const) {
      assert.deepEqual([at(url).target, at(url).isOwn], [target, isOwn])
    }
  })

  it('of a server shows neither user nor password nor parameters', () => {
    const url = 'postgresql://clerk:p%40ss@db.example/calls?sslkey=secret.key'
    const { kind, shown, target, redact } = at(url)
    assert.deepEqual([kind, shown], ['postgres', 'postgres://db.example:5432/calls'])
    assert.equal(target, url)
    const text = 'clerk (p@ss, p%40ss) and secret.key, but not clerks'
    assert.equal(redact(text), '*** (***, ***) and ***, but not clerks')
    assert.equal(at('mariadb://db.example/calls').shown, 'mysql://db.example:3306/calls')
  })

  it('takes the credentials first, then the URL, then its parameters', () => {
    const user = (url: string, more?: object) => new URL(at(url, more).target).username
    assert.equal(user('mysql://a:b@h/d', { user: 'c@d', password: 'e' }), 'c%40d')
    assert.equal(user('mysql://a:b@h/d?user=x'), 'a')
    const { target } = at('mysql://h/d?user=x&password=y%2Fz')
    assert.equal(target, 'mysql://x:y%2Fz@h/d')
  })

  it('that cannot be used is refused, and not shown', () => {
    for (const url of [
      'nonsense secret',
      'oracle://u:secret@h/d',
      'postgres://u:secret@/d',
      'mysql://u:secret@h',
      'mysql://u:100%secret@h/d',
      'sqlite:',
      'sqlite:/',
      'sqlite::memory:',
      'sqlite://u:secret@h/d',
    ]) {
      assert.throws(
        () => at(url),
        ({ code, field, message }) =>
          code === 'MQ_INVALID_DEFINITION' && field === 'dbUrl' && !message.includes('secret'),
        url,
      )
    }
  })

  it('takes any JSON, and says what cannot be used', () => {
    const refused = (make: () => unknown) => {
      try {
        make()
      } catch (error) {
        assert.equal((error as { code?: string }).code, 'MQ_INVALID_DEFINITION')
        return (error as { field?: string }).field
      }
    }
    for (const junk of JUNK) {
      const server = 'postgres://h/d'
      assert.equal(
        refused(() => at(junk as string)),
        isBlank(junk) ? undefined : 'dbUrl',
      )
      const isGood = typeof junk === 'number' || (typeof junk === 'string' && junk.isWellFormed())
      for (const field of ['user', 'password']) {
        assert.equal(
          refused(() => at(server, { [field]: junk })),
          isGood ? undefined : field,
        )
      }
      if (typeof junk === 'string') at('', { id: junk })
    }
    assert.equal(new URL(at('postgres://h/d', { password: 12 }).target).password, '12')
  })

  it('finds what an error says, wherever it says it', () => {
    const address = at('mysql://u:secret@h/d')
    const refused = Object.assign(new Error('refused by secret'), { code: 'ECONNREFUSED' })
    assert.equal(reasonAt(address, new AggregateError([refused], '')), 'refused by ***')
    assert.equal(reasonAt(address, Object.assign(new Error(''), { code: 'EPIPE' })), 'EPIPE')
    assert.equal(reasonAt(address, 'thrown'), 'thrown')
  })
})
