import { checkPrefix, checkRedisUrl } from './check.ts'
import { CheckedFields, configField } from './checked-fields.ts'
import { prepareConnectionTest } from './connection-test.ts'
import { fillCredentials } from './credential-fields.ts'
import { text } from './text.ts'
import { splitRedisUrl } from './url-credentials.ts'

const SECTION = '#mqueue-redis'

/** The part of the dialog that says where the Redis is. */
export class RedisSection {
  readonly #fields = new CheckedFields({ redisUrl: checkRedisUrl, prefix: checkPrefix })

  /** @param node the config node, whose stored password the test of the connection may take */
  constructor(node: EditorNode) {
    $(SECTION).attr('aria-label', text('engine.redis'))
    prepareConnectionTest(node.id)
  }

  /** Shows the section while the queues live in Redis. */
  toggle(isNeeded: boolean): void {
    $(SECTION).prop('hidden', !isNeeded)
    this.#fields.check()
  }

  /**
   * Moves a user and a password out of the address to their fields.
   *
   * @returns whether there were any
   */
  moveSecrets(): boolean {
    const split = splitRedisUrl(String(configField('redisUrl').val() ?? ''))
    if (split === undefined) return false
    configField('redisUrl').val(split.url)
    fillCredentials(split)
    return true
  }
}
