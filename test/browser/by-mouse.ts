import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Hands } from '../examples/hands.ts'
import { NodeRed } from '../support/node-red.ts'
import type { InEditor } from './in-editor.ts'

/** Tries the flow that the editor shows, with its buttons and its debug sidebar. */
export class ByMouse implements Hands {
  readonly #shared: InEditor
  readonly #flow: string
  readonly #read = new Map<string, number>()

  constructor(shared: InEditor, flow: string) {
    this.#shared = shared
    this.#flow = flow
  }

  get url(): string {
    return this.#shared.nodeRed.url
  }

  async press(inject: string, times = 1): Promise<void> {
    for (let i = 0; i < times; i++) {
      await this.#shared.editor.inject(await this.#idOf('inject', inject))
    }
  }

  async next(debug: string): Promise<string> {
    const id = await this.#idOf('debug', debug)
    const index = this.#read.get(id) ?? 0
    this.#read.set(id, index + 1)
    const deadline = Date.now() + 60_000
    while (Date.now() < deadline) {
      const text = (await this.#shared.editor.debugged(id))[index]
      if (text !== undefined) return unquoted(text)
      await sleep(50)
    }
    throw new Error(`waited in vain for "${debug}" to show something`)
  }

  async status(debug: string): Promise<string> {
    const id = await this.#idOf('debug', debug)
    return this.#shared.editor.value(`RED.nodes.node(${JSON.stringify(id)}).status?.text ?? ''`)
  }

  async crash(): Promise<void> {
    const { nodeRed, editor } = this.#shared
    const { line, userDir, url } = nodeRed
    await nodeRed.stop({ signal: 'SIGKILL', keep: true })
    this.#shared.nodeRed = await NodeRed.start({ line, userDir, port: Number(new URL(url).port) })
    await editor.visit(url)
    await editor.show(this.#flow)
    this.#read.clear()
  }

  async #idOf(type: string, name: string): Promise<string> {
    const query = JSON.stringify({ z: this.#flow, type })
    const id = await this.#shared.editor.value<string | undefined>(
      `RED.nodes.filterNodes(${query}).find(({ name }) => name === ${JSON.stringify(name)})?.id`,
    )
    assert.ok(id, `no ${type} node is called "${name}"`)
    return id
  }
}

/** The sidebar shows a text in quotes. */
function unquoted(text: string): string {
  return text.replace(/^"(.*)"$/s, '$1')
}
