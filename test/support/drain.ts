import type { Engine, FetchedItem } from '../../src/index.ts'

/** Takes the items of a queue one by one, until it is empty. */
export async function* drain(engine: Engine, queue = 'q'): AsyncGenerator<FetchedItem> {
  for (;;) {
    const item = await engine.fetch(queue)
    if (item === undefined) return
    yield item
  }
}

/** The items of a queue, which are taken out of it. */
export async function drained(engine: Engine, queue = 'q'): Promise<FetchedItem[]> {
  const items: FetchedItem[] = []
  for await (const item of drain(engine, queue)) items.push(item)
  return items
}
