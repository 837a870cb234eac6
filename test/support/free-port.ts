import { randomInt } from 'node:crypto'
import { createServer } from 'node:net'

/**
 * The ports to choose from. The system uses none of them for connections. One of those could take the place of a
 * server between its choice and its start, and who looks whether the server answers may even connect to itself.
 */
const [FIRST, BEHIND] = [10_000, 32_768]

/** Those that were chosen before, and may not be in use yet. */
const chosen = new Set<number>()

/** A port on 127.0.0.1 that nobody listens on. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(FIRST, BEHIND)
    if (chosen.has(port) || !(await isFree(port))) continue
    chosen.add(port)
    return port
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.on('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
}
