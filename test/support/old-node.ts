import { spawnSync } from 'node:child_process'
import { delimiter, join } from 'node:path'
import { isTooOld } from '../../nodes/right-node.ts'

const PLACES = [...(process.env.PATH ?? '').split(delimiter), '/usr/bin', '/usr/local/bin']

const found = [...new Set(PLACES)]
  .map((place) => join(place, 'node'))
  .map((file) => ({ file, version: versionOf(file) }))
  .find(({ version }) => version !== undefined && isTooOld(version))

/** A Node.js of the system that is too old for this package, and its version; undefined where there is none. */
export const OLD_NODE = found as { file: string; version: string } | undefined

function versionOf(file: string): string | undefined {
  const { stdout } = spawnSync(file, ['--version'], { encoding: 'utf8' })
  return /^v(\d+\.\d+\.\d+)/.exec(stdout ?? '')?.[1]
}
