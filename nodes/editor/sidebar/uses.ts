/** The flow nodes that use queues, by the queue that each works on. */

/** What says in a flow node which queue it works on. */
interface Used extends QueueChoice {
  id: string
  type: string
  mqueue?: unknown
}

/** How a flow node says which queue it works on. */
interface QueueChoice {
  queue?: unknown
  queueType?: unknown
}

/** The flow nodes of a queue: those that name it, or use all queues, and those that find the name of their queue at run time. */
export interface Uses<N> {
  certain: N[]
  possible: N[]
}

/**
 * The nodes that use a queue.
 *
 * @param nodes all nodes of the editor
 * @param config the id of the config node
 */
export function usesOf<N extends Used>(
  nodes: readonly N[],
  config: string,
  queue: string,
): Uses<N> {
  const uses: Uses<N> = { certain: [], possible: [] }
  for (const node of nodes) {
    if (node.mqueue !== config || !node.type.startsWith('mq-')) continue
    const named = namedQueue(node)
    // Some nodes use all queues of their config node.
    if (named === queue || node.queueType === 'all') uses.certain.push(node)
    else if (named === undefined) uses.possible.push(node)
  }
  return uses
}

/** The queue that a node names; undefined where it finds the name at run time. */
export function namedQueue({ queue, queueType }: QueueChoice): string | undefined {
  const name = String(queue ?? '')
  const isNamed = [undefined, '', 'queue'].includes(queueType as string | undefined)
  return isNamed && !name.startsWith('${') ? name : undefined
}

/**
 * Whether the runtime's config node is one of the editor's: itself, or the one that it makes of it for an instance of a
 * subflow, whose id ends with that.
 */
export function isMadeOf(runtimeId: string, editorId: string): boolean {
  return runtimeId === editorId || runtimeId.endsWith(`-${editorId}`)
}
