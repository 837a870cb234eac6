import type { RpcClient } from './client.ts'
import { CallFailed } from './reply.ts'

/**
 * The sizes of all queues of a Kamailio, by name. The queue that it defines last comes first.
 *
 * @throws RpcFault, CallFailed
 */
export async function lookAt(client: RpcClient): Promise<Map<string, number>> {
  return sizesIn(await client.call('mqueue.get_sizes', [], { isRepeatable: true }))
}

function sizesIn(answer: unknown): Map<string, number> {
  const sizes = new Map<string, number>()
  for (const entry of Array.isArray(answer) ? answer : [undefined]) {
    const { name, size } = (entry ?? {}) as { name?: unknown; size?: unknown }
    if (typeof name !== 'string' || typeof size !== 'number' || !Number.isInteger(size)) {
      throw new CallFailed('its list of the sizes cannot be read', false)
    }
    sizes.set(name, size)
  }
  return sizes
}
