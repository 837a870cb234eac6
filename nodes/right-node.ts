/**
 * What Node-RED calls to load a node. It loads `palette/` first, which is CommonJS: Node-RED 4.1 requires it, and no Node.js
 * before 22.12 lets an ES module be required. An older Node.js than is needed may not even be able to read the
 * other files, so nothing else is imported here. The others are imported once the version is known to be right.
 */
import type { NodeAPI, NodeInitializer } from 'node-red'

/** The oldest Node.js that the nodes run on, as `engines` in package.json has it. */
export const OLDEST = '22.9'

let isReported = false

/**
 * Loads a node.
 *
 * @param load imports the module of the node
 * @throws Error on a Node.js that is too old: with a sentence that says so, and for each further node in a few words, since
 *   Node-RED logs every one
 */
export async function onRightNode(
  RED: NodeAPI,
  load: () => Promise<{ default: NodeInitializer }>,
): Promise<void> {
  if (isTooOld(process.versions.node)) throw tooOld(process.versions.node)
  const { default: initialize } = await load()
  await initialize(RED)
}

/** Whether a version of Node.js comes before the oldest that the nodes run on. */
export function isTooOld(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const [oldestMajor = 0, oldestMinor = 0] = OLDEST.split('.').map(Number)
  return major < oldestMajor || (major === oldestMajor && minor < oldestMinor)
}

function tooOld(version: string): Error {
  const text = isReported
    ? `Not loaded: Node.js ${version} is too old.`
    : `The nodes of @mqueue/node-red-mqueue need Node.js ${OLDEST} or later, and this is Node.js ${version}. Install a newer Node.js, and start Node-RED again.`
  isReported = true
  return new Error(text)
}
