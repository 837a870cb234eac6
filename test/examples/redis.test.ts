/** The flow of examples/redis, in two Node-REDs that share a Redis. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type FlowNode, NodeRed, PROJECT } from '../support/node-red.ts'
import { HAS_REDIS, RedisServer } from '../support/redis-servers.ts'
import { requires } from '../support/required.ts'

const read = (file: string) => readFileSync(join(PROJECT, 'examples/redis', file), 'utf8')

describe('the example with two Node-REDs and a Redis', () => {
  requires(HAS_REDIS, 'apt-get install redis-server')
  let redis: RedisServer
  let both: NodeRed[] = []
  before(async () => {
    const [, command = ''] = /command: redis-server (.*)/.exec(read('compose.yaml')) ?? []
    const settings = [...command.matchAll(/--(\S+) (\S+)/g)].map(([, name, value]) => [name, value])
    assert.equal(settings.length, 3)
    redis = await RedisServer.start({ settings: Object.fromEntries(settings) })
    const flows: FlowNode[] = JSON.parse(read('flows.json'))
    // What is done is in the log as well, where it can be seen from here.
    const logged = flows.map((node) => (node.type === 'debug' ? { ...node, console: true } : node))
    const env = { REDIS_URL: `redis://127.0.0.1:${redis.port}/0` }
    both = await Promise.all([1, 2].map(() => NodeRed.start({ flows: logged, env })))
  })
  after(async () => {
    await Promise.all(both.map((one) => one.stop()))
    await redis?.stop()
  })

  it('does ten jobs, each once, some in the one and some in the other', async () => {
    assert.ok((await (both[0] as NodeRed).post('inject/shared-go', {})).ok)
    const done = () => both.map(({ log }) => [...log.matchAll(/\[debug:done here\]\s+(\d+)/g)])
    const deadline = Date.now() + 45_000
    while (done().flat().length < 10 && Date.now() < deadline) await sleep(100)
    const jobs = done().map((found) => found.map(([, job]) => Number(job)))
    assert.deepEqual(
      jobs.flat().toSorted((a, b) => a - b),
      [1, 2, 3, 4, 5, 6, 7, 8, 9, 10],
    )
    for (const own of jobs) assert.ok(own.length > 0, JSON.stringify(jobs))
  })
})
