/** What can be asked of the bench. */

/** Measures the figures of one part, in so many rounds. */
export type Part = (rounds: number) => Promise<void>

/** A part is loaded when its turn comes, since some need what only the bench installs. */
export const PARTS = {
  flows: async () => (await import('./parts/flows.ts')).default,
  links: async () => (await import('./parts/links.ts')).default,
  engine: async () => (await import('./parts/engine.ts')).default,
  journal: async () => (await import('./parts/journal.ts')).default,
  disk: async () => (await import('./parts/disk.ts')).default,
  load: async () => (await import('./parts/load.ts')).default,
  changes: async () => (await import('./parts/changes.ts')).default,
  saves: async () => (await import('./parts/saves.ts')).default,
  start: async () => (await import('./parts/start.ts')).default,
  consumers: async () => (await import('./parts/consumers.ts')).default,
  counters: async () => (await import('./parts/counters.ts')).default,
  overview: async () => (await import('./parts/overview.ts')).default,
  before: async () => (await import('./parts/before.ts')).default,
  redis: async () => (await import('./parts/redis.ts')).default,
  rpc: async () => (await import('./parts/rpc.ts')).default,
} satisfies Record<string, () => Promise<Part>>

export type PartName = keyof typeof PARTS

const USAGE = `Usage: npm run bench [-- rounds [part…]]
  rounds  how often each figure is measured, 5 unless it is said; some need fewer or more
  part    one or several of ${Object.keys(PARTS).join(', ')}; all unless it is said`

/** Reads the arguments. Ends the process with 2 and a text when they make no sense. */
export function readArguments([count = '5', ...names]: string[]): {
  rounds: number
  parts: PartName[]
} {
  const rounds = Number(count)
  if (!Number.isInteger(rounds) || rounds < 1)
    refuse(`The number of rounds cannot be "${count}". Give an integer from 1 on.`)
  for (const name of names) if (!Object.hasOwn(PARTS, name)) refuse(`There is no part "${name}".`)
  const parts = names.length > 0 ? names : Object.keys(PARTS)
  return { rounds, parts: parts as PartName[] }
}

function refuse(text: string): never {
  console.error(`${text}\n${USAGE}`)
  process.exit(2)
}
