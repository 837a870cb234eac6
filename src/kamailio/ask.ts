import type { TlsOptions } from '../tls-options.ts'
import { parseRpcAddress, type RpcLocation } from './address.ts'
import { RpcClient } from './client.ts'
import { lookAt } from './sizes.ts'
import { unavailable } from './unavailable.ts'

/** A queue of a Kamailio. */
export interface FoundQueue {
  readonly name: string
  readonly size: number
}

/**
 * Asks a Kamailio which queues it has.
 *
 * @returns the queues, in the order in which it defines them
 * @throws MqueueError `MQ_INVALID_DEFINITION` for a bad address, `MQ_UNAVAILABLE` with the reason
 */
export async function askKamailio(
  place: RpcLocation & { readonly tls?: TlsOptions | undefined },
): Promise<FoundQueue[]> {
  const address = parseRpcAddress(place)
  const client = new RpcClient(address, place.tls)
  try {
    const sizes = await lookAt(client)
    return [...sizes].map(([name, size]) => ({ name, size })).reverse()
  } catch (cause) {
    throw unavailable(address.shown, cause)
  } finally {
    client.close()
  }
}
