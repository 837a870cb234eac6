import { createClient } from '@redis/client'

/**
 * Does nothing but count the scripts that a Redis is asked to run, per second, and sends the figure to the
 * parent process.
 */
export default function (RED) {
  RED.nodes.registerType('bench-idle', function Idle({ port, seconds, ...config }) {
    RED.nodes.createNode(this, config)

    const measure = async () => {
      const client = createClient({ socket: { host: '127.0.0.1', port } })
      await client.connect()
      // The first looks, which find nothing.
      await pause(2)
      const before = await callsOf(client)
      await pause(seconds)
      const calls = ((await callsOf(client)) - before) / seconds
      process.send({ calls }, () => process.exit())
    }
    RED.events.once('flows:started', () => measure().catch(console.error))
  })
}

const pause = (seconds) => new Promise((resolve) => setTimeout(resolve, seconds * 1000))

async function callsOf(client) {
  const stats = await client.sendCommand(['INFO', 'commandstats'])
  const calls = stats.matchAll(/^cmdstat_eval(?:sha)?:calls=(\d+)/gm)
  return [...calls].reduce((sum, [, count]) => sum + Number(count), 0)
}
