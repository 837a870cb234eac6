/** Checks what a dialog holds by the rules of the runtime, before Node-RED has put in the environment. */

import { parseDbUrl } from '../../src/db-url.ts'
import {
  type DefinitionDefaults,
  parseDefinitions,
  type QueueDefinition,
  type QueueDefinitionInput,
} from '../../src/definition.ts'
import { MqueueError } from '../../src/errors.ts'
import { checkPoll as assertPoll, parseRpcUrl } from '../../src/kamailio/rpc-url.ts'
import { checkPrefix as assertPrefix, parseRedisUrl } from '../../src/redis/redis-url.ts'
import { isBlank, isReference } from '../../src/written.ts'

export { isReference }

/**
 * Checks queue definitions as the runtime does. A reference to the environment is taken for good,
 * since its value is only known there.
 *
 * @returns the definitions that are good and without references, and an error for each bad row
 */
export function checkDefinitions(
  queues: unknown,
  defaults: DefinitionDefaults,
): { definitions: QueueDefinition[]; errors: MqueueError[] } {
  if (isReference(queues)) return { definitions: [], errors: [] }
  const rows: QueueDefinitionInput[] = Array.isArray(queues) ? queues : []
  const standIns = Array.isArray(queues) ? rows.map((row) => standInOf(row, rows)) : queues
  const { definitions, errors } = parseDefinitions(standIns, {
    mqueueSize: known(defaults.mqueueSize),
    mqueueAddmode: known(defaults.mqueueAddmode),
  })
  const depending = new Set(
    rows.filter((row) => dependsOnReference(row, defaults)).map((row) => standInOf(row, rows).name),
  )
  return { definitions: definitions.filter(({ name }) => !depending.has(name)), errors }
}

function dependsOnReference(
  row: QueueDefinitionInput,
  { mqueueSize, mqueueAddmode }: DefinitionDefaults,
): boolean {
  if (typeof row !== 'object' || row === null) return false
  const { name, size, addmode, dbmode } = row
  const taken = [isBlank(size) ? mqueueSize : size, isBlank(addmode) ? mqueueAddmode : addmode]
  return [name, dbmode, ...taken].some(isReference)
}

/** The definition with everything that refers to the environment replaced by what is good. */
function standInOf(row: QueueDefinitionInput, rows: QueueDefinitionInput[]): QueueDefinitionInput {
  if (typeof row !== 'object' || row === null) return row
  const { name, deadLetter, ...others } = row
  return {
    ...Object.fromEntries(Object.entries(others).map(([field, value]) => [field, known(value)])),
    name: nameStandIn(name, rows),
    deadLetter: isCertain(deadLetter, rows) ? nameStandIn(deadLetter, rows) : '',
  }
}

/** Two references to one variable are the same name; no other name is as long and as odd. */
function nameStandIn(name: unknown, rows: QueueDefinitionInput[]): unknown {
  if (!isReference(name)) return name
  return `${rows.findIndex((other) => other?.name === name)}`.padStart(64, '.')
}

/** Whether it is known which queue a dead letter queue is: only the environment may know its name, or that of another one. */
function isCertain(deadLetter: unknown, rows: QueueDefinitionInput[]): boolean {
  if (rows.some((row) => row?.name === deadLetter)) return true
  return !isReference(deadLetter) && !rows.some((row) => isReference(row?.name))
}

/** The value of a field; blank, which is good everywhere, where only the environment knows it. */
function known(value: unknown): unknown {
  return isReference(value) ? '' : value
}

/** Whether a queue needs the database. */
export function persists({ dbmode }: QueueDefinitionInput): boolean {
  return !isBlank(dbmode) && Number(dbmode) !== 0
}

/** What is wrong with the address of a database; undefined when nothing is. */
export function checkDbUrl(dbUrl: unknown): MqueueError | undefined {
  return errorOf(dbUrl, parseDbUrl)
}

/** What is wrong with the address of a Redis; undefined when nothing is. */
export function checkRedisUrl(redisUrl: unknown): MqueueError | undefined {
  return errorOf(redisUrl, (text) => {
    const { prefix } = parseRedisUrl(text)
    if (prefix !== undefined) assertPrefix(prefix)
  })
}

/** What is wrong with what all keys in Redis begin with, which may be blank; undefined when nothing is. */
export function checkPrefix(prefix: unknown): MqueueError | undefined {
  return isBlank(prefix) ? undefined : errorOf(prefix, assertPrefix)
}

/** What is wrong with the address of a live Kamailio; undefined when nothing is. */
export function checkRpcUrl(rpcUrl: unknown): MqueueError | undefined {
  return errorOf(rpcUrl, parseRpcUrl)
}

/** What is wrong with the seconds between two looks into Kamailio, which may be blank; undefined when nothing is. */
export function checkPoll(poll: unknown): MqueueError | undefined {
  return errorOf(poll, assertPoll)
}

/** What a check throws; nothing for a reference to the environment, which is taken for good. */
function errorOf(value: unknown, check: (value: unknown) => void): MqueueError | undefined {
  if (isReference(value)) return undefined
  try {
    check(value === undefined ? '' : value)
    return undefined
  } catch (error) {
    if (error instanceof MqueueError) return error
    throw error
  }
}
