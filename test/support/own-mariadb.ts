/** A MariaDB server of a suite's own, with settings that the shared one does not have. */
import { execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import mysql from 'mysql2/promise'
import { type DatabaseKind, makeMariadb } from './databases.ts'
import { freePort } from './free-port.ts'

const PROGRAM = '/usr/sbin/mariadbd'

/**
 * A kind of database on a server that is started for each suite, and ended after it.
 *
 * @param settings options of the server, such as `--lower-case-table-names=1`
 */
export function ownMariadb(name: string, ...settings: string[]): DatabaseKind {
  return {
    name,
    module: 'db_mysql',
    isThere: async () => process.getuid?.() === 0 && existsSync(PROGRAM),
    async make() {
      const { port, stop } = await start(settings)
      const database = await makeMariadb(port)
      return {
        ...database,
        async drop() {
          await database.drop()
          await stop()
        },
      }
    },
  }
}

async function start(settings: readonly string[]) {
  const directory = mkdtempSync(join(tmpdir(), 'mqueue-server-'))
  mkdirSync(join(directory, 'data'))
  execFileSync('chown', ['-R', 'mysql', directory])
  const port = await freePort()
  // Without its own tables it starts in no time, and lets in whoever comes from this machine.
  const server = spawn(PROGRAM, [
    '--no-defaults',
    '--user=mysql',
    '--skip-grant-tables',
    '--bind-address=127.0.0.1',
    `--port=${port}`,
    `--datadir=${join(directory, 'data')}`,
    `--socket=${join(directory, 'socket')}`,
    `--pid-file=${join(directory, 'pid')}`,
    ...settings,
  ])
  const ended = new Promise((resolve) => server.on('exit', resolve))
  const kill = () => void server.kill('SIGKILL')
  process.on('exit', kill)
  const stop = async () => {
    server.kill('SIGTERM')
    await ended
    process.off('exit', kill)
    rmSync(directory, { recursive: true })
  }
  const deadline = Date.now() + 30_000
  for (;;) {
    try {
      const client = await mysql.createConnection(`mysql://root@127.0.0.1:${port}`)
      await client.query('create database test')
      await client.end()
      return { port, stop }
    } catch (error) {
      if (server.exitCode === null && Date.now() < deadline) continue
      await stop()
      throw error
    }
  }
}
