/** Runs one flow in its own headless Node-RED; its driver sends the parent process what it measured. */
import { rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import RED from 'node-red'
import { makeUserDir } from '../../test/support/node-red.ts'
import { asked } from '../asked.ts'

const BENCH = join(import.meta.dirname, '..')
const userDir = makeUserDir(process.env.BENCH_PACKAGE)
for (const peer of ['node-red-contrib-queue-gate', 'node-red-contrib-simple-message-queue']) {
  symlinkSync(join(BENCH, 'node_modules', peer), join(userDir, 'node_modules', peer), 'junction')
}
writeFileSync(join(userDir, 'flows.json'), JSON.stringify(await asked()))
process.on('exit', () => rmSync(userDir, { recursive: true, force: true }))

// With a port, the admin root is served as well, for those who put a load on it.
const port = Number(process.env.BENCH_PORT ?? 0)
const server = createServer((req, res) => RED.httpAdmin(req, res))

RED.init(server, {
  userDir,
  flowFile: 'flows.json',
  nodesDir: join(BENCH, 'nodes'),
  httpAdminRoot: port === 0 ? false : '/',
  disableEditor: true,
  telemetry: { enabled: false, updateNotification: false },
  httpNodeRoot: false,
  credentialSecret: 'bench',
  logging: { console: { level: 'warn', metrics: false, audit: false } },
} as never)
await RED.start()
if (port !== 0) server.listen(port, '127.0.0.1')
