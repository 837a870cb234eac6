import { MqueueError } from '../src/errors.ts'

/** The error of a message whose node was closed before it was done. */
export function closedError(): MqueueError {
  const text = 'The node was closed before the message was done, by a deploy or a stop.'
  return new MqueueError('MQ_CLOSED', text)
}
