import { MqueueError } from '../src/errors.ts'

/** The error of a message whose node was closed before it was done. */
export function closedError(): MqueueError {
  const text = 'A deploy or a stop closed the node before the message was done.'
  return new MqueueError('MQ_CLOSED', text)
}
