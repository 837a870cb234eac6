/** The Redis on 127.0.0.1:6379, which tests share: each works under its own prefixes. */
import { randomBytes } from 'node:crypto'
import { ask } from './redis-servers.ts'

export const REDIS_PORT = 6379

export const REDIS_URL = `redis://127.0.0.1:${REDIS_PORT}/0`

/** Asks it something. */
// biome-ignore lint/suspicious/noExplicitAny: who asks knows what the command answers
export function command(...words: (string | number)[]): Promise<any> {
  return ask(REDIS_PORT, words)
}

/** Prefixes that nobody else has; their keys go with the suite. Without the server it is skipped, which fails in CI. */
export function ownPrefixes(): () => string {
  const suite = `test-${randomBytes(6).toString('hex')}`
  let count = 0
  before(async function () {
    const isThere = await command('PING').catch(() => undefined)
    if (isThere === 'PONG') return
    if (process.env.CI) throw new Error('needed in CI: a running Redis')
    console.log('      skipped; to run it, start Redis on 127.0.0.1')
    this.skip()
  })
  after(async () => {
    if (count === 0) return
    const keys: string[] = await command('KEYS', `{${suite}-*`)
    if (keys.length > 0) await command('UNLINK', ...keys)
  })
  return () => `${suite}-${++count}`
}
