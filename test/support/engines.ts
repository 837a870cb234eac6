/** Engines that last as long as a test. */
import type { Engine } from '../../src/index.ts'

/** A list that a test puts its engines into. They are closed after the test. */
export function closedAfterEach<E extends Pick<Engine, 'close'>>(): E[] {
  const engines: E[] = []
  afterEach(async () => {
    for (const engine of engines.splice(0)) await engine.close()
  })
  return engines
}
