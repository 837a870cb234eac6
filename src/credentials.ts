import { MqueueError } from './errors.ts'
import { assertSet } from './variable.ts'

/**
 * A user or a password of a server, as people give it; blank when there is none.
 *
 * @param given a text or a number; in a flow file it may be anything
 * @param server what asks for it, as it stands in a sentence: `database`
 * @throws MqueueError `MQ_INVALID_DEFINITION`, without what was given
 */
export function credential(
  field: 'user' | 'password',
  given: unknown = '',
  server = 'database',
): string {
  assertSet(given, field)
  const text = typeof given === 'number' ? String(given) : given
  if (typeof text === 'string' && text.isWellFormed()) return text
  const message = `The ${field} of the ${server} must be a text. Enter it again in the config node.`
  throw new MqueueError('MQ_INVALID_DEFINITION', message, { field, rule: 'credential' })
}

/** Hides secrets in a text wherever they stand as whole words, so that a user "a" leaves other words alone. */
export function withoutSecrets(text: string, secrets: readonly string[]): string {
  // A secret may be a part of another one, so the longest goes first.
  const longestFirst = secrets.toSorted((a, b) => b.length - a.length)
  return longestFirst.reduce((rest, secret) => (secret === '' ? rest : hide(rest, secret)), text)
}

function hide(text: string, secret: string): string {
  const literal = secret.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
  return text.replace(new RegExp(`(?<![A-Za-z0-9])${literal}(?![A-Za-z0-9])`, 'g'), '***')
}
