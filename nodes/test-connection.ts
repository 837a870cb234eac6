import type { NextFunction, Request, Response } from 'express'
import type { NodeAPI } from 'node-red'
import { reasonOf } from '../src/errors.ts'
import { parseRedisAddress } from '../src/redis/address.ts'
import { cautions, type ServerInfo } from '../src/redis/server-info.ts'
import { isReference } from '../src/written.ts'
import { ownJson, ownSite } from './admin-requests.ts'
import { tlsOptions } from './tls.ts'

/** What a dialog asks for; a request may hold anything. */
interface Asked {
  /** The id of the config node, which may not be deployed yet. */
  id?: unknown
  redisUrl?: unknown
  prefix?: unknown
  tls?: unknown
  user?: unknown
  /** `__PWRD__`, which is what the editor has instead, is the one that is stored. */
  password?: unknown
}

/** What the test of a connection found. */
type Found =
  | ({ ok: true; cautions: string[] } & Pick<
      ServerInfo,
      'name' | 'version' | 'persistence' | 'evicts'
    >)
  | { ok: false; message: string }

const STORED = '__PWRD__'

/**
 * Serves, under Node-RED's admin root, the test of a connection to Redis that has not been deployed yet:
 * `POST mqueue/test-connection`. Its answers hold nothing secret.
 */
export function serveConnectionTest(RED: NodeAPI): void {
  const answer = (res: Response, status: number, found: Found) => res.status(status).json(found)
  const refuse = (res: Response, status: number, reason: string) => {
    answer(res, status, { ok: false, message: `The request was refused: ${reason}.` })
  }

  function permitted(req: Request, res: Response, next: NextFunction): void {
    const needed = ['mqueue.write']
    // Who may not deploy must not have what is stored here sent to a server of their choice.
    if (usesStored(askedIn(req))) needed.push('flows.write')
    // Node-RED takes a list of permissions, all of which are needed; its types do not say so.
    RED.auth.needsPermission(needed as unknown as string)(req, res, next)
  }

  RED.httpAdmin.post(
    '/mqueue/test-connection',
    ownSite(RED, refuse),
    // First of all it must be known who asks.
    RED.auth.needsPermission('mqueue.write'),
    ownJson(refuse),
    permitted,
    (req, res) => {
      test(RED, askedIn(req)).then(
        (found) => answer(res, 200, found),
        (error) => answer(res, 200, { ok: false, message: reasonOf(error) }),
      )
    },
  )
}

async function test(RED: NodeAPI, asked: Asked): Promise<Found> {
  const { tls, ...location } = resolved(RED, asked)
  if (typeof tls === 'string' && tls !== '' && !RED.nodes.getNode(tls)) {
    const message = 'The TLS configuration is not deployed yet. Deploy it, then test again.'
    return { ok: false, message }
  }
  const address = parseRedisAddress(location)
  const { connect } = await import('../src/redis/connect.ts')
  const connection = await connect(address, tlsOptions(RED, tls))
  connection.end()
  const { info } = connection
  const { name, version, persistence, evicts } = info
  return { ok: true, name, version, persistence, evicts, cautions: cautions(info) }
}

function askedIn({ body }: Request): Asked {
  return typeof body === 'object' && body !== null ? body : {}
}

/** Whether a test takes something of this Node-RED that is not in the request. */
function usesStored({ redisUrl, prefix, tls, user, password }: Asked): boolean {
  return password === STORED || [redisUrl, prefix, tls, user, password].some(isReference)
}

/** The settings as a deploy would give them to the config node. */
function resolved(RED: NodeAPI, { id, redisUrl, prefix, tls, user, password }: Asked): Asked {
  const own = typeof id === 'string' ? id : ''
  const stored: { password?: unknown } = RED.nodes.getCredentials(own) ?? {}
  const node = RED.nodes.getNode(own)
  const read = (value: unknown) =>
    isReference(value)
      ? RED.util.evaluateNodeProperty(`\${${value.slice(2, -1)}}`, 'env', node, {})
      : value
  return {
    redisUrl: read(redisUrl),
    prefix: read(prefix),
    tls: read(tls),
    user: read(user),
    password: read(password === STORED ? stored.password : password),
  }
}
