/** The ways to log in: those that work, and those that do not and say which do. */
import assert from 'node:assert/strict'
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { LocalEngine } from '../../../src/index.ts'
import { defined, eventually } from '../../conformance/engine.ts'
import { Reports } from '../../support/databases.ts'
import { requires } from '../../support/required.ts'
import { HAS_MARIADB, HAS_POSTGRES, MariadbServer, PostgresServer } from '../../support/servers.ts'

const PASSWORD = 'quite-a-secret'

let directory: string
const engines: LocalEngine[] = []
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'mqueue-accounts-'))
})
afterEach(async () => {
  for (const engine of engines.splice(0)) await engine.close()
  rmSync(directory, { recursive: true })
})

async function start(url: string): Promise<LocalEngine> {
  const engine = new LocalEngine({ url, directory, id: 'test' }, new Reports())
  engines.push(engine)
  await engine.define([defined('q', 0, 0, 4)])
  return engine
}

async function works(url: string): Promise<void> {
  const engine = await start(url)
  await engine.add('q', 'k', 'v')
  assert.equal((await engine.fetch('q'))?.value, 'v')
  await engine.close()
}

async function refused(url: string, ...says: RegExp[]): Promise<void> {
  const engine = await start(url)
  await assert.rejects(
    async () => engine.size('q'),
    ({ code, message }: Error & { code: string }) => {
      assert.equal(code, 'MQ_UNAVAILABLE')
      for (const one of says) assert.match(message, one)
      assert.ok(!message.includes(PASSWORD), message)
      return true
    },
  )
  await engine.close()
}

describe('an account of PostgreSQL', () => {
  requires(HAS_POSTGRES, 'as root: apt-get install postgresql openssl')

  const WHAT_WORKS = /scram-sha-256, md5 or password.*sslcert and sslkey/
  const METHODS = ['scram-sha-256', 'md5', 'password', 'gss', 'reject'] as const
  let server: PostgresServer
  let certificate: string
  before(async function () {
    this.timeout(180_000)
    const rules = METHODS.map((method) => `host all by-${method} 127.0.0.1/32 ${method}`)
    const hba = [...rules, 'hostssl all by-cert 127.0.0.1/32 cert'].join('\n')
    server = await PostgresServer.start(hba)
    certificate = makeCertificate('by-cert')
    const served = makeCertificate('localhost')
    for (const setting of [
      `ssl_cert_file = '${served}.pem'`,
      `ssl_key_file = '${served}.key'`,
      `ssl_ca_file = '${certificate}.pem'`,
      'ssl = on',
    ]) {
      await server.query(`alter system set ${setting}`)
    }
    await server.query('select pg_reload_conf()')
    for (const method of [...METHODS, 'cert']) {
      const kept = method === 'md5' ? 'md5' : 'scram-sha-256'
      await server.query(`set password_encryption = '${kept}';
        create role "by-${method}" superuser login password '${PASSWORD}'`)
    }
    await eventually(async () => {
      assert.equal((await server.query('show ssl'))[0]?.ssl, 'on')
    })
  })
  after(() => server?.stop())

  /** Makes a certificate that vouches for itself; returns the path of its files without `.pem` and `.key`. */
  function makeCertificate(name: string): string {
    const path = join(server.make(`certificate of ${name}`), 'it')
    const files = ['-keyout', `${path}.key`, '-out', `${path}.pem`]
    const made = ['-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', `/CN=${name}`]
    server.run('openssl', ['req', ...made, ...files])
    return path
  }

  for (const method of ['scram-sha-256', 'md5', 'password'] as const) {
    it(`with ${method} works, and says whether the password is missing or wrong`, async () => {
      await works(server.url(`by-${method}`, PASSWORD))
      await refused(server.url(`by-${method}`, 'wrong'), /password authentication failed/)
      await refused(server.url(`by-${method}`), /requires a password, and none is set/)
    })
  }

  it('with a client certificate works, and says what to give', async () => {
    const { port } = server
    const url = `postgres://by-cert@127.0.0.1:${port}/postgres?sslmode=no-verify`
    chmodSync(join(certificate, '..'), 0o755)
    await works(`${url}&sslcert=${certificate}.pem&sslkey=${certificate}.key`)
    await refused(url, /client certificate/, WHAT_WORKS)
  })

  it('with a way to log in that is not known here is refused, and the process goes on', async () => {
    await refused(server.url('by-gss', PASSWORD), /not supported/, WHAT_WORKS)
    await refused(server.url('by-gss'), /not supported/, WHAT_WORKS)
  })

  it('that the server rejects is reported in its own words', async () => {
    await refused(server.url('by-reject', PASSWORD), /pg_hba.conf rejects/, WHAT_WORKS)
    await refused(server.url('nobody', PASSWORD), /the user and the password/, WHAT_WORKS)
  })
})

describe('an account of MariaDB', () => {
  requires(HAS_MARIADB, 'as root: apt-get install mariadb-server')

  const WHAT_WORKS = /mysql_native_password, caching_sha2_password or sha256_password/
  const ACCOUNTS = {
    native: `mysql_native_password using password('${PASSWORD}')`,
    ed25519: `ed25519 using password('${PASSWORD}')`,
    pam: `pam using 'mqueue'`,
    socket: 'unix_socket',
    old: `mysql_old_password using '0123456789abcdef'`,
  }
  let server: MariadbServer
  before(async function () {
    this.timeout(180_000)
    server = await MariadbServer.start([
      '--plugin-load-add=auth_ed25519',
      '--plugin-load-add=auth_pam_v1',
      '--pam-use-cleartext-plugin',
    ])
    for (const [name, how] of Object.entries(ACCOUNTS)) {
      await server.query(
        `create user "by-${name}" identified via ${how}; grant all on test.* to "by-${name}"`,
      )
    }
  })
  after(() => server?.stop())

  it('with mysql_native_password works, and says whether the password is wrong', async () => {
    await works(server.url('by-native', PASSWORD))
    await refused(server.url('by-native', 'wrong'), /Access denied/, /the user and the password/)
  })

  it('with ed25519 is refused, and says what works', async () => {
    await refused(
      server.url('by-ed25519', PASSWORD),
      /not supported \(client_ed25519\)/,
      WHAT_WORKS,
    )
  })

  it('that would send its password as it is is refused, and says what works', async () => {
    await refused(server.url('by-pam', PASSWORD), /mysql_clear_password/, WHAT_WORKS)
  })

  it('that is known by its socket, or has an old password, is refused, and says what works', async () => {
    await refused(server.url('by-socket', PASSWORD), /Access denied/, WHAT_WORKS)
    await refused(server.url('by-old', PASSWORD), /old format/, WHAT_WORKS)
  })
})
