import type { NodeAnswer, QueueAnswer, QueuesAnswer } from './answers.ts'
import { type Counters, History, SPAN } from './history.ts'

/** What every queue did lately, kept while the page is open. */
export class Histories {
  readonly #histories = new Map<string, History>()

  note({ time, nodes }: QueuesAnswer): void {
    for (const node of nodes) {
      for (const queue of node.queues) {
        const counters = countersOf(queue)
        if (counters !== undefined) this.of(node, queue).note(time, counters)
      }
    }
    for (const [key, history] of this.#histories) {
      if (Math.abs(time - history.time) > SPAN * 1000) this.#histories.delete(key)
    }
  }

  of({ id }: NodeAnswer, { name }: QueueAnswer): History {
    const key = keyOf(id, name)
    let history = this.#histories.get(key)
    if (history === undefined) {
      history = new History()
      this.#histories.set(key, history)
    }
    return history
  }
}

/** Names a queue of a config node. */
export function keyOf(id: string, queue: string): string {
  return JSON.stringify([id, queue])
}

function countersOf({ added, fetched = 0, acknowledged = 0 }: QueueAnswer): Counters | undefined {
  return added === undefined ? undefined : { added, taken: fetched + acknowledged }
}
