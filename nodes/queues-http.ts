import type { Request, Response } from 'express'
import type { NodeAPI } from 'node-red'
import { reasonOf } from '../src/errors.ts'
import type { Source } from '../src/overview.ts'
import { ownSite } from './admin-requests.ts'
import type { QueueRequests } from './queue-requests.ts'

const READ = 'mqueue.read'
const JSON_TYPE = 'application/json; charset=utf-8'
/** The text format of Prometheus. */
const METRICS_TYPE = 'text/plain; version=0.0.4; charset=utf-8'

/**
 * Serves, under Node-RED's admin root, what people see of queues and do with them: to the sidebar, and to Prometheus. An
 * error is answered as `{ code, message }`.
 *
 * @param sources returns the engines of the config nodes in use
 */
export function serveQueues(RED: NodeAPI, sources: () => Iterable<Source>): void {
  let requests: QueueRequests | undefined

  /** What answers is loaded with the first request, since many never send one. */
  async function loaded(): Promise<QueueRequests> {
    const { QueueRequests } = await import('./queue-requests.ts')
    requests ??= new QueueRequests(sources)
    return requests
  }

  function serve(answer: (requests: QueueRequests, req: Request, res: Response) => Promise<void>) {
    return async (req: Request, res: Response): Promise<void> => {
      try {
        // What the queues hold now is no answer to the next request.
        res.set('Cache-Control', 'no-store')
        await answer(await loaded(), req, res)
      } catch (error) {
        RED.log.error(`mqueue: ${reasonOf(error)}`)
        res.status(500).json({ code: 'MQ_INTERNAL', message: reasonOf(error) })
      }
    }
  }

  const own = ownSite(RED, refuseAt)
  RED.httpAdmin.get(
    '/mqueue/queues',
    own,
    RED.auth.needsPermission(READ),
    serve(async (all, _req, res) => {
      res.type(JSON_TYPE).send(await all.overview())
    }),
  )
  RED.httpAdmin.get(
    '/mqueue/metrics',
    own,
    RED.auth.needsPermission(READ),
    serve(async (all, _req, res) => {
      const text = await all.metrics()
      // Express would put the parameters of the type into another order.
      res.set('Content-Type', METRICS_TYPE).end(text)
    }),
  )
}

/** Answers a request that is not let through. */
function refuseAt(res: Response, status: number, reason: string): void {
  res.status(status).json({ code: 'MQ_REFUSED', message: `The request was refused: ${reason}.` })
}
