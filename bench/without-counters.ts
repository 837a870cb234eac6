/** The package as it was built, and the same without its counters. */
import {
  cpSync,
  globSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { LocalEngine } from '../src/index.ts'
import { PROJECT } from '../test/support/node-red.ts'

/** Where a statement begins that counts: an addition to a counter, or a call of what does no more than count. */
const COUNTING =
  /this\.#count(?:ers\.(?:\w+(?:\.\w+)*|\w+\[[^\]]*\])(?:\+\+|--| [-+]?= [^;]*)|(?:ers\.\w+|[A-Z]\w*)(?=\());?/g
/** A condition, and nothing that depends on it: the statement was taken out. */
const CONDITION = /^ *if \([^\n]*\)\n *;\n(?! *else\b)/gm

/**
 * Copies the built package, so that both that are compared have been copied.
 *
 * @returns its directory, which the caller removes
 */
export function copyOfPackage(): string {
  const copy = mkdtempSync(join(tmpdir(), 'mqueue-bench-'))
  for (const part of ['package.json', 'dist', 'resources'])
    cpSync(join(PROJECT, part), join(copy, part), { recursive: true })
  symlinkSync(join(PROJECT, 'node_modules'), join(copy, 'node_modules'), 'junction')
  return copy
}

/**
 * Copies the built package without the statements that count what queues do.
 *
 * @throws Error when they are not where they are looked for, or when it counts still
 */
export async function copyWithoutCounters(): Promise<string> {
  const copy = copyOfPackage()
  try {
    let taken = 0
    for (const file of globSync(join(copy, 'dist/src/local/*.js'))) {
      const code = readFileSync(file, 'utf8')
      const { text, count } = withoutCounting(code)
      if (count > 0) writeFileSync(file, text)
      taken += count
    }
    if (taken === 0)
      throw new Error(
        'Nothing in dist/src/local counts in a way that is known here. Bring COUNTING up to date.',
      )
    if ((await fetchesCounted(PROJECT)) !== 2) throw new Error('What was built does not count.')
    if ((await fetchesCounted(copy)) !== 0) throw new Error('The copy still counts.')
    return copy
  } catch (error) {
    rmSync(copy, { recursive: true })
    throw error
  }
}

/** Takes out each statement that counts, with the conditions that stood for it alone. */
function withoutCounting(code: string): { text: string; count: number } {
  let text = ''
  let end = 0
  let count = 0
  for (const { 0: found, index } of code.matchAll(COUNTING)) {
    // It stands within a call that was taken out.
    if (index < end) continue
    text += `${code.slice(end, index)};`
    end = index + found.length
    if (code[end] === '(') end = endOfCall(code, end)
    count++
  }
  return { text: (text + code.slice(end)).replace(CONDITION, ''), count }
}

/** Where the statement ends whose arguments begin there. */
function endOfCall(code: string, start: number): number {
  let depth = 0
  for (let i = start; i < code.length; i++) {
    if (code[i] === '(') depth++
    else if (code[i] === ')' && --depth === 0) return code[i + 1] === ';' ? i + 2 : i + 1
  }
  throw new Error('A call of a counter does not end.')
}

/** How many items a queue of a built package counts that were fetched, or leased and acknowledged; two were. */
async function fetchesCounted(root: string): Promise<number> {
  const url = pathToFileURL(join(root, 'dist/src/index.js')).href
  const { MemoryEngine } = (await import(url)) as { MemoryEngine: new () => LocalEngine }
  const engine = new MemoryEngine()
  await engine.define([{ name: 'q', size: 2, addmode: 0, dbmode: 0 }])
  for (const key of ['a', 'b', 'c']) await engine.add('q', key, 1)
  await engine.fetch('q')
  const [taken] = await engine.take('q', { lease: 60_000 })
  await engine.acknowledge('q', [taken?.lease as string])
  const { fetched, acknowledged, dropped } = await engine.stats('q')
  await engine.close()
  if (Object.keys(dropped).length !== fetched) throw new Error('What is dropped is counted apart.')
  return fetched + acknowledged
}
