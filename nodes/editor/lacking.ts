/** What the flow nodes offer and a live Kamailio cannot do. */

import { ACTIONS } from './actions.ts'
import { isReference } from './check.ts'
import { EngineChoice } from './engine-select.ts'
import { inDialog } from './in-dialog.ts'
import { shown } from './shown.ts'
import { text } from './text.ts'

/** What a property of a node asks for, and Kamailio lacks. */
export interface Lack {
  /** The text that says why, and what to do. */
  reason: string
  /** Whether a value of the property asks for nothing that is lacking; absent where the node can do nothing at all. */
  isFine?(value: string): boolean
  /** The choices of the property that ask for it. */
  choices?: readonly string[]
  /** The properties that have no effect. */
  idle: readonly string[]
}

/** By node and property. */
const LACKS: Readonly<Record<string, Lack>> = {
  'mq-add.queue': {
    reason: 'kamailio.noAdd',
    idle: ['queue', 'key', 'value', 'dropped'],
  },
  'mq-ack.action': {
    reason: 'kamailio.noAck',
    idle: ['action', 'delay', 'lease', 'leaseFrom'],
  },
  'mq-consume.ack': {
    reason: 'kamailio.noManual',
    isFine: (ack) => ack === 'auto',
    choices: ['manual'],
    idle: ['inFlight', 'lease'],
  },
  'mq-fetch.lease': {
    reason: 'kamailio.noLease',
    isFine: (lease) => lease === '' || Number(lease) === 0,
    idle: ['lease'],
  },
  'mq-control.action': {
    reason: 'kamailio.onlyStats',
    isFine: (action) => action === 'stats',
    choices: ACTIONS['mq-control']?.filter((action) => action !== 'stats') ?? [],
    idle: ['count', 'key'],
  },
  'mq-size.leased': {
    reason: 'kamailio.noLeased',
    isFine: (leased) => leased !== 'true',
    idle: ['leased'],
  },
}

/** What a type of node may ask for in vain: the property that does so, and what is lacking. */
export function lackOf(type: string): [property: string, lack: Lack] | undefined {
  const [key = '', lack] = Object.entries(LACKS).find(([one]) => one.startsWith(`${type}.`)) ?? []
  return lack === undefined ? undefined : [key.slice(type.length + 1), lack]
}

/** Whether the queues of a flow node are for certain those of a live Kamailio. */
export function isInKamailio(node: EditorNode): boolean {
  return EngineChoice.byId(inDialog(node, 'mqueue')).isKamailio
}

/**
 * Why a flow node with that value of a property can do nothing where its queues live.
 *
 * @returns undefined where it can, or only the environment or a message knows
 */
export function whyNot(node: EditorNode, property: string, value: unknown): string | undefined {
  const lack = LACKS[`${node.type}.${property}`]
  if (lack === undefined || !isInKamailio(node)) return undefined
  return isKnownToFail(node, property, lack, shown(value).trim()) ? text(lack.reason) : undefined
}

function isKnownToFail(node: EditorNode, property: string, lack: Lack, value: string): boolean {
  if (lack.isFine === undefined) return true
  if (isReference(value) || inDialog(node, `${property}Type`) === 'msg') return false
  return !lack.isFine(value)
}
