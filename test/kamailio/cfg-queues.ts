/** What a real Kamailio makes of a configuration: the queues it has, and how they behave. */
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { QueueDefinition } from '../../src/index.ts'
import { freePort } from '../support/free-port.ts'

/** A queue, as Kamailio's log and its functions show it. */
export interface Seen {
  name: string
  dbmode: number
  /** How many of two items with one key stay, the value of the first, and how many of 40 stay. */
  behaviour?: string
}

/** Undefined where Kamailio refuses the configuration. */
export type Outcome = Seen[] | undefined

const ITEMS = 40
const NEEDED = ['pv', 'xlog', 'textops', 'mqueue']
/** The lines in front of every configuration. */
export const MODULES = ['pv', 'xlog', 'textops', 'mqueue']
  .map((name) => `loadmodule "${name}.so"\n`)
  .join('')

/** How a queue that is defined like this must behave. */
export function behaviourOf({ size, addmode }: QueueDefinition): string {
  const pair = addmode === 0 && size !== 1 ? '2 first' : addmode === 1 ? '1 first' : '1 second'
  return `${pair} ${size === 0 ? ITEMS : Math.min(size, ITEMS)}`
}

/**
 * Starts a Kamailio with a configuration, has it try the queues that should be there, and kills it.
 *
 * @param body the part of the configuration that defines the queues
 * @param names the queues to try
 * @param env what the environment holds besides
 */
export async function queuesOf(
  body: string,
  names: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Promise<Outcome> {
  const { log, code } = await started(body, names, env)
  if (log.includes('tried all\n')) return seenIn(log)
  // A queue with dbmode 3 and no database makes it crash on its way out.
  if (code === 255 || log.includes('bad config file')) return undefined
  throw new Error(`Kamailio neither starts nor refuses:\n${log}`)
}

/** What Kamailio logs until all queues are tried, or it gives up. */
async function started(
  body: string,
  names: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<{ log: string; code: number | null }> {
  const dir = mkdtempSync(join(tmpdir(), 'mqueue-cfg-'))
  try {
    const file = join(dir, 'kamailio.cfg')
    writeFileSync(file, whole(body, names), 'latin1')
    return await run(file, dir, env)
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}

/** The file that Kamailio fails to open as the database, with a queue that needs one. */
export async function databaseOf(body: string): Promise<string | undefined> {
  const { log } = await started(body, [], {})
  return /failed to open sqlite database '(.*)'$/m.exec(log)?.[1]
}

/** A configuration that Kamailio starts with, and that tries the queues. */
function whole(body: string, names: readonly string[]): string {
  // In front of the body, whose substitutions would apply to it.
  if (!body.includes('request_route')) {
    return `#!KAMAILIO\n${MODULES}request_route { exit; }\n${trial(names)}${body}\n`
  }
  const loaded = [...body.matchAll(/^loadmodule "(\w+)/gm)].map(([, name]) => name)
  const modules = NEEDED.filter((name) => !loaded.includes(name))
  // We ask for our own log, and for another port.
  const quiet = body.replace(/^(debug|log_stderror|port|listen|children|fork)=.*$/gm, '')
  return `#!KAMAILIO\n${modules.map(loading).join('')}${quiet}\n${trial(names)}`
}

function loading(name: string): string {
  return `loadmodule "${name}.so"\n`
}

function trial(names: readonly string[]): string {
  const tries = names.map((name) => {
    const add = (key: string, value: string) => `mq_add("${name}", "${key}", "${value}");`
    return `  ${add('same', 'first')} ${add('same', 'second')}
  $var(n) = $mq_size(${name}); mq_fetch("${name}"); $var(v) = $mqv(${name});
  while (mq_fetch("${name}")) { $var(i) = 0; }
  $var(i) = 0;
  while ($var(i) < ${ITEMS}) { ${add('k$var(i)', 'v')} $var(i) = $var(i) + 1; }
  xlog("L_ERR", "tried ${name}: $var(n) $var(v) $mq_size(${name})\\n");`
  })
  return `event_route[core:worker-one-init] {
${tries.join('\n')}
  xlog("L_ERR", "tried all\\n");
}
`
}

async function run(
  file: string,
  dir: string,
  env: NodeJS.ProcessEnv,
): Promise<{ log: string; code: number | null }> {
  const port = await freePort()
  const where = ['-l', `udp:127.0.0.1:${port}`, '-Y', dir, '-w', dir]
  const small = ['-n', '1', '-T', '-m', '16', '-M', '4']
  const child = spawn('kamailio', ['-f', file, '-DD', '-E', '--debug=2', ...where, ...small], {
    stdio: ['ignore', 'ignore', 'pipe'],
    // Its own process group: whatever happens to the main process, no worker stays behind.
    detached: true,
    env: { ...process.env, ...env },
  })
  const killAll = () => {
    try {
      process.kill(-(child.pid as number), 'SIGKILL')
    } catch {
      // It has ended already.
    }
  }
  process.on('exit', killAll)
  const timer = setTimeout(killAll, 10_000)
  let log = ''
  child.stderr.setEncoding('latin1').on('data', (part: string) => {
    log += part
    if (log.includes('tried all\n')) killAll()
  })
  await new Promise((resolve) => child.on('close', resolve))
  clearTimeout(timer)
  process.off('exit', killAll)
  return { log, code: child.exitCode }
}

function seenIn(log: string): Seen[] {
  const behaviours = new Map(
    [...log.matchAll(/tried (.*): (\d+ \S+ \d+)$/gm)].map(([, name, rest]) => [name, rest]),
  )
  // Of a mqueue line the log shows dbmode and addmode, of a mqueue_name line the size.
  return [...log.matchAll(/mqueue param: \[(.*?)\|(-?\d+)(\|-?\d+)?\]$/gm)].map(
    ([, name = '', number, addmode]) => {
      const behaviour = behaviours.get(name)
      const dbmode = addmode === undefined ? 0 : Number(number)
      return { name, dbmode, ...(behaviour === undefined ? {} : { behaviour }) }
    },
  )
}
