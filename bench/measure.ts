import { fork } from 'node:child_process'
import { join } from 'node:path'

/** A process that takes longer hangs. */
const TIMEOUT = 300_000

/** Runs a file of `processes/` in a fresh process, sends it its task, and returns what it answers. */
export function run<T>(file: string, argument: unknown, env: Record<string, string> = {}) {
  return new Promise<T>((resolve, reject) => {
    const child = fork(join(import.meta.dirname, 'processes', file), {
      execArgv: ['--expose-gc', '--disable-warning=ExperimentalWarning'],
      silent: true,
      timeout: TIMEOUT,
      env: { ...process.env, ...env },
    })
    let answer: T | undefined
    let output = ''
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', (chunk) => {
        output += chunk
      })
    }
    child.on('message', (message) => {
      answer = message as T
    })
    child.on('error', reject)
    child.send(argument as object)
    child.on('close', (code, signal) => {
      if (answer !== undefined) resolve(answer)
      else reject(new Error(`${file} ended with ${code ?? signal}:\n${output}`))
    })
  })
}

/**
 * Plays all cases in turn, and that some rounds, every other one backwards, so that none is always the first: the
 * results of each case, one for each round.
 */
export async function measure<Name extends string, T>(
  rounds: number,
  cases: Record<Name, () => Promise<T>>,
): Promise<Record<Name, T[]>> {
  const names = Object.keys(cases) as Name[]
  const results = Object.fromEntries(names.map((name) => [name, []])) as unknown as Record<
    Name,
    T[]
  >
  for (let round = 0; round < rounds; round++) {
    const order = round % 2 === 0 ? names : names.toReversed()
    for (const name of order) results[name].push(await cases[name]())
  }
  return results
}

const pairwise = (combine: (a: number, b: number) => number) => (a: number[], b: number[]) =>
  a.map((value, i) => combine(value, b[i] as number))

/** Both between neighbours in time, so that what slows the machine slows both. */
export const ratios = pairwise((a, b) => a / b)
export const differences = pairwise((a, b) => a - b)
