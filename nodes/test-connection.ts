import type { NodeAPI } from 'node-red'
import { parseRedisAddress } from '../src/redis/address.ts'
import { cautions } from '../src/redis/server-info.ts'
import { serveQuestion } from './server-question.ts'

/** Serves the test of a connection to Redis that has not been deployed yet: `POST mqueue/test-connection`. */
export function serveConnectionTest(RED: NodeAPI): void {
  const fields = ['redisUrl', 'prefix'] as const
  serveQuestion(RED, 'test-connection', fields, async ({ tls, ...location }) => {
    const address = parseRedisAddress(location)
    const { connect } = await import('../src/redis/connect.ts')
    const connection = await connect(address, tls)
    connection.end()
    const { info } = connection
    const { name, version, persistence, evicts } = info
    return { name, version, persistence, evicts, cautions: cautions(info) }
  })
}
