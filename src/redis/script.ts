import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'

/** A script as the server knows it. */
export interface Script {
  readonly text: string
  readonly sha: string
}

function script(flags: string): Script {
  const text = `#!lua${flags}\n${body}`
  return { text, sha: createHash('sha1').update(text).digest('hex') }
}

/** The parts of the script, in their order. They are one text, since a script cannot load another one. */
const PARTS = ['begin', 'cells', 'queues', 'leases', 'definitions', 'operations', 'seldom', 'call']
const body = PARTS.map((part) => {
  return readFileSync(new URL(`./lua/${part}.lua`, import.meta.url), 'utf8')
}).join('\n')

/** What all calls run. A server whose memory is full refuses it. */
export const RUN = script('')
/** The same for calls that make room: it runs also where the memory is full. */
export const RUN_WHEN_FULL = script(' flags=allow-oom')
