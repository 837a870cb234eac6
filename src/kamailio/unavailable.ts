import { MqueueError, quote } from '../errors.ts'
import { CallFailed, RpcFault } from './reply.ts'

/** The error of a Kamailio that cannot be used. */
export function unavailable(shown: string, cause: unknown): MqueueError {
  const { reason, advice } = explained(cause)
  const text = `Kamailio at ${shown} cannot be used: ${reason}. ${advice}`
  // What a server says may hold a secret, and Node-RED shows the cause of an error.
  return new MqueueError('MQ_UNAVAILABLE', text)
}

/** What went wrong, as it stands in a sentence, and what to do about it. */
export function explained(cause: unknown): { reason: string; advice: string } {
  if (cause instanceof RpcFault) {
    const advice = 'Load mqueue.so there, and let its jsonrpcs answer over HTTP.'
    return { reason: `it answers ${quote(cause.message)}`, advice }
  }
  const reason = cause instanceof CallFailed ? cause.message : String(cause)
  return { reason, advice: 'Check that it runs, and its address, user and password.' }
}
