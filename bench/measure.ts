import { fork } from 'node:child_process'
import { join } from 'node:path'

export const ROUNDS = Math.max(5, Number(process.argv[2] ?? 7))

export interface Row {
  figure: string
  median: number
  unit: string
  required: string
  reached: boolean
  rounds: number[]
}

/** Runs a file of this folder in a fresh process, and gives what it tells. */
export function run<T>(
  file: string,
  argument: string,
  env: Record<string, string> = {},
  more: string[] = [],
): Promise<T> {
  return new Promise((resolve, reject) => {
    const execArgv = ['--expose-gc', '--disable-warning=ExperimentalWarning']
    const child = fork(join(import.meta.dirname, file), [argument, ...more], {
      execArgv,
      silent: true,
      env: { ...process.env, ...env },
    })
    let answer: T | undefined
    let output = ''
    child.stdout?.on('data', (chunk) => {
      output += chunk
    })
    child.stderr?.on('data', (chunk) => {
      output += chunk
    })
    child.on('message', (message) => {
      answer = message as T
    })
    child.on('exit', (code) => {
      if (answer === undefined)
        reject(new Error(`${file} ${argument} ended with ${code}:\n${output}`))
      else resolve(answer)
    })
  })
}

function median(values: number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  const upper = sorted[middle] as number
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] as number) + upper) / 2
}

/** Plays all cases in turn, and that ROUNDS times. */
export async function measure<T>(
  cases: Record<string, () => Promise<T>>,
): Promise<Record<string, T[]>> {
  const results: Record<string, T[]> = {}
  for (let round = 0; round < ROUNDS; round++) {
    for (const [name, play] of Object.entries(cases)) {
      results[name] ??= []
      results[name].push(await play())
    }
  }
  return results
}

export const rows: Row[] = []
/** Prints a figure, the median of its rounds, and keeps it for results.json. */
export function report(
  figure: string,
  rounds: number[],
  unit: string,
  limit: { min?: number; max?: number },
) {
  const value = median(rounds)
  const reached = value >= (limit.min ?? -Infinity) && value <= (limit.max ?? Infinity)
  const required =
    limit.min !== undefined
      ? `at least ${limit.min}`
      : limit.max !== undefined
        ? `at most ${limit.max}`
        : 'measured'
  rows.push({ figure, median: value, unit, required, reached, rounds })
  const shown = `${value.toFixed(value > 1000 ? 0 : 2)} ${unit}`
  console.log(`${reached ? 'ok ' : 'NO '} ${figure.padEnd(66)} ${shown.padStart(18)}  ${required}`)
}

export const ratios = (a: number[], b: number[]) => a.map((value, i) => value / (b[i] as number))
