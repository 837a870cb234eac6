/** A program that has Node-RED inside, as its own documentation shows: `node host.ts <user directory> <port>`. */
import { createServer } from 'node:http'
import RED from 'node-red'

const [userDir, port] = process.argv.slice(2)
const server = createServer((req, res) =>
  (req.url?.startsWith('/probe') ? RED.httpNode : RED.httpAdmin)(req, res),
)
RED.init(server, {
  userDir,
  flowFile: 'flows.json',
  httpAdminRoot: '/',
  httpNodeRoot: '/',
  disableEditor: true,
  credentialSecret: 'test',
  telemetry: { enabled: false, updateNotification: false },
  logging: { console: { level: 'info', metrics: false, audit: false } },
} as never)
server.listen(Number(port), '127.0.0.1')
const { log } = console
RED.events.on('flows:started', () => process.send?.('started'))
await RED.start()

const orders: Record<string, () => void> = {
  exit: () => process.exit(),
  'stop and exit': () => void RED.stop().then(() => process.exit()),
  'stop and start': () => void RED.stop().then(() => RED.start()),
}
process.on('message', (order) => {
  log(`told to ${order}`)
  orders[String(order)]?.()
})
