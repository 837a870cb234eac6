import { join } from 'node:path'
import type { NodeAPI, NodeDef } from 'node-red'
import { parseDbUrl } from '../src/db-url.ts'
import { type ParsedDefinitions, parseDefinitions } from '../src/definition.ts'
import { createEngine, type EngineOptions, relocateEngine } from '../src/engines.ts'
import { MqueueError, reasonOf } from '../src/errors.ts'
import { Storages } from '../src/local/storages.ts'
import { supported } from '../src/supports.ts'
import { serveKamailioQuestion } from './ask-kamailio.ts'
import { reportChanges } from './changes-log.ts'
import { overflowLog } from './overflow-log.ts'
import { serveQueues } from './queues-http.ts'
import {
  type ConfigNode,
  type Credentials,
  type EngineInUse,
  goingWith,
  itemsIn,
  registry,
} from './registry.ts'
import { serveRpc } from './rpc.ts'
import { errorStatus } from './status.ts'
import { serveConnectionTest } from './test-connection.ts'
import { tlsOptions } from './tls.ts'

/** What the dialog writes; in a flow file each may be anything. */
interface MqueueDef extends NodeDef {
  engine?: unknown
  dbUrl?: string
  redisUrl?: unknown
  prefix?: unknown
  rpcUrl?: unknown
  poll?: unknown
  /** The id of a `tls-config` node. */
  tls?: unknown
  mqueueSize?: string | number
  mqueueAddmode?: string | number
  queues?: unknown
}

/** The engine of a config node whose definition names none that there is. */
const DEFAULT_KIND = 'memory'

export default (RED: NodeAPI): void => {
  function listen(): void {
    if (!registry.watchEnd(RED)) return
    RED.events.on('flows:stopping', ({ type }: { type?: string }) => {
      registry.stopping(type !== 'nodes' && type !== 'flows')
    })
    RED.events.on('flows:started', () => {
      registry.stopping(false)
      registry.sweep(RED).catch((error) => RED.log.error(`mqueue: ${reasonOf(error)}`))
      // The flow nodes make themselves known as users first, so that their Status nodes get the news.
      registry.refresh()
      for (const node of registry.configs) showDefinitions(node)
    })
    overflowLog.begin(() => registry.configs)
    serveRpc(RED, () => registry.engines())
    serveQueues(RED, () => registry.sources())
    serveConnectionTest(RED)
    serveKamailioQuestion(RED)
  }

  function optionsOf(node: ConfigNode, def: MqueueDef): EngineOptions {
    const directory = join(RED.settings.userDir ?? process.cwd(), 'mqueue')
    const { user, password } = node.credentials ?? {}
    const report = {
      info: (text: string) => node.log(text),
      warn: (text: string) => node.warn(text),
      error: (text: string) => node.error(text),
    }
    const { dbUrl: url, redisUrl, prefix, rpcUrl, poll } = def
    const tls = tlsOptions(RED, def.tls)
    const servers = { redisUrl, prefix, rpcUrl, poll }
    return { url, ...servers, tls, user, password, directory, id: node.id, report }
  }

  function MqueueNode(this: ConfigNode, def: MqueueDef): void {
    RED.nodes.createNode(this, def)
    this.users = {}
    const { mqueueSize, mqueueAddmode, queues = [] } = def
    const parsed = parseDefinitions(queues, { mqueueSize, mqueueAddmode })
    const parked = registry.adopt(this.id)
    const options = optionsOf(this, def)
    const { inUse, errors } = engineFor(this, kindOf(def), options, parsed, parked)
    for (const error of errors) this.error(error.message)
    this.inUse = inUse
    this.definitionErrors = errors
    this.database = databaseOf(def, inUse)
    registry.enter(this)
    define(this, inUse, errors)
    this.on('close', (removed: boolean, done: () => void) => {
      registry.leave(RED, this, removed).then(done, (error) => {
        this.error(reasonOf(error))
        done()
      })
    })
  }

  listen()
  RED.nodes.registerType<ConfigNode, MqueueDef, unknown, Credentials>('mqueue', MqueueNode, {
    credentials: { user: { type: 'text' }, password: { type: 'password' } },
  })
}

/** The kind of engine that a definition names. A value that is not a text names none. */
function kindOf({ engine }: MqueueDef): string {
  const kind = engine ?? DEFAULT_KIND
  return typeof kind === 'string' ? kind : JSON.stringify(kind)
}

/** The kind of database that queues are kept in; undefined where none is, or where its address cannot be used. */
function databaseOf({ dbUrl = '' }: MqueueDef, { kind, definitions }: EngineInUse) {
  const isKept = definitions.some(({ dbmode }) => !Storages.keepsNothing(dbmode))
  if (kind !== DEFAULT_KIND || !isKept) return undefined
  try {
    const { kind } = parseDbUrl(dbUrl)
    return kind === 'default' ? 'sqlite' : kind
  } catch {
    return undefined
  }
}

/** The engine that a config node goes on with, which may be the one that is parked for it, and its definitions. */
function engineFor(
  node: ConfigNode,
  kind: string,
  options: EngineOptions,
  parsed: ParsedDefinitions,
  parked: EngineInUse | undefined,
): { inUse: EngineInUse; errors: MqueueError[] } {
  try {
    const engine = goOn(node, kind, options, parked) ?? createEngine(kind, options)
    const { definitions, errors } = supported(parsed, engine.supports)
    const before = parked?.engine === engine ? parked : undefined
    if (before !== undefined && errors.length === 0) reportChanges(node, before, definitions)
    const held = heldWith(definitions, errors, before)
    return { inUse: { engine, kind, definitions, held }, errors }
  } catch (cause) {
    const error = cause instanceof MqueueError ? cause : unusable(cause)
    // What the queues hold waits until the node names an engine that there is.
    const engine = parked?.engine ?? createEngine(DEFAULT_KIND, options)
    const held = heldWith([], [error], parked)
    const inUse = { engine, kind: parked?.kind ?? DEFAULT_KIND, definitions: [], held }
    return { inUse, errors: [error] }
  }
}

/** The definitions of all queues that an engine holds. While some are bad it deletes no queue. */
function heldWith(
  definitions: EngineInUse['definitions'],
  errors: readonly MqueueError[],
  before: EngineInUse | undefined,
): EngineInUse['held'] {
  if (errors.length === 0 || before === undefined) return definitions
  const names = new Set(definitions.map(({ name }) => name))
  return [...definitions, ...before.held.filter(({ name }) => !names.has(name))]
}

/** The error of an engine that does not let itself be made. */
function unusable(cause: unknown): MqueueError {
  const text = `The engine cannot be used: ${reasonOf(cause)}`
  return new MqueueError('MQ_INVALID_DEFINITION', text, { field: 'engine', cause })
}

/** The engine that is parked for a config node, where it can go on with other options; else it is closed. */
function goOn(
  node: ConfigNode,
  kind: string,
  options: EngineOptions,
  parked: EngineInUse | undefined,
) {
  if (parked === undefined) return undefined
  const { engine, held } = parked
  if (parked.kind === kind && relocateEngine(kind, engine, options)) return engine
  // It throws for a kind that there is not, and then nothing must be lost.
  const successor = createEngine(kind, options)
  if (itemsIn(parked, held) > 0) {
    const text = `Items dropped, since the queues live in another engine now (${kind} instead of ${parked.kind})`
    node.warn(`${text}: ${goingWith(parked)}.`)
  }
  closing(node, async () => engine.close())
  return successor
}

function closing(node: ConfigNode, close: () => Promise<void>): void {
  close().catch((error) => node.error(reasonOf(error)))
}

/** Brings the queues into line with their definitions, and reports what no longer fits. */
async function define(
  node: ConfigNode,
  { engine, definitions }: EngineInUse,
  errors: readonly MqueueError[],
): Promise<void> {
  // A warning may be due for what was dropped under the definitions before these.
  overflowLog.look(node, performance.now(), true)
  try {
    const defining = engine.define(definitions, errors)
    // What no longer fits is reported here.
    overflowLog.skip(node)
    for (const { queue, items } of await defining) {
      node.warn(`Queue "${queue}": items dropped by its new definition: ${items.length}.`)
    }
  } catch (error) {
    node.error(reasonOf(error))
  }
}

/** Shows that a definition is bad, and when it no longer is. */
function showDefinitions(node: ConfigNode): void {
  const [bad] = node.definitionErrors
  if (!registry.showsBad(node.id, bad !== undefined) && bad === undefined) return
  node.status(bad === undefined ? {} : errorStatus(bad))
}
