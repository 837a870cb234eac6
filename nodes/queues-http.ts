import type { Express, NextFunction, Request, RequestHandler, Response } from 'express'
import type { NodeAPI } from 'node-red'
import { reasonOf } from '../src/errors.ts'
import type { Source } from '../src/overview.ts'
import { ownJson, ownSite } from './admin-requests.ts'
import { HttpError } from './http-error.ts'
import type { Page, Place, QueueRequests } from './queue-requests.ts'

type Requested = typeof import('./queue-requests.ts')

const READ = 'mqueue.read'
const WRITE = 'mqueue.write'
const QUEUE = '/mqueue/:id/queues/:queue'
/** All that stands under a queue, whether or not its name can be read. */
const UNDER_QUEUES = /^\/mqueue\/[^/]*\/queues(?=\/)/
/** The text format of Prometheus. */
const METRICS_TYPE = 'text/plain; version=0.0.4; charset=utf-8'
const MOST_ITEMS = 100
const DEFAULT_ITEMS = '50'

/**
 * Serves, under Node-RED's admin root, what people see of queues and do with them: to the sidebar, and to Prometheus. An
 * error is answered as `{ code, message }`.
 *
 * @param sources returns the engines of the config nodes in use
 */
export function serveQueues(RED: NodeAPI, sources: () => Iterable<Source>): void {
  let requests: QueueRequests | undefined

  /** Answers a request. What does so is loaded with the first one, since many never send any. */
  function serve(
    answer: (
      requests: QueueRequests,
      req: Request,
      res: Response,
      code: Requested,
    ) => Promise<void>,
  ): RequestHandler {
    return async (req, res) => {
      try {
        const code = await import('./queue-requests.ts')
        requests ??= new code.QueueRequests(sources)
        // A later request must not be answered with what the queues hold now.
        res.set('Cache-Control', 'no-store')
        await answer(requests, req, res, code)
      } catch (error) {
        fail(res, error)
      }
    }
  }

  function fail(res: Response, error: unknown): void {
    const { status, code, message } = HttpError.of(error)
    if (status === 500) RED.log.error(`mqueue: ${message}`)
    if (!res.headersSent) res.status(status).json({ code, message })
  }

  const refuse = (res: Response, status: number, reason: string) =>
    fail(res, HttpError.refused(status, reason))

  function get(path: string, answer: Parameters<typeof serve>[0]): void {
    RED.httpAdmin.get(path, own, RED.auth.needsPermission(READ), serve(answer))
  }

  const own = ownSite(RED, refuse)
  get('/mqueue/queues', async (all, _req, res) => {
    res.type('json').send(await all.overview())
  })
  get('/mqueue/metrics', async (all, _req, res) => {
    const text = await all.metrics()
    // Express would put the parameters of the type into another order.
    res.set('Content-Type', METRICS_TYPE).end(text)
  })
  get(`${QUEUE}/items`, async (all, req, res) => {
    res.json(await all.items(placeOf(req), pageOf(req)))
  })
  get(`${QUEUE}/items/:item`, async (all, req, res) => {
    res.json(await all.item(placeOf(req), req.params.item as string))
  })
  RED.httpAdmin.post(
    `${QUEUE}/:action`,
    own,
    RED.auth.needsPermission(WRITE),
    ownJson(refuse),
    serve(async (all, req, res, { ACTIONS }) => {
      const action = ACTIONS.find((one) => one === req.params.action)
      if (action === undefined) throw HttpError.refused(404, 'there is no such action')
      const [place, item] = [placeOf(req), itemOf(req)]
      const audit = (outcome: object) => {
        // The types say that a text is needed; Node-RED takes an object.
        RED.log.audit({ event: `mqueue.${action}`, ...place, item, ...outcome } as never, req)
      }
      try {
        const done = await all.act(place, action, item)
        audit(done)
        res.json(done)
      } catch (error) {
        // What was not answered in time may still be done.
        audit({ error: HttpError.of(error).code })
        throw error
      }
    }),
  )

  /** Answers a request whose body or whose path cannot be read, as far as its sender may know. */
  function unreadable(error: unknown, req: Request, res: Response, next: NextFunction): void {
    const { status } = error as { status?: unknown }
    if (typeof status !== 'number' || status >= 500) next(error)
    else {
      const permission = req.method === 'POST' ? WRITE : READ
      RED.auth.needsPermission(permission)(req, res, () => refuse(res, status, reasonOf(error)))
    }
  }
  RED.httpAdmin.use(UNDER_QUEUES, unreadable)
  // Node-RED parses bodies in the app that this one is mounted in, and what fails there stays there.
  const { parent } = RED.httpAdmin as { parent?: Express }
  parent?.use(UNDER_QUEUES, unreadable)
}

function placeOf({ params }: Request): Place {
  const { id = '', queue = '' } = params as Partial<Place>
  return { id, queue: decodedAgain(queue) }
}

/**
 * A name that was encoded twice. A browser takes `.` and `..` in a path for directories, also where they are encoded once,
 * and queues may be called so. No name of a queue has a `%`.
 */
function decodedAgain(name: string): string {
  try {
    return decodeURIComponent(name)
  } catch {
    return name
  }
}

function pageOf({ query }: Request): Page {
  const { from = '0', count = DEFAULT_ITEMS } = query
  const page = { from: wholeOf(from), count: wholeOf(count) }
  if (page.count >= 1 && page.count <= MOST_ITEMS) return page
  throw HttpError.refused(400, `count is a number from 1 to ${MOST_ITEMS}`)
}

function wholeOf(text: unknown): number {
  if (typeof text === 'string' && /^\d{1,15}$/.test(text)) return Number(text)
  throw HttpError.refused(400, 'from and count are whole numbers')
}

/** The id of the item that a request is about. */
function itemOf({ body }: Request): string | undefined {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw HttpError.refused(400, 'it is not an object')
  }
  const { item } = body as { item?: unknown }
  if (item === undefined || (typeof item === 'string' && item !== '')) return item
  throw HttpError.refused(400, 'the item is not a text')
}
