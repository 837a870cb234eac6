import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'

/** A script as the server knows it. */
export interface Script {
  readonly text: string
  readonly sha: string
}

function script(flags: string): Script {
  const parts = PARTS.map((part) => {
    return readFileSync(new URL(`./lua/${part}.lua`, import.meta.url), 'utf8')
  })
  const text = `#!lua${flags}\n${parts.join('\n')}`
  return { text, sha: createHash('sha1').update(text).digest('hex') }
}

/** The parts of the script, in their order. They are one text, since a script cannot load another one. */
const PARTS = ['begin', 'cells', 'queues', 'leases', 'definitions', 'operations', 'seldom', 'call']

interface Scripts {
  /** What all calls run. A server whose memory is full refuses it. */
  readonly run: Script
  /** The same for calls that make room: it runs also where the memory is full. */
  readonly runWhenFull: Script
}

let scripts: Scripts | undefined

/** The scripts, which are read when they are first used: most processes have no Redis. */
export function theScripts(): Scripts {
  scripts ??= { run: script(''), runWhenFull: script(' flags=allow-oom') }
  return scripts
}
