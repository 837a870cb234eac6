/**
 * The names of the queues that a config node defines.
 *
 * @returns undefined when there is no such config node, or only the environment knows its queues
 */
export function definedQueues(configId: string): string[] | undefined {
  const config = RED.nodes.node(configId)
  if (config?.type !== 'mqueue' || !Array.isArray(config.queues)) return undefined
  return config.queues.map((queue) => String(queue?.name ?? '')).filter((name) => name !== '')
}
