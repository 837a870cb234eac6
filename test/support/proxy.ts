/** A TCP proxy that can do to a connection what networks do. */
import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { freePort } from './free-port.ts'

export class TcpProxy {
  /** The port that new connections go on to. */
  target: number
  #server: Server | undefined
  readonly #pairs = new Set<[client: Socket, server: Socket]>()
  port = 0
  /** How long each piece is held back, in ms. */
  delay = 0
  /** Whether nothing passes any more, while the connections stay. */
  frozen = false
  /** Whether nothing of what servers say passes any more, while they receive everything. */
  swallowsReplies = false
  /** How many pieces of replies did not pass. */
  swallowed = 0
  #cutsAtReply = false

  constructor(target: number) {
    this.target = target
  }

  /** Takes connections, on the same port as before. */
  async start(): Promise<void> {
    const server = createServer({ allowHalfOpen: true }, (client) => this.#join(client))
    this.#server = server
    if (this.port === 0) this.port = await freePort()
    server.listen(this.port, '127.0.0.1')
    await once(server, 'listening')
  }

  /** Refuses connections and cuts those there are. */
  async stop(): Promise<void> {
    const closed = new Promise((resolve) => this.#server?.close(resolve))
    this.cut()
    await closed
  }

  get connections(): number {
    return this.#pairs.size
  }

  /** Cuts all connections, on both sides. */
  cut(): void {
    for (const pair of this.#pairs) for (const socket of pair) socket.resetAndDestroy()
    this.#pairs.clear()
  }

  /** Cuts all connections when the next reply comes, which does not pass. */
  cutAtReply(): void {
    this.#cutsAtReply = true
  }

  /** Ends one direction: the client sees that the server has finished, and the server nothing. */
  halfClose(): void {
    for (const [client] of this.#pairs) client.end()
  }

  #isSwallowed(): boolean {
    if (!this.swallowsReplies && !this.#cutsAtReply) return false
    this.swallowed++
    if (this.#cutsAtReply) this.cut()
    this.#cutsAtReply = false
    return true
  }

  #join(client: Socket): void {
    const server = connect({ port: this.target, host: '127.0.0.1', allowHalfOpen: true })
    const pair: [Socket, Socket] = [client, server]
    this.#pairs.add(pair)
    for (const [from, to] of [pair, [server, client]] as const) {
      from.on('data', (data) => {
        if (this.frozen || (from === server && this.#isSwallowed())) return
        if (this.delay === 0) to.write(data)
        else setTimeout(() => to.writable && to.write(data), this.delay)
      })
      from.on('end', () => setTimeout(() => to.end(), this.delay))
      from.on('error', () => to.destroy())
      from.on('close', () => this.#pairs.delete(pair))
    }
  }
}
