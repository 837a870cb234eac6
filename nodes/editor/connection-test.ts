import { text } from './text.ts'

const FOUND = '#mqueue-redis-found'
const BUTTON = '#mqueue-redis-test'

/** What the runtime has found. */
type Found =
  | { ok: true; name: string; version: string; persistence: string; evicts?: string }
  | { ok: false; message: string }

const PERSISTENCE: Record<string, string> = {
  log: 'redis.log',
  snapshots: 'redis.snapshots',
  none: 'redis.none',
  unknown: 'redis.unknown',
}

/** The number of tests so far: only the last one may say what it found. */
let tests = 0

/**
 * Has the runtime try the connection that stands in the dialog, and says there what it has found.
 *
 * @param id the id of the config node
 */
export async function testConnection(id: string): Promise<void> {
  const test = ++tests
  const button = $(BUTTON).prop('disabled', true)
  tell(text('redis.testing'))
  const [said, isBad] = await outcome(id)
  if (test !== tests) return
  button.prop('disabled', false)
  tell(said, isBad)
}

async function outcome(id: string): Promise<[said: string, isBad: boolean]> {
  try {
    const found: Found = await ask(id)
    if (found.ok) return [described(found), false]
    return [text('redis.failed', { reason: found.message }), true]
  } catch (error) {
    const { status = 0 } = error as JQuery.jqXHR
    return [text('redis.refused', { status }), true]
  }
}

function ask(id: string): JQuery.jqXHR<Found> {
  const entries = ['redisUrl', 'prefix', 'tls', 'user', 'password'].map((name) => {
    const value = String($(`#node-config-input-${name}`).val() ?? '')
    // Node-RED's word for no config node.
    return [name, value === '_ADD_' ? '' : value]
  })
  return $.ajax({
    url: 'mqueue/test-connection',
    method: 'POST',
    contentType: 'application/json',
    data: JSON.stringify({ id, ...Object.fromEntries(entries) }),
  })
}

function described({ name, version, persistence, evicts }: Found & { ok: true }): string {
  const sentences = [text('redis.found', { name, version })]
  const kept = PERSISTENCE[persistence]
  if (kept !== undefined) sentences.push(text(kept))
  sentences.push(evicts ? text('redis.evicts', { policy: evicts }) : text('redis.keeps'))
  return sentences.join(' ')
}

function tell(said: string, isBad = false): void {
  $(FOUND).toggleClass('mqueue-problem', isBad).text(said)
}
