/** Its own PostgreSQL that takes encrypted connections only. */
import assert from 'node:assert/strict'
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { appendFileSync, chmodSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { LocalEngine } from '../../../src/index.ts'
import { defined, eventually } from '../../conformance/engine.ts'
import { Reports } from '../../support/databases.ts'
import { freePort } from '../../support/free-port.ts'
import { requires } from '../../support/required.ts'

const VERSIONS = '/usr/lib/postgresql'

function binaries(): string | undefined {
  try {
    const version = readdirSync(VERSIONS).at(-1)
    execFileSync('openssl', ['version'])
    return process.getuid?.() === 0 && version ? join(VERSIONS, version, 'bin') : undefined
  } catch {
    return undefined
  }
}

describe('a database that takes encrypted connections only', () => {
  const bin = binaries()
  requires(bin !== undefined, 'as root: apt-get install postgresql openssl')

  let directory: string
  let server: ChildProcess
  let port: number
  before(async function () {
    this.timeout(180_000)
    if (bin === undefined) return
    directory = mkdtempSync(join(tmpdir(), 'mqueue-tls-'))
    chmodSync(directory, 0o755)
    const data = join(directory, 'data')
    execFileSync('install', ['-d', '-o', 'postgres', '-m', '700', data])
    const asPostgres = (command: string, args: string[]) =>
      execFileSync('runuser', ['-u', 'postgres', '--', command, ...args], { stdio: 'pipe' })
    asPostgres(join(bin, 'initdb'), ['-D', data, '-A', 'trust', '--no-sync'])
    const certificate = [
      '-days',
      '2',
      '-nodes',
      '-subj',
      '/CN=mqueue',
      '-keyout',
      `${data}/key.pem`,
    ]
    const names = ['-addext', 'subjectAltName=IP:127.0.0.1', '-out', `${data}/cert.pem`]
    asPostgres('openssl', ['req', '-x509', '-newkey', 'rsa:2048', ...certificate, ...names])
    writeFileSync(join(directory, 'ca.pem'), execFileSync('cat', [`${data}/cert.pem`]))
    writeFileSync(join(data, 'pg_hba.conf'), 'hostssl all all 127.0.0.1/32 trust\n')
    port = await freePort()
    const ssl = "ssl = on\nssl_cert_file = 'cert.pem'\nssl_key_file = 'key.pem'\n"
    const where = `listen_addresses = '127.0.0.1'\nport = ${port}\nunix_socket_directories = ''\n`
    appendFileSync(join(data, 'postgresql.conf'), ssl + where)
    server = spawn('runuser', ['-u', 'postgres', '--', join(bin, 'postgres'), '-D', data])
    await eventually(async () => {
      const client = new pg.Client(
        `postgres://postgres@127.0.0.1:${port}/postgres?sslmode=no-verify`,
      )
      await client.connect()
      await client.end()
    })
  })
  after(async () => {
    if (server === undefined) return
    const pid = Number(execFileSync('head', ['-n', '1', join(directory, 'data/postmaster.pid')]))
    process.kill(pid, 'SIGINT')
    await new Promise((resolve) => server.on('exit', resolve))
    rmSync(directory, { recursive: true })
  })

  const open = async (parameters: string) => {
    const url = `postgres://postgres@127.0.0.1:${port}/postgres${parameters}`
    const engine = new LocalEngine({ url, directory, id: 'tls' }, new Reports())
    await engine.define([defined('q', 0, 0, 4)])
    return engine
  }

  it('is used where the URL asks for encryption, and its certificate is checked', async () => {
    for (const parameters of [
      '?sslmode=no-verify',
      `?sslmode=verify-full&sslrootcert=${directory}/ca.pem`,
    ]) {
      const engine = await open(parameters)
      assert.equal((await engine.add('q', 'k', 'v')).size, 1)
      await engine.fetch('q')
      await engine.close()
    }
  })

  it('is not used without encryption, or with a certificate that nobody vouches for', async () => {
    for (const [parameters, says] of [
      ['', /encryption/],
      ['?sslmode=verify-full', /self-signed certificate/],
    ] as const) {
      const engine = await open(parameters)
      await assert.rejects(
        async () => engine.add('q', 'k', 'v'),
        (error: Error & { code: string }) =>
          error.code === 'MQ_UNAVAILABLE' && says.test(error.message),
      )
      await engine.close()
    }
  })
})
