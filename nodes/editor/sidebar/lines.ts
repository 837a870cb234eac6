import type { NodeAnswer, QueueAnswer } from './answers.ts'
import { keyOf } from './histories.ts'

/** A line of the list: a config node, what is wrong with it, or a queue of it. */
export type Line = {
  /** Names the line, whatever it shows. */
  readonly key: string
  readonly node: NodeAnswer
  /** Its place among its siblings, from 1 on, and how many those are. */
  readonly position: number
  readonly count: number
} & (
  | { readonly is: 'node'; readonly isOpen: boolean }
  | { readonly is: 'error'; readonly error: string }
  | { readonly is: 'queue'; readonly queue: QueueAnswer }
)

/** How high each kind of line is, in px, as its style has it. */
export const HEIGHTS = { node: 42, error: 36, queue: 66 } as const

/**
 * The lines of the list.
 *
 * @param search part of the name of a queue, or of a config node; empty for all
 * @param folded the ids of the config nodes whose queues are not shown; what is looked for is shown all the same
 * @param nameOf returns what a config node is called where it is shown
 */
export function linesOf(
  nodes: readonly NodeAnswer[],
  search: string,
  folded: ReadonlySet<string>,
  nameOf: (node: NodeAnswer) => string,
): Line[] {
  const wanted = search.trim().toLowerCase()
  const has = (name: string) => name.toLowerCase().includes(wanted)
  const found = nodes.flatMap((node) => {
    const isFound = wanted === '' || has(nameOf(node))
    const queues = isFound ? node.queues : node.queues.filter(({ name }) => has(name))
    return isFound || queues.length > 0 ? [{ node, queues }] : []
  })
  return found.flatMap(({ node, queues }, index) => {
    const isOpen = wanted !== '' || !folded.has(node.id)
    const place = { position: index + 1, count: found.length }
    const head: Line = { is: 'node', key: node.id, node, isOpen, ...place }
    return isOpen ? [head, ...below(node, queues)] : [head]
  })
}

function below(node: NodeAnswer, queues: readonly QueueAnswer[]): Line[] {
  const errors = node.errors ?? []
  const count = errors.length + queues.length
  return [
    ...errors.map(
      (error, index): Line => ({
        is: 'error',
        key: JSON.stringify([node.id, index]),
        node,
        error,
        position: index + 1,
        count,
      }),
    ),
    ...queues.map(
      (queue, index): Line => ({
        is: 'queue',
        key: keyOf(node.id, queue.name),
        node,
        queue,
        position: errors.length + index + 1,
        count,
      }),
    ),
  ]
}
