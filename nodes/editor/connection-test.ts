import { ServerQuestion } from './server-question.ts'
import { text } from './text.ts'

/** What the runtime has found. */
interface Found {
  name: string
  version: string
  persistence: string
  evicts?: string
}

const PERSISTENCE: Record<string, string> = {
  log: 'redis.log',
  snapshots: 'redis.snapshots',
  none: 'redis.none',
  unknown: 'redis.unknown',
}

/**
 * Makes the button of the dialog try the connection to the Redis that stands there, and show the result.
 *
 * @param id the id of the config node
 */
export function prepareConnectionTest(id: string): void {
  new ServerQuestion<Found>(id, {
    url: 'mqueue/test-connection',
    properties: ['redisUrl', 'prefix', 'tls', 'user', 'password'],
    section: '#mqueue-redis',
    button: '#mqueue-redis-test',
    said: '#mqueue-redis-found',
    texts: { asking: 'redis.testing', failed: 'redis.failed', refused: 'redis.refused' },
    describe: described,
  })
}

function described({ name, version, persistence, evicts }: Found): string {
  const sentences = [text('redis.found', { name, version })]
  const kept = PERSISTENCE[persistence]
  if (kept !== undefined) sentences.push(text(kept))
  sentences.push(evicts ? text('redis.evicts', { policy: evicts }) : text('redis.keeps'))
  return sentences.join(' ')
}
