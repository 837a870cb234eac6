/**
 * Starts Node-RED with this package and a demo flow: `npm start`. The environment variable PORT chooses
 * another port than 1880. What is changed in the editor is kept in `.demo/`, or in the directory that is the argument.
 */
import { once } from 'node:events'
import {
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:net'
import { join, resolve } from 'node:path'

const PROJECT = join(import.meta.dirname, '..')
const USER_DIR = resolve(process.argv[2] ?? join(PROJECT, '.demo'))
const FLOWS = join(USER_DIR, 'flows.json')
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
  if (!existsSync(FLOWS)) cpSync(join(PROJECT, 'examples/call-events-to-a-slow-worker.json'), FLOWS)
  const preferences = join(USER_DIR, '.config.users.json')
  // On a slow computer the editor of Node-RED 5 shows its first tip before it has a place for it, which throws.
  const calm = { _: { editor: { view: { 'view-show-tips': false } } } }
  if (!existsSync(preferences)) writeFileSync(preferences, JSON.stringify(calm))
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

/** Says where to look: at the first tab, which may not be the demo's any more. */
function announce(): void {
  const nodes: { id: string; type: string; label?: string }[] = JSON.parse(
    readFileSync(FLOWS, 'utf8'),
  )
  const tab = nodes.find(({ type }) => type === 'tab')
  const address = `http://${HOST}:${port}/${tab === undefined ? '' : `#flow/${tab.id}`}`
  const look = tab === undefined ? '' : ` and look at the tab "${tab.label}"`
  console.log(`\nThe demo runs. Open ${address}${look}. Ctrl+C stops it.\n`)
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
const { default: RED } = await import('node-red')
await once(RED.events, 'flows:started')
if (!RED.server.listening) await once(RED.server, 'listening')
announce()
