/** The table of figures. */

/** What a figure must reach. Without a limit it is only reported. */
export interface Limit {
  min?: number
  max?: number
}

export interface Row {
  figure: string
  /** Absent when the figure could not be measured. */
  median?: number
  unit: string
  required: string
  reached: boolean
  rounds: number[]
  /** Why it could not be measured. */
  reason?: string
}

export const rows: Row[] = []

function requirement({ min, max }: Limit): string {
  if (min !== undefined) return `at least ${min}`
  return max === undefined ? '' : `at most ${max}`
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  const upper = sorted[middle] as number
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] as number) + upper) / 2
}

/** Prints a figure, the median of its rounds, and keeps it for results.json. */
export function report(figure: string, rounds: number[], unit: string, limit: Limit = {}): void {
  const value = median(rounds)
  const reached = value >= (limit.min ?? -Infinity) && value <= (limit.max ?? Infinity)
  rows.push({ figure, median: value, unit, required: requirement(limit), reached, rounds })
  print(figure, `${value.toFixed(Math.abs(value) >= 1000 ? 0 : 2)} ${unit}`, limit, reached)
}

/** Prints that a figure could not be measured. One with a limit counts as not reached. */
export function notMeasured(figure: string, reason: string, limit: Limit = {}): void {
  const reached = requirement(limit) === ''
  rows.push({ figure, unit: '', required: requirement(limit), reached, rounds: [], reason })
  print(figure, 'not measured', limit, reached)
  console.log(`    ${reason}`)
}

function print(figure: string, shown: string, limit: Limit, reached: boolean): void {
  const required = requirement(limit)
  const mark = required === '' ? '   ' : reached ? 'ok ' : 'NO '
  console.log(`${mark} ${figure.padEnd(70)} ${shown.padStart(16)}  ${required}`.trimEnd())
}
