import { MqueueError } from '../src/errors.ts'
import { noQueue } from '../src/missing.ts'
import { unsetVariable } from '../src/variable.ts'

/**
 * The name of the queue that is chosen for a message.
 *
 * @param read what was found where the node looks for the name
 * @param variable the environment variable that has the name, where one has
 * @throws MqueueError `MQ_UNKNOWN_QUEUE` when there is no name
 */
export function queueNameOf(read: unknown, variable: string | undefined): string {
  if (typeof read === 'string' && read !== '') return read
  if (typeof read === 'number') return String(read)
  throw noQueue(variable === undefined ? undefined : unsetVariable(`\${${variable}}`))
}

/** The error of a node whose config node is not there. */
export function noConfig(id: string): MqueueError {
  const unset = unsetVariable(id)
  const why = unset === undefined ? '' : `${unset.text}. `
  const text = `${why}No mqueue config node is set, or it is disabled. Choose one in the node.`
  return new MqueueError('MQ_NO_CONFIG', text)
}
