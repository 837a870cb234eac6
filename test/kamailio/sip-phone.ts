/** Sends SIP requests to a server on this machine, by UDP, and receives what comes back. */
import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'

export interface SipRequest {
  method: string
  callId?: string
  body?: string | Buffer
  /** The name to show of the one who sends. */
  from?: string
  /** Makes it a request within a call. */
  toTag?: string
  uri?: string
  headers?: string[]
}

export class SipPhone {
  readonly #socket: Socket
  readonly #server: number
  /** Who waits for a final reply, by the branch of the request. */
  readonly #waiting = new Map<string, (code: number) => void>()
  /** The requests that were received. */
  readonly received: string[] = []
  #count = 0

  /** @param server the port of the server */
  static async open(server: number): Promise<SipPhone> {
    const socket = createSocket('udp4')
    socket.bind(0, '127.0.0.1')
    await once(socket, 'listening')
    return new SipPhone(socket, server)
  }

  private constructor(socket: Socket, server: number) {
    this.#socket = socket
    this.#server = server
    socket.on('message', (data) => this.#receive(data.toString('utf8')))
    // Nobody listens on the port yet.
    socket.on('error', () => {})
  }

  get port(): number {
    return this.#socket.address().port
  }

  /**
   * Sends a request once, and resolves with the code of the final reply, or with 0 where there is none in time, in ms.
   */
  async ask(request: SipRequest, timeout = 20_000): Promise<number> {
    const branch = `z9hG4bK-${process.pid}-${this.port}-${++this.#count}`
    const reply = new Promise<number>((resolve) => {
      const timer = setTimeout(() => resolve(0), timeout)
      this.#waiting.set(branch, (code) => {
        clearTimeout(timer)
        resolve(code)
      })
    })
    this.#socket.send(this.#written(request, branch), this.#server, '127.0.0.1')
    const code = await reply
    this.#waiting.delete(branch)
    return code
  }

  close(): void {
    this.#socket.close()
  }

  #written(request: SipRequest, branch: string): Buffer {
    const { method, callId = branch, from = 'alice', toTag, headers = [] } = request
    const { uri = `sip:bob@127.0.0.1:${this.#server}`, body = '' } = request
    const content = Buffer.from(body)
    const head = [
      `${method} ${uri} SIP/2.0`,
      `Via: SIP/2.0/UDP 127.0.0.1:${this.port};branch=${branch};rport`,
      'Max-Forwards: 70',
      `From: "${from}" <sip:alice@example.com>;tag=a${this.#count}`,
      `To: <sip:bob@example.com>${toTag === undefined ? '' : `;tag=${toTag}`}`,
      `Call-ID: ${callId}`,
      `CSeq: ${this.#count} ${method}`,
      `Contact: <sip:alice@127.0.0.1:${this.port}>`,
      ...headers,
      'Content-Type: text/plain',
      `Content-Length: ${content.length}`,
    ]
    return Buffer.concat([Buffer.from(`${head.join('\r\n')}\r\n\r\n`), content])
  }

  #receive(text: string): void {
    const [, status] = /^SIP\/2\.0 (\d+)/.exec(text) ?? []
    if (status === undefined) {
      this.received.push(text)
      this.#answer(text)
    } else if (Number(status) >= 200) {
      const [, branch = ''] = /^Via: .*branch=([^;\s]+)/im.exec(text) ?? []
      this.#waiting.get(branch)?.(Number(status))
    }
  }

  /** Says yes to whatever it is asked, as the one who is called. */
  #answer(request: string): void {
    if (request.startsWith('ACK')) return
    const kept = request
      .split('\r\n')
      .filter((line) => /^(Via|From|Call-ID|CSeq|Record-Route):/i.test(line))
    const [, to = ''] = /^To: (.*)$/im.exec(request) ?? []
    const tagged = to.includes('tag=') ? to : `${to};tag=b`
    const lines = ['SIP/2.0 200 OK', ...kept, `To: ${tagged.trim()}`, 'Content-Length: 0', '', '']
    this.#socket.send(lines.join('\r\n'), this.#server, '127.0.0.1')
  }
}
