/** What the measured processes have of a Redis. */
import { createClient } from '@redis/client'
import { type Addmode, parseDefinition } from '../src/index.ts'
import { RedisEngine } from '../src/redis/engine.ts'

/** An item is a key `key-N` and 31 characters. */
export const VALUE = 'INVITE sip:+49896364@example.or'
export const keyAt = (i: number) => `key-${i}`

const report = { info() {}, warn: console.error, error: console.error }

/** An engine with queues of one addmode. */
export async function redisEngine(
  port: number,
  addmode: Addmode,
  ...names: string[]
): Promise<RedisEngine> {
  const engine = new RedisEngine({ redisUrl: `redis://127.0.0.1:${port}` }, report)
  await engine.define(names.map((name) => parseDefinition({ name, addmode })))
  return engine
}

/** Connects to a server as the engine does. */
export async function connected(port: number) {
  const client = createClient({ socket: { host: '127.0.0.1', port } })
  client.on('error', console.error)
  await client.connect()
  return client
}

export type Client = Awaited<ReturnType<typeof connected>>

/** A section of what a server says of itself; what is not a number is NaN. */
async function info(client: Client, section: string): Promise<Record<string, number>> {
  const lines = (await client.sendCommand<string>(['INFO', section])).split('\r\n')
  const entries = lines.map((line) => line.split(':') as [string, string])
  return Object.fromEntries(entries.map(([name, value]) => [name, Number(value)]))
}

/** The processor time that a server has used, in µs. */
export async function serverTime(client: Client): Promise<number> {
  const { used_cpu_user = 0, used_cpu_sys = 0 } = await info(client, 'cpu')
  return (used_cpu_user + used_cpu_sys) * 1e6
}

/** The memory that a server uses, without its connections, whose buffers come and go. */
export async function serverMemory(client: Client): Promise<number> {
  const { used_memory = 0, mem_clients_normal = 0 } = await info(client, 'memory')
  return used_memory - mem_clients_normal
}

/** How many scripts a server was asked to run. */
export async function serverCalls(client: Client): Promise<number> {
  const stats = await client.sendCommand<string>(['INFO', 'commandstats'])
  const calls = stats.matchAll(/^cmdstat_eval(?:sha)?:calls=(\d+)/gm)
  return [...calls].reduce((sum, [, count]) => sum + Number(count), 0)
}

/** The time in ms, the same in all processes of a machine. */
export function now(): number {
  return Number(process.hrtime.bigint()) / 1e6
}
