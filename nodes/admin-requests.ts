import type { Request, RequestHandler, Response } from 'express'
import type { NodeAPI } from 'node-red'

/** The longest body of a request, in bytes. */
const LONGEST_BODY = 1_000_000

/** Why a request is not let through, where who refuses it needs to know. */
export const EMPTY = 'it is empty'
export const TOO_LONG = `a body has at most ${LONGEST_BODY} bytes`

/** Answers a request that is not let through, with an HTTP status and a reason in words. */
export type Refuse = (res: Response, status: number, reason: string) => void

/**
 * Keeps pages of other sites out of what stands under Node-RED's admin root: up to Node-RED 4.1 the admin API lets any
 * of them send JSON.
 */
export function ownSite(RED: NodeAPI, refuse: Refuse): RequestHandler {
  /** Whether the setting httpAdminCors, and not only a default of Node-RED, lets a site in. */
  function isLetIn(req: Request, res: Response): boolean {
    const { httpAdminCors: cors } = RED.settings as { httpAdminCors?: { origin?: unknown } }
    if (!cors) return false
    const allowed = res.get('Access-Control-Allow-Origin')
    const all = cors.origin === undefined || cors.origin === '*'
    return allowed !== undefined && (allowed === req.headers.origin || (allowed === '*' && all))
  }

  return (req, res, next) => {
    if (!isFromOtherSite(req) || isLetIn(req, res)) next()
    else refuse(res, 403, 'it comes from another site')
  }
}

/** Lets only JSON through: a page of another site can send a text or a form, but not JSON, without being let. */
export function ownJson(refuse: Refuse): RequestHandler {
  return (req, res, next) => {
    if (!req.is('application/json')) {
      refuse(res, 415, 'the content type is not application/json')
      return
    }
    try {
      if (lengthOf(req) > LONGEST_BODY) refuse(res, 413, TOO_LONG)
      else if (req.headers['content-length'] === '0') refuse(res, 400, EMPTY)
      else next()
    } catch {
      refuse(res, 400, 'it is nested too deeply to be read')
    }
  }
}

/** Browsers, and only they, say what site a request comes from. */
function isFromOtherSite({ headers }: Request): boolean {
  const site = headers['sec-fetch-site']
  if (site !== undefined) return site !== 'same-origin' && site !== 'none'
  const { origin } = headers
  if (origin === undefined) return false
  return !URL.canParse(origin) || new URL(origin).host !== headers.host
}

/** The length of a body, in bytes; of one that came in pieces, or packed, about. */
function lengthOf({ headers, body }: Request): number {
  const told = Number(headers['content-length'])
  const { 'content-encoding': encoding = 'identity' } = headers
  return encoding !== 'identity' || Number.isNaN(told)
    ? Buffer.byteLength(JSON.stringify(body))
    : told
}
