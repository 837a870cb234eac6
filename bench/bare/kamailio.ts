import http from 'node:http'

/** A bare loop of fetches over one connection that is kept: the least that draining a queue of Kamailio can cost. */
export class BareFetches {
  readonly #agent = new http.Agent({ keepAlive: true, maxSockets: 1 })
  readonly #port: number
  #id = 0

  constructor(port: number) {
    this.#port = port
  }

  /** Fetches until the queue is empty; returns how many items there were. */
  async drain(queue: string): Promise<number> {
    for (let count = 0; ; count++) {
      const reply = (await this.#fetch(queue)) as { result?: unknown }
      if (reply.result === undefined) return count
    }
  }

  #fetch(queue: string): Promise<unknown> {
    const call = { jsonrpc: '2.0', method: 'mqueue.fetch', params: [queue], id: ++this.#id }
    const body = JSON.stringify(call)
    const headers = {
      'Content-Type': 'application/json',
      'Content-Length': Buffer.byteLength(body),
    }
    const place = { host: '127.0.0.1', port: this.#port, path: '/RPC', agent: this.#agent }
    return new Promise((resolve, reject) => {
      const request = http.request({ ...place, method: 'POST', headers }, (response) => {
        const parts: Buffer[] = []
        response.on('data', (part) => parts.push(part))
        response.on('end', () => resolve(JSON.parse(Buffer.concat(parts).toString())))
      })
      request.on('error', reject)
      request.end(body)
    })
  }
}
