import { mkdtempSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { LINES, type Line, NodeRed, type Options } from '../support/node-red.ts'
import { installPacked, type PackedUserDir } from '../support/packed.ts'
import { requires } from '../support/required.ts'
import { CHROMIUM, Editor, type View } from './editor.ts'

let packed: PackedUserDir | undefined

/** A user directory of its own, with the packed tarball installed. Packing it once is enough. */
function makeUserDir(): string {
  if (packed === undefined) {
    packed = installPacked()
    process.on('exit', packed.remove)
  }
  const userDir = mkdtempSync(join(tmpdir(), 'mqueue-browser-'))
  symlinkSync(join(packed.userDir, 'node_modules'), join(userDir, 'node_modules'), 'junction')
  return userDir
}

/** Starts a Node-RED with the packed tarball. */
export function startPacked(options: Options): Promise<NodeRed> {
  return NodeRed.start({ userDir: makeUserDir(), flows: [], ...options })
}

/** What the tests of a suite share: the Node-RED and its editor, in a browser. */
export interface InEditor {
  nodeRed: NodeRed
  editor: Editor
}

/** Describes what the editor does, in each line of Node-RED that is promised. */
export function describeEditor(
  title: string,
  describeIt: (shared: InEditor) => void,
  {
    view,
    lines = Object.keys(LINES) as Line[],
    ...options
  }: Options & { view?: View; lines?: Line[] } = {},
): void {
  for (const line of lines) {
    describe(`${title}, in the editor of Node-RED ${line}`, function () {
      this.timeout(60_000)
      requires(CHROMIUM !== undefined, 'apt-get install chromium')
      const shared = {} as InEditor
      before(async () => {
        shared.nodeRed = await startPacked({ line, ...options })
        shared.editor = await Editor.open(shared.nodeRed.url, view)
      })
      after(async () => {
        await shared.editor?.close()
        await shared.nodeRed?.stop()
      })
      describeIt(shared)
    })
  }
}
