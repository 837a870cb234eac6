import { mkdtempSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser } from 'playwright-core'
import { LINES, type Line, NodeRed, type Options } from '../support/node-red.ts'
import { installPacked, type PackedUserDir } from '../support/packed.ts'
import { requires } from '../support/required.ts'
import { CHROMIUM, Editor, startBrowser, type View } from './editor.ts'

let packed: PackedUserDir | undefined

/** Its own user directory, with the packed tarball installed. Packing it once is enough. */
function makeUserDir(): string {
  if (packed === undefined) {
    packed = installPacked()
    process.on('exit', packed.remove)
  }
  const userDir = mkdtempSync(join(tmpdir(), 'mqueue-browser-'))
  symlinkSync(join(packed.userDir, 'node_modules'), join(userDir, 'node_modules'), 'junction')
  return userDir
}

/** The browser of all suites: each editor is apart from the others in it, and a start costs seconds. */
let browser: Promise<Browser> | undefined
after(async () => (await browser)?.close())

async function start(): Promise<Browser> {
  const started = await startBrowser()
  // Should it crash, the next suite has another one.
  started.on('disconnected', () => {
    browser = undefined
  })
  return started
}

/** What the tests of a suite share: the Node-RED and its editor, in a browser. */
export interface InEditor {
  nodeRed: NodeRed
  editor: Editor
}

interface Test {
  name: string
  body: () => Promise<void>
  outcome: PromiseWithResolvers<void>
}

type DescribeIt = (shared: InEditor, it: (name: string, body: () => Promise<void>) => void) => void

/** The tests of a suite on one line of Node-RED, one after the other. */
class Run {
  readonly tests: Test[] = []
  readonly #shared = {} as InEditor
  readonly #options: Options & { view?: View }
  #ended: Promise<void> | undefined

  constructor(describeIt: DescribeIt, options: Options & { view?: View }) {
    this.#options = options
    describeIt(this.#shared, (name, body) => {
      const outcome = Promise.withResolvers<void>()
      outcome.promise.catch(() => {})
      this.tests.push({ name, body, outcome })
    })
  }

  start(): void {
    this.#ended = this.#run()
  }

  async #run(): Promise<void> {
    const { view, ...options } = this.#options
    try {
      this.#shared.nodeRed = await NodeRed.start({ userDir: makeUserDir(), flows: [], ...options })
      browser ??= start()
      this.#shared.editor = await Editor.open(this.#shared.nodeRed.url, view, await browser)
    } catch (error) {
      for (const { outcome } of this.tests) outcome.reject(error)
      return
    }
    for (const { body, outcome } of this.tests) await body().then(outcome.resolve, outcome.reject)
  }

  async stop(): Promise<void> {
    await this.#ended
    await this.#shared.editor?.close()
    await this.#shared.nodeRed?.stop()
  }
}

/**
 * Describes what the editor does, in each line of Node-RED that is promised. The lines run side by
 * side, since most of the time is spent on waiting for animations.
 */
export function describeEditor(
  title: string,
  describeIt: DescribeIt,
  {
    lines = Object.keys(LINES) as Line[],
    ...options
  }: Options & { view?: View; lines?: Line[] } = {},
): void {
  describe(title, function () {
    // The first test waits until the package is installed and the editor is there, however busy the machine is.
    this.timeout(180_000)
    requires(CHROMIUM !== undefined, 'apt-get install chromium')
    const runs = lines.map((line) => ({ line, run: new Run(describeIt, { line, ...options }) }))
    before(() => {
      for (const { run } of runs) run.start()
    })
    after(() => Promise.all(runs.map(({ run }) => run.stop())))
    for (const { line, run } of runs) {
      describe(`in the editor of Node-RED ${line}`, () => {
        for (const { name, outcome } of run.tests) it(name, () => outcome.promise)
      })
    }
  })
}
