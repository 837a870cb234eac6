import type { MqueueError } from '../../src/errors.ts'
import { checkPrefix, checkRedisUrl } from './check.ts'
import { testConnection } from './connection-test.ts'
import { fillCredentials } from './credential-fields.ts'
import { explain, text } from './text.ts'
import { splitRedisUrl } from './url-credentials.ts'

const SECTION = '#mqueue-redis'

/** A field that is checked while it is typed. */
const CHECKS: Record<string, (value: unknown) => MqueueError | undefined> = {
  redisUrl: checkRedisUrl,
  prefix: checkPrefix,
}

/** The part of the dialog that says where the Redis is. */
export class RedisSection {
  /** @param node the config node, whose stored password the test of the connection may take */
  constructor(node: EditorNode) {
    $(SECTION).attr('aria-label', text('engine.redis'))
    for (const name of Object.keys(CHECKS)) fieldOf(name).on('input change', () => this.#check())
    $('#mqueue-redis-test').on('click', () => testConnection(node.id))
    // What was found may not be true of what stands there now.
    $(SECTION).on('input change', () => $('#mqueue-redis-found').text(''))
  }

  /** Shows the section while the queues live in Redis. */
  toggle(isNeeded: boolean): void {
    $(SECTION).prop('hidden', !isNeeded)
    this.#check()
  }

  /** Moves a user and a password out of the address to their fields. */
  moveSecrets(): void {
    const split = splitRedisUrl(String(fieldOf('redisUrl').val() ?? ''))
    if (split === undefined) return
    fieldOf('redisUrl').val(split.url)
    fillCredentials(split)
  }

  #check(): void {
    for (const [name, check] of Object.entries(CHECKS)) {
      const field = fieldOf(name)
      const error = check(field.val())
      const isBad = error !== undefined
      field.toggleClass('input-error', isBad).attr('aria-invalid', isBad ? 'true' : null)
      $(`#mqueue-${name}-problem`).text(error === undefined ? '' : explain(error))
    }
  }
}

function fieldOf(name: string): JQuery {
  return $(`#node-config-input-${name}`)
}
