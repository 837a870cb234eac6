import type { Duplex } from 'node:stream'
import pg from 'pg'
import { CONNECT_TIMEOUT } from './driver.ts'

/** What the driver has inside, as far as it is used here. */
interface Inside {
  readonly connection: {
    attachListeners(stream: Duplex): void
    emit(event: 'error', error: unknown): void
  }
}

/**
 * Makes a client, which is not connected yet.
 *
 * @param owner the name that its session has on the server
 */
export function newClient(url: string, owner: string): pg.Client {
  const client = new pg.Client({
    connectionString: url,
    connectionTimeoutMillis: CONNECT_TIMEOUT,
    keepAlive: true,
    application_name: owner,
  })
  failReading(client)
  return client
}

/**
 * Fails the connection when the driver cannot read an answer, such as one that asks for an unknown login method.
 * The driver throws where nobody catches it, which would end the process.
 */
function failReading(client: pg.Client): void {
  const { connection } = client as unknown as Inside
  const attach = connection.attachListeners
  connection.attachListeners = (stream) => {
    attach.call(connection, stream)
    const read = stream.listeners('data').at(-1) as (bytes: Buffer) => void
    stream.off('data', read)
    stream.on('data', (bytes: Buffer) => {
      try {
        read(bytes)
      } catch (error) {
        connection.emit('error', error)
        stream.destroy()
      }
    })
  }
}
