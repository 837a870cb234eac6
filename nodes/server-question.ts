import type { NextFunction, Request, Response } from 'express'
import type { NodeAPI } from 'node-red'
import { reasonOf } from '../src/errors.ts'
import { isReference } from '../src/written.ts'
import { ownJson, ownSite } from './admin-requests.ts'
import { tlsOptions } from './tls.ts'

/** The settings of a config node that say how a server is reached; in a request each may be anything. */
type Settings<Field extends string> = { [Name in Field]?: unknown } & {
  /** The id of a `tls-config` node. */
  tls?: unknown
  user?: unknown
  password?: unknown
}

/** What a dialog asks for. */
type Asked<Field extends string> = Settings<Field> & {
  /** The id of the config node, which may not be deployed yet. */
  id?: unknown
}

/** What a server is asked with. */
export type Resolved<Field extends string> = Omit<Settings<Field>, 'tls'> & {
  tls: ReturnType<typeof tlsOptions>
}

/** What a question has found. */
type Found<Answer> = ({ ok: true } & Answer) | { ok: false; message: string }

const STORED = '__PWRD__'

/**
 * Serves, under Node-RED's admin root, a question of a dialog to a server whose address may not be deployed yet:
 * `POST mqueue/<name>`. The password `__PWRD__`, which is what the editor has instead, is the one that is stored. The
 * answers must hold nothing secret.
 *
 * @param fields the settings that are looked at, besides `tls`, `user` and `password`
 * @param ask asks the server; what it rejects with is the answer
 */
export function serveQuestion<Field extends string, Answer extends object>(
  RED: NodeAPI,
  name: string,
  fields: readonly Field[],
  ask: (settings: Resolved<Field>) => Promise<Answer>,
): void {
  const all = [...fields, 'tls', 'user', 'password'] as const
  const answer = (res: Response, status: number, found: Found<Answer>) =>
    res.status(status).json(found)
  const refuse = (res: Response, status: number, reason: string) => {
    answer(res, status, { ok: false, message: `The request was refused: ${reason}.` })
  }

  /** Whether it takes something of this Node-RED that is not in the request. */
  function usesStored(asked: Asked<Field>): boolean {
    return asked.password === STORED || all.some((field) => isReference(asked[field]))
  }

  function permitted(req: Request, res: Response, next: NextFunction): void {
    const needed = ['mqueue.write']
    // Who may not deploy must not have what is stored here sent to a server of their choice.
    if (usesStored(askedIn(req))) needed.push('flows.write')
    // Node-RED takes a list of permissions, all of which are needed; its types do not say so.
    RED.auth.needsPermission(needed as unknown as string)(req, res, next)
  }

  /** The settings as a deploy would give them to the config node. */
  function resolved(asked: Asked<Field>): Settings<Field> {
    const own = typeof asked.id === 'string' ? asked.id : ''
    const stored: { password?: unknown } = RED.nodes.getCredentials(own) ?? {}
    const node = RED.nodes.getNode(own)
    const read = (value: unknown) =>
      isReference(value)
        ? RED.util.evaluateNodeProperty(`\${${value.slice(2, -1)}}`, 'env', node, {})
        : value
    const password = asked.password === STORED ? stored.password : asked.password
    const given: Settings<Field> = { ...asked, password }
    return Object.fromEntries(all.map((field) => [field, read(given[field])])) as Settings<Field>
  }

  async function found(asked: Asked<Field>): Promise<Found<Answer>> {
    const { tls, ...settings } = resolved(asked)
    if (typeof tls === 'string' && tls !== '' && !RED.nodes.getNode(tls)) {
      const message = 'The TLS configuration is not deployed yet. Deploy it, then try again.'
      return { ok: false, message }
    }
    const options = { ...settings, tls: tlsOptions(RED, tls) }
    return { ok: true, ...(await ask(options as Resolved<Field>)) }
  }

  RED.httpAdmin.post(
    `/mqueue/${name}`,
    ownSite(RED, refuse),
    // First of all it must be known who asks.
    RED.auth.needsPermission('mqueue.write'),
    ownJson(refuse),
    permitted,
    (req, res) => {
      found(askedIn(req)).then(
        (all) => answer(res, 200, all),
        (error) => answer(res, 200, { ok: false, message: reasonOf(error) }),
      )
    },
  )
}

function askedIn<Field extends string>({ body }: Request): Asked<Field> {
  return typeof body === 'object' && body !== null ? body : {}
}
