import { MqueueError, quote } from './errors.ts'
import { type UnsetVariable, unsetVariable } from './variable.ts'

/**
 * The error of an operation on a queue that does not exist.
 *
 * @param errors what is wrong with the definitions: the queue may be one of those
 */
export function missing(name: string, errors: readonly MqueueError[]): MqueueError {
  const bad = errors.find(({ queue }) => queue === undefined || queue === name)
  if (bad !== undefined && name !== '') return again(bad, name)
  const unset = unsetVariable(name)
  if (name === '' || unset !== undefined) return noQueue(unset)
  const hint = 'Choose one of the queues defined in the mqueue config node, or define this one.'
  const text = `There is no queue ${quote(name)}. ${hint}`
  return new MqueueError('MQ_UNKNOWN_QUEUE', text, { queue: name })
}

/**
 * The error of an operation for which no queue is chosen: its place says that the name is blank.
 *
 * @param unset the environment variable that should have the name, where that is not set
 */
export function noQueue(unset?: UnsetVariable): MqueueError {
  const why = unset === undefined ? '' : `${unset.text}. `
  const text = `No queue is chosen. ${why}Choose one in the node, or have the message name one.`
  return new MqueueError('MQ_UNKNOWN_QUEUE', text, { queue: '' })
}

/**
 * Makes sure that there is a list of queues.
 *
 * @throws MqueueError the error that concerns the whole list
 */
export function assertListed(errors: readonly MqueueError[]): void {
  const bad = errors.find(({ queue }) => queue === undefined)
  if (bad !== undefined) throw again(bad)
}

/** The error of an operation on an engine that was closed. */
export function closed(): MqueueError {
  return new MqueueError('MQ_CLOSED', 'The queues are closed.')
}

/** The error of an operation on a queue whose engine has ended in good order. */
export function stopping(queue: string): MqueueError {
  const text =
    'is closed, because Node-RED is stopping. Send the message again when it has started.'
  return new MqueueError('MQ_CLOSED', `Queue ${quote(queue)} ${text}`, { queue })
}

/** The error of a definition, for an operation that meets it now. */
function again(bad: MqueueError, queue?: string): MqueueError {
  return new MqueueError(bad.code, bad.message, { queue, field: bad.field, cause: bad })
}
