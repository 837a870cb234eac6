import { setImmediate } from 'node:timers/promises'
import type { Express, NextFunction, Request, Response } from 'express'
import type { NodeAPI } from 'node-red'
import { reasonOf } from '../src/errors.ts'
import type { Engines } from '../src/rpc.ts'
import { EMPTY, ownJson, ownSite, TOO_LONG } from './admin-requests.ts'

type Rpc = typeof import('../src/rpc.ts')

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
    ownSite(RED, refuseAt),
    authenticated,
    ownJson(refuseAt),
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
  /** The text that is not JSON. */
  body?: string
}

/** Answers a request that is not let through, as JSON-RPC has it. */
function refuseAt(res: Response, status: number, reason: string): void {
  const isEmpty = reason === EMPTY
  res
    .status(status)
    .json(isEmpty ? rpc.parseError() : rpc.invalidRequest(`Invalid Request: ${reason}`))
}

function refuse(error: BodyError, res: Response): void {
  if (error.type === 'entity.too.large') refuseAt(res, 413, TOO_LONG)
  else if (error.type !== 'entity.parse.failed') {
    res.status(error.status ?? 400).json(rpc.invalidRequest(`Invalid Request: ${error.message}`))
  } else res.status(400).json(isJson(error.body) ? rpc.invalidRequest() : rpc.parseError())
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
