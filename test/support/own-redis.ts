/** A Redis server of a test's own, with settings that the shared one does not have. */
import { execFile, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { freePort } from './node-red.ts'

const PROGRAM = '/usr/bin/redis-server'
const run = promisify(execFile)

/** Whether such servers can be started here. */
export const hasRedis = existsSync(PROGRAM)
export const INSTALL_REDIS = 'apt-get install redis-server'

/** The port of the Redis that runs on this machine anyway. */
export const SHARED_PORT = 6379

/** A server that a test has started. */
export interface OwnRedis {
  readonly port: number
  /** Ends it, and waits until it has. */
  stop(): Promise<void>
}

/** Asks a server by a client that is not ours. */
export async function ask(port: number, ...command: string[]): Promise<string> {
  const { stdout } = await run('redis-cli', ['-h', '127.0.0.1', '-p', `${port}`, ...command])
  return stdout.trimEnd()
}

/**
 * Starts a server, which keeps nothing unless the settings say so.
 *
 * @param settings its options, such as `--appendonly yes`, each word for itself
 */
export async function ownRedis(...settings: string[]): Promise<OwnRedis> {
  const directory = mkdtempSync(join(tmpdir(), 'mqueue-redis-'))
  const port = await freePort()
  const fixed = ['--bind', '127.0.0.1', '--port', `${port}`, '--dir', directory, '--save', '']
  const server = spawn(PROGRAM, [...fixed, ...settings], { stdio: 'ignore' })
  const ended = new Promise((resolve) => server.on('exit', resolve))
  const kill = () => void server.kill('SIGKILL')
  process.on('exit', kill)
  const stop = async () => {
    server.kill('SIGKILL')
    await ended
    process.off('exit', kill)
    rmSync(directory, { recursive: true })
  }
  const deadline = Date.now() + 10_000
  for (;;) {
    try {
      // One with a password answers as well, if only that it wants it.
      await ask(port, 'ping')
      return { port, stop }
    } catch (error) {
      if (server.exitCode === null && Date.now() < deadline) continue
      await stop()
      throw error
    }
  }
}
