import { join } from 'node:path'
import type { NodeAPI, NodeDef } from 'node-red'
import { parseDefinitions } from '../src/definition.ts'
import type { Engine } from '../src/engine.ts'
import { MqueueError, quote, reasonOf } from '../src/errors.ts'
import type { StoreLocation } from '../src/address.ts'
import { StoredEngine } from '../src/sql/engine.ts'
import { adopt, park, parkedEngines, sweep } from './living-engines.ts'
import { onEnd } from './process-end.ts'
import { type ConfigNode, type Credentials, refreshLinks } from './queue-link.ts'
import { serveRpc } from './rpc.ts'
import { errorStatus } from './status.ts'

interface MqueueDef extends NodeDef {
  engine?: string
  dbUrl?: string
  mqueueSize?: string | number
  mqueueAddmode?: string | number
  queues?: unknown
}

/** The config nodes that are neither disabled nor stopped, by their id. */
const living = new Map<string, ConfigNode>()
/** The engines of those nodes. */
const engines = new Set<StoredEngine>()
/** The ids of config nodes that are shown to have a bad definition. */
const shownBad = new Set<string>()
let listening = false

export default (RED: NodeAPI): void => {
  function listen(): void {
    if (listening) return
    listening = true
    RED.events.on('flows:started', () => {
      sweep(RED).catch((error) => RED.log.error(`mqueue: ${reasonOf(error)}`))
      // The flow nodes make themselves known as users first, so that their Status nodes hear of it.
      refreshLinks()
      for (const node of living.values()) showDefinitions(node)
    })
    serveRpc(RED, livingEngines)
    onEnd({
      save: () => parkedEngines().map((engine) => engine.save()),
      rescue() {
        for (const engine of [...engines, ...parkedEngines()]) {
          try {
            engine.rescue()
          } catch (error) {
            RED.log.error(`mqueue: ${reasonOf(error)}`)
          }
        }
      },
    })
  }

  function locationOf(node: ConfigNode, { dbUrl }: MqueueDef): StoreLocation {
    const directory = join(RED.settings.userDir ?? process.cwd(), 'mqueue')
    const { user, password } = node.credentials ?? {}
    return { url: dbUrl, user, password, directory, id: node.id }
  }

  function MqueueNode(this: ConfigNode, def: MqueueDef): void {
    RED.nodes.createNode(this, def)
    this.users = {}
    const location = locationOf(this, def)
    const report = {
      info: (text: string) => this.log(text),
      warn: (text: string) => this.warn(text),
      error: (text: string) => this.error(text),
    }
    const parked = adopt(this.id)
    parked?.use(location, report)
    const engine = parked ?? new StoredEngine(location, report)
    this.engine = engine
    engines.add(engine)
    living.set(this.id, this)
    const { definitions, errors } = parse(def)
    for (const error of errors) this.error(error.message)
    this.definitionErrors = errors
    Promise.resolve(engine.define(definitions, errors)).then(
      (dropped) => {
        for (const { queue, items } of dropped) {
          this.warn(`Queue "${queue}": items dropped by its new definition: ${items.length}.`)
        }
      },
      (error) => this.error(reasonOf(error)),
    )
    this.on('close', (removed: boolean, done: () => void) => {
      this.engine = undefined
      living.delete(this.id)
      engines.delete(engine)
      park(RED, this.id, engine, removed).then(done, (error) => {
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

function livingEngines(): Map<string, Engine> {
  const engines = new Map<string, Engine>()
  for (const [id, { engine }] of living) if (engine !== undefined) engines.set(id, engine)
  return engines
}

function parse({ engine = 'memory', queues = [], mqueueSize, mqueueAddmode }: MqueueDef) {
  const parsed = parseDefinitions(queues, { mqueueSize, mqueueAddmode })
  if (engine === 'memory') return parsed
  const text = `There is no engine ${quote(String(engine))}; use "memory".`
  const error = new MqueueError('MQ_INVALID_DEFINITION', text, { field: 'engine' })
  return { definitions: [], errors: [error] }
}

/** Shows that a definition is bad, and when it no longer is. */
function showDefinitions(node: ConfigNode): void {
  if (node.definitionErrors.length > 0) {
    shownBad.add(node.id)
    node.status(errorStatus(node.definitionErrors[0]))
  } else if (shownBad.delete(node.id)) node.status({})
}
