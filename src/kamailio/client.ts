import http from 'node:http'
import https from 'node:https'
import { reasonOf } from '../errors.ts'
import type { TlsOptions } from '../tls-options.ts'
import type { RpcAddress } from './address.ts'
import { CallFailed, RpcFault, readReply } from './reply.ts'

/** How long a call may take, in ms. */
const LONGEST_CALL = 5_000
/**
 * How long a connection may be idle and be used again, in ms. What is sent on one that the server closes at that moment is
 * lost, and servers close what is idle for five seconds or more.
 */
const LONGEST_IDLE = 4_000
/** The longest reply, in bytes. */
const LONGEST_REPLY = 64 * 1024 * 1024

/** What went wrong with a connection, in words. */
const WORDS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'the connection was refused',
  ECONNRESET: 'the connection was cut before the answer was there',
  EPIPE: 'the connection was cut before the answer was there',
  ETIMEDOUT: 'it could not be reached in time',
  EHOSTUNREACH: 'its host cannot be reached',
  ENETUNREACH: 'its network cannot be reached',
  ENOTFOUND: 'its host is not known',
  EAI_AGAIN: 'its host cannot be looked up now',
  EPROTO: 'it does not speak TLS',
}

interface Reply {
  readonly response: http.IncomingMessage
  readonly bytes: Buffer
}

/** How a call is done. */
export interface CallOptions {
  /** Whether the call changes nothing, so that it may be sent again. */
  readonly isRepeatable: boolean
}

/** Calls the RPC of one Kamailio, over one connection that is kept. Who calls waits for the answer before the next call. */
export class RpcClient {
  readonly #address: RpcAddress
  readonly #request: typeof http.request
  readonly #options: https.RequestOptions
  readonly #agent: http.Agent
  readonly #isTls: boolean
  #id = 0

  /** @param tls how TLS is spoken; where it is given it is spoken whatever the address says */
  constructor(address: RpcAddress, tls: TlsOptions | undefined) {
    this.#address = address
    const isTls = address.isTls || tls !== undefined
    this.#isTls = isTls
    const kept = { keepAlive: true, maxSockets: 1, timeout: LONGEST_IDLE }
    this.#agent = isTls
      ? new https.Agent({ ...kept, ...(tls as https.AgentOptions) })
      : new http.Agent(kept)
    this.#request = isTls ? https.request : http.request
    const { host, port, path, user, password } = address
    const hasLogin = user !== '' || password !== ''
    this.#options = {
      ...{ host, port, path, agent: this.#agent, method: 'POST' },
      ...(hasLogin && { auth: `${user}:${password}` }),
    }
  }

  /**
   * Calls a method.
   *
   * @returns its result
   * @throws RpcFault where Kamailio answers with an error, `CallFailed` where there is no answer that can be used
   */
  async call(method: string, params: readonly string[], options: CallOptions): Promise<unknown> {
    const id = ++this.#id
    const body = JSON.stringify({ jsonrpc: '2.0', method, params, id })
    try {
      const { response, bytes } = await this.#send(body, options)
      return readReply(response, bytes, id)
    } catch (error) {
      if (error instanceof CallFailed || error instanceof RpcFault) {
        throw error.redacted(this.#address)
      }
      throw error
    }
  }

  /** Ends the connection. A call under way fails. */
  close(): void {
    this.#agent.destroy()
  }

  async #send(body: string, { isRepeatable }: CallOptions): Promise<Reply> {
    const request = this.#request({
      ...this.#options,
      headers: { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body) },
    })
    const { promise, resolve, reject } = Promise.withResolvers<Reply>()
    let isSent = false
    /** Whether it is known what became of it: it was answered, or took too long. */
    let isDecided = false
    const failed = (error: NodeJS.ErrnoException) => {
      reject(error instanceof CallFailed ? error : new CallFailed(wordsOf(error), isSent))
    }
    const timer = setTimeout(() => {
      isDecided = true
      const text = `it has not answered in ${LONGEST_CALL / 1_000} s`
      request.destroy(new CallFailed(text, isSent))
    }, LONGEST_CALL)
    request.on('socket', (socket) => {
      if (request.reusedSocket) isSent = true
      else
        socket.once(this.#isTls ? 'secureConnect' : 'connect', () => {
          isSent = true
        })
    })
    request.on('response', (response) => {
      isDecided = true
      const parts: Buffer[] = []
      let length = 0
      response.on('data', (part: Buffer) => {
        parts.push(part)
        length += part.length
        if (length <= LONGEST_REPLY) return
        response.destroy(new CallFailed(`its answer is longer than ${LONGEST_REPLY} bytes`, true))
      })
      response.on('error', failed)
      response.on('end', () => resolve({ response, bytes: Buffer.concat(parts) }))
    })
    request.on('error', failed)
    request.on('close', () => {
      // Some answers, as HTTP 101, end a request without an error.
      if (!isDecided) failed(Object.assign(new Error(), { code: 'ECONNRESET' }))
    })
    request.end(body)
    try {
      return await promise
    } catch (error) {
      // The server has closed an idle connection just now.
      if (isRepeatable && request.reusedSocket && !isDecided)
        return this.#send(body, { isRepeatable: false })
      throw error
    } finally {
      clearTimeout(timer)
    }
  }
}

/** What went wrong with a connection, in words. */
function wordsOf(cause: unknown): string {
  const [first = cause] = cause instanceof AggregateError ? cause.errors : []
  const code = String((first as NodeJS.ErrnoException).code ?? '')
  if (code.startsWith('HPE_')) return 'it does not speak HTTP'
  return WORDS[code] ?? (reasonOf(first) || code)
}
