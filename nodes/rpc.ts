import { setImmediate } from 'node:timers/promises'
import type { Express, NextFunction, Request, Response } from 'express'
import type { NodeAPI } from 'node-red'
import { reasonOf } from '../src/errors.ts'
import type { Engines } from '../src/rpc.ts'

type Rpc = typeof import('../src/rpc.ts')

/** The longest body of a request, in bytes. */
const LONGEST_BODY = 1_000_000
const METHOD_NOT_FOUND = -32601
const PATHS = ['/mqueue/rpc', '/mqueue/:id/rpc']

/** What speaks JSON-RPC. It is loaded with the first request, since most who have queues never send one. */
let rpc: Rpc

function load(_req: unknown, _res: unknown, next: (error?: unknown) => void): void {
  if (rpc !== undefined) next()
  else {
    import('../src/rpc.ts').then((loaded) => {
      rpc = loaded
      next()
    }, next)
  }
}

/**
 * Serves Kamailio's mqueue commands as JSON-RPC under Node-RED's admin root: at `mqueue/rpc` for the
 * queues of all config nodes, at `mqueue/<id>/rpc` for those of one.
 *
 * @param engines returns the engines of the config nodes in use, by their ids
 */
export function serveRpc(RED: NodeAPI, engines: () => Engines): void {
  const authenticated = RED.auth.needsPermission('')

  function permitted(req: Request, res: Response, next: NextFunction): void {
    const needed = []
    if (rpc.reads(req.body)) needed.push('mqueue.read')
    if (rpc.changes(req.body)) needed.push('mqueue.write')
    // Node-RED takes a list of permissions, all of which are needed; its types do not say so.
    RED.auth.needsPermission(needed as unknown as string)(req, res, next)
  }

  /** Keeps pages of other sites out: up to Node-RED 4.1 the admin API lets any of them send JSON. */
  function assertOwnSite(req: Request, res: Response, next: NextFunction): void {
    if (!isFromOtherSite(req) || isLetIn(req, res)) next()
    else res.status(403).json(rpc.invalidRequest('Invalid Request: it comes from another site'))
  }

  /** Whether the setting httpAdminCors, and not only a default of Node-RED, lets a site in. */
  function isLetIn(req: Request, res: Response): boolean {
    const { httpAdminCors: cors } = RED.settings as { httpAdminCors?: { origin?: unknown } }
    if (!cors) return false
    const allowed = res.get('Access-Control-Allow-Origin')
    const all = cors.origin === undefined || cors.origin === '*'
    return allowed !== undefined && (allowed === req.headers.origin || (allowed === '*' && all))
  }

  async function answer(req: Request, res: Response): Promise<void> {
    // A client that hung up behind its request is noticed when the loop has polled once more.
    await setImmediate()
    await setImmediate()
    const gone = new AbortController()
    res.on('close', () => gone.abort())
    if (res.closed || req.socket.destroyed) gone.abort()
    const { id } = req.params
    const reachable = new Map([...engines()].filter(([own]) => id === undefined || own === id))
    if (id !== undefined && reachable.size === 0) {
      res.status(404).json(rpc.noSuchConfigNode())
      return
    }
    let isWritten = false
    const response = await rpc.answerRpc(req.body, reachable, gone.signal, (conclude) => {
      // An item whose answer does not get through comes back.
      let isSent = false
      res.on('finish', () => {
        isSent = isWritten
      })
      const concluded = () => conclude(isSent).catch((error) => RED.log.error(reasonOf(error)))
      if (res.closed) concluded()
      else res.on('close', concluded)
    })
    if (response === undefined) res.status(204).end()
    else {
      res.status(httpStatus(response)).json(response)
      isWritten = true
    }
  }

  RED.httpAdmin.post(
    PATHS,
    load,
    assertOwnSite,
    authenticated,
    assertJson,
    permitted,
    (req, res) => {
      answer(req, res).catch((error) => {
        RED.log.error(`mqueue: ${reasonOf(error)}`)
        if (!res.headersSent) res.status(500).json(rpc.internalError())
      })
    },
  )
  // Node-RED parses bodies in the app that this one is mounted in, and what fails there stays there.
  const { parent } = RED.httpAdmin as { parent?: Express }
  parent?.use(PATHS, (error: BodyError, req: Request, res: Response, next: NextFunction) => {
    if (req.method !== 'POST') next(error)
    else {
      load(req, res, (failure) => {
        if (failure) next(failure)
        else authenticated(req, res, () => refuse(error, res))
      })
    }
  })
}

/** The error of the body parser that Node-RED has before every route of its admin root. */
interface BodyError extends Error {
  type?: string
  status?: number
  /** The text that is no JSON. */
  body?: string
}

/** Browsers, and only they, say what site a request comes from. */
function isFromOtherSite({ headers }: Request): boolean {
  const site = headers['sec-fetch-site']
  if (site !== undefined) return site !== 'same-origin' && site !== 'none'
  const { origin } = headers
  if (origin === undefined) return false
  return !URL.canParse(origin) || new URL(origin).host !== headers.host
}

/** A page of another site can send a text or a form, but not JSON, without being let. */
function assertJson(req: Request, res: Response, next: NextFunction): void {
  if (!req.is('application/json')) {
    res
      .status(415)
      .json(rpc.invalidRequest('Invalid Request: the content type is not application/json'))
    return
  }
  try {
    if (lengthOf(req) > LONGEST_BODY) refuseLength(res)
    else if (req.headers['content-length'] === '0') res.status(400).json(rpc.parseError())
    else next()
  } catch {
    // It is nested so deeply that nothing can be done with it.
    res.status(400).json(rpc.invalidRequest())
  }
}

/** The length of a body, in bytes; of one that came in pieces, or packed, about. */
function lengthOf({ headers, body }: Request): number {
  const told = Number(headers['content-length'])
  const { 'content-encoding': encoding = 'identity' } = headers
  return encoding !== 'identity' || Number.isNaN(told)
    ? Buffer.byteLength(JSON.stringify(body))
    : told
}

function refuse(error: BodyError, res: Response): void {
  if (error.type === 'entity.too.large') refuseLength(res)
  else if (error.type !== 'entity.parse.failed') {
    res.status(error.status ?? 400).json(rpc.invalidRequest(`Invalid Request: ${error.message}`))
  } else res.status(400).json(isJson(error.body) ? rpc.invalidRequest() : rpc.parseError())
}

function refuseLength(res: Response): void {
  res
    .status(413)
    .json(rpc.invalidRequest(`Invalid Request: a body has at most ${LONGEST_BODY} bytes`))
}

/** The body parser takes objects and lists only; other JSON is JSON all the same. */
function isJson(text = ''): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

/** As in Kamailio, the HTTP status repeats the code of a fault. */
function httpStatus(response: Awaited<ReturnType<Rpc['answerRpc']>>): number {
  if (response === undefined || Array.isArray(response) || response.error === undefined) return 200
  const { code } = response.error
  if (code >= 400 && code <= 599) return code
  return code === METHOD_NOT_FOUND ? 404 : 400
}
