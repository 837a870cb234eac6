/** An HTTP proxy in front of a Kamailio, as people put one there: for TLS, for a password, or by mistake. */
import { readFileSync } from 'node:fs'
import http from 'node:http'
import https from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import { join } from 'node:path'

/** What a front answers by itself. */
export interface Answer {
  readonly status: number
  readonly body: string | Buffer
  readonly headers?: Record<string, string>
}

/** What becomes of one call: it passes, unless there is an answer here, or the connection is cut. */
export type Rule = (call: { method: string; params: unknown[] }) => Answer | 'cut' | undefined

export interface FrontOptions {
  /** The directory with `server.crt` and `server.key`, where it speaks TLS. */
  readonly tls?: string
  /** Who is let in, as `user:password`. */
  readonly login?: string
}

export class Front {
  /** The calls that came, by method. */
  readonly calls: string[] = []
  rule: Rule = () => undefined
  /** Is waited for before an answer of Kamailio is passed on. */
  hold: (method: string) => Promise<void> = async () => {}
  readonly #target: () => number
  readonly #login: string | undefined
  readonly #server: http.Server
  readonly #sockets = new Set<Socket>()
  readonly #agent = new http.Agent({ keepAlive: true, maxSockets: 1 })
  readonly #scheme: string

  private constructor(target: () => number, { tls, login }: FrontOptions) {
    this.#target = target
    this.#login = login && `Basic ${Buffer.from(login).toString('base64')}`
    const handle: http.RequestListener = (req, res) => this.#handle(req, res)
    this.#scheme = tls === undefined ? 'http' : 'https'
    if (tls === undefined) this.#server = http.createServer(handle)
    else {
      const read = (file: string) => readFileSync(join(tls, file))
      const pair = { cert: read('server.crt'), key: read('server.key') }
      this.#server = https.createServer(pair, handle)
    }
    this.#server.on('connection', (socket) => {
      this.#sockets.add(socket)
      socket.on('close', () => this.#sockets.delete(socket))
    })
  }

  /** @param target returns the port of the Kamailio */
  static async start(target: () => number, options: FrontOptions = {}): Promise<Front> {
    const front = new Front(target, options)
    await new Promise<void>((resolve) => front.#server.listen(0, '127.0.0.1', resolve))
    return front
  }

  get url(): string {
    return `${this.#scheme}://127.0.0.1:${(this.#server.address() as AddressInfo).port}/RPC`
  }

  /** How many connections there are. */
  get connections(): number {
    return this.#sockets.size
  }

  async stop(): Promise<void> {
    this.#agent.destroy()
    const closed = new Promise((resolve) => this.#server.close(resolve))
    for (const socket of this.#sockets) socket.destroy()
    await closed
  }

  async #handle(req: http.IncomingMessage, res: http.ServerResponse): Promise<void> {
    const parts: Buffer[] = []
    for await (const part of req) parts.push(part as Buffer)
    const body = Buffer.concat(parts)
    const call = JSON.parse(body.toString())
    this.calls.push(call.method)
    if (this.#login !== undefined && req.headers.authorization !== this.#login) {
      res.writeHead(401, { 'WWW-Authenticate': 'Basic realm="rpc"' }).end('who are you?')
      return
    }
    const answer = this.rule(call)
    if (answer === 'cut') req.socket.destroy()
    else if (answer !== undefined)
      res.writeHead(answer.status, answer.headers ?? {}).end(answer.body)
    else this.#pass(req, res, body, call.method)
  }

  #pass(req: http.IncomingMessage, res: http.ServerResponse, body: Buffer, called: string): void {
    const { url: path, method } = req
    const headers = { 'Content-Type': 'application/json', 'Content-Length': body.length }
    const place = { host: '127.0.0.1', port: this.#target(), agent: this.#agent }
    const onward = http.request({ ...place, path, method, headers }, async (reply) => {
      await this.hold(called)
      res.writeHead(reply.statusCode ?? 500, { 'Content-Type': 'application/json' })
      reply.pipe(res)
    })
    onward.on('error', () => {
      if (!res.headersSent) res.writeHead(502, { 'Content-Type': 'text/html' })
      res.end('<html>Bad Gateway</html>')
    })
    onward.end(body)
  }
}
