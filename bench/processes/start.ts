/**
 * Starts Node-RED with its editor in a user directory. Measures the ms from the start of the process until its
 * flows have started, and the processor time of all its threads until then. Also measures the memory it holds
 * afterwards, in MB.
 */
import { createServer } from 'node:http'
import { setTimeout } from 'node:timers/promises'
import RED from 'node-red'
import { answer, asked } from '../asked.ts'

const MB = 1e6
const gc = globalThis.gc as () => void

const { userDir } = await asked<{ userDir: string }>()
const server = createServer((req, res) => RED.httpAdmin(req, res))
RED.init(server, {
  userDir,
  flowFile: 'flows.json',
  credentialSecret: 'bench',
  telemetry: { enabled: false, updateNotification: false },
  // It would ask npm, in its own process.
  externalModules: { palette: { allowInstall: false } },
  logging: { console: { level: 'off', metrics: false, audit: false } },
} as never)
const started = new Promise<{ time: number; cpu: number }>((resolve) => {
  RED.events.once('flows:started', () => {
    const { user, system } = process.cpuUsage()
    resolve({ time: performance.now(), cpu: (user + system) / 1000 })
  })
})
await RED.start()
const times = await started
await setTimeout(200)
// A collection would hide what the process takes in fact.
const rss = process.memoryUsage.rss()
for (let i = 0; i < 4; i++) gc()
const { heapUsed, external } = process.memoryUsage()
// The types do not know of it.
const { getNodeList } = RED.nodes as unknown as {
  getNodeList(filter: (set: { module: string }) => boolean): unknown[]
}
const isOurs = ({ module }: { module: string }) => module === '@mqueue/node-red-mqueue'
const sets = getNodeList(isOurs).length
answer({ ...times, heap: (heapUsed + external) / MB, rss: rss / MB, sets })
