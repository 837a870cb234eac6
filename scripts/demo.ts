/**
 * Starts Node-RED with this package and a demo flow: `npm start`. The environment variable PORT chooses
 * another port than 1880. What is changed in the editor is kept in `.demo/`.
 */
import { cpSync, existsSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'

const PROJECT = join(import.meta.dirname, '..')
const USER_DIR = join(PROJECT, '.demo')
const HOST = '127.0.0.1'
const port = Number(process.env.PORT || 1880)

function fail(reason: string): never {
  console.error(reason)
  process.exit(1)
}

function assertFree(): Promise<void> {
  return new Promise((resolve) => {
    const probe = createServer()
    probe.on('error', (error: NodeJS.ErrnoException) =>
      fail(
        error.code === 'EADDRINUSE'
          ? `Port ${port} is busy. Stop what uses it, or choose another: PORT=1881 npm start`
          : `Port ${port} cannot be used: ${error.message}`,
      ),
    )
    probe.listen(port, HOST, () => probe.close(() => resolve()))
  })
}

function prepareUserDir(): void {
  const scope = join(USER_DIR, 'node_modules/@mqueue')
  const link = join(scope, 'node-red-mqueue')
  mkdirSync(scope, { recursive: true })
  rmSync(link, { recursive: true, force: true })
  symlinkSync(PROJECT, link, 'junction')
  const flows = join(USER_DIR, 'flows.json')
  if (!existsSync(flows)) cpSync(join(PROJECT, 'examples/call-events-to-a-slow-worker.json'), flows)
  const settings = {
    uiHost: HOST,
    uiPort: port,
    flowFile: 'flows.json',
    credentialSecret: 'demo',
    telemetry: { enabled: false, updateNotification: false },
    editorTheme: { tours: false },
    externalModules: { palette: { allowInstall: false } },
  }
  const text = `module.exports = ${JSON.stringify(settings, null, 2)}\n`
  writeFileSync(join(USER_DIR, 'settings.cjs'), text)
}

if (!Number.isInteger(port) || port < 1 || port > 65535) {
  fail(`PORT must be a number from 1 to 65535, not "${process.env.PORT}".`)
}
await assertFree()
prepareUserDir()
const red = join(PROJECT, 'node_modules/node-red/red.js')
// Whoever ends npm by its process id ends its shell with it, but not what the shell started.
const parent = process.ppid
setInterval(() => {
  if (process.ppid !== parent) process.kill(process.pid, 'SIGTERM')
}, 500).unref()
process.argv = [process.argv0, red, '-u', USER_DIR, '-s', join(USER_DIR, 'settings.cjs')]
await import(red)
