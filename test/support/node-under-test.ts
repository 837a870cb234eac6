/**
 * The Node.js that Node-RED runs on in the tests: that of the tests, or the one that NODE_UNDER_TEST names. So the oldest
 * that is promised can be tried, which is too old for the tests themselves.
 */
import { execFileSync } from 'node:child_process'
import type { FlowNode } from './node-red.ts'

export const UNDER_TEST = process.env.NODE_UNDER_TEST || process.execPath

/** Whether the Node.js under test has the SQLite that queues are kept in, as Node.js 22.13 and later have. */
const HAS_SQLITE = UNDER_TEST === process.execPath || hasSqlite(versionOf(UNDER_TEST))

/**
 * The Node.js for a Node-RED with some flows: the one under test, where its lack of SQLite does not matter.
 *
 * @param flows those that it starts with. Where there are none, those that come later may need SQLite
 */
export function nodeFor(flows: readonly FlowNode[] = []): string {
  const canDoWithout = flows.length > 0 && !flows.some(usesSqlite)
  return HAS_SQLITE || canDoWithout ? UNDER_TEST : process.execPath
}

/** Whether a config node keeps queues in an SQLite file. */
export function usesSqlite({ type, queues, dbUrl }: FlowNode): boolean {
  if (type !== 'mqueue' || !Array.isArray(queues)) return false
  if (typeof dbUrl === 'string' && /^(postgres|mysql)/.test(dbUrl)) return false
  return queues.some(({ dbmode }) => Number(dbmode ?? 0) !== 0)
}

export function hasSqlite(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  return major > 22 || (major === 22 && minor >= 13)
}

function versionOf(node: string): string {
  return execFileSync(node, ['--version'], { encoding: 'utf8' }).trim().slice(1)
}
